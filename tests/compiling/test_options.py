from __future__ import annotations

from typing import Any

import pytest

from benchmark.compiling import apply_options, compile_config, localise, parse_options
from benchmark.errors import DeclarationError
from tests.support.compiling_cells import cell


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('1e-4', 1e-4),
        ('3', 3),
        ('-2', -2),
        ('True', True),
        ('true', True),
        ('False', False),
        ('none', None),
        ('None', None),
        ('[1, 2]', [1, 2]),
        ('(1, 2)', (1, 2)),
        ("{'a': 1}", {'a': 1}),
        ('AdamW', 'AdamW'),
        ("'3'", '3'),
        ('a=b', 'a=b'),
        ('', ''),
        ('__import__("os").getcwd()', '__import__("os").getcwd()'),
    ],
)
def test_values_are_literals_or_text(text: str, value: object) -> None:
    (found,) = parse_options([f'a.b={text}']).items()
    assert found == ('a.b', value)
    assert type(found[1]) is type(value)


@pytest.mark.parametrize('text', ['a.b', '=1', ''])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(DeclarationError, match='must be KEY=VALUE'):
        parse_options([text])


@pytest.mark.parametrize('value', ['1e999', '{1, 2}', "b'x'", '1j'])
def test_what_is_no_plain_data_is_refused(value: str) -> None:
    with pytest.raises(DeclarationError, match=r"^--cfg-options 'a=.*': a value is a number") as e:
        parse_options([f'a={value}'])
    assert '\n' not in str(e.value)


CONFIG: dict[str, Any] = {
    'a': {'b': {'c': 1}},
    'list': [{'x': 1}, {'x': 2}, 'text'],
    'tuple': (1, 2),
    'number': 3,
}


@pytest.mark.parametrize(
    ('key', 'value', 'place'),
    [
        ('a.b.c', 2, lambda c: c['a']['b']['c']),
        ('a.b.new', 2, lambda c: c['a']['b']['new']),
        ('new', {'deep': 1}, lambda c: c['new']),
        ('list.1.x', 5, lambda c: c['list'][1]['x']),
        ('list.2', 'other', lambda c: c['list'][2]),
        ('list.-1', 'other', lambda c: c['list'][2]),
        ('tuple', (3,), lambda c: c['tuple']),
    ],
)
def test_a_place_is_set_and_nothing_else(key: str, value: object, place: Any) -> None:
    changed = apply_options(CONFIG, {key: value})
    assert place(changed) == value
    assert CONFIG == {
        'a': {'b': {'c': 1}},
        'list': [{'x': 1}, {'x': 2}, 'text'],
        'tuple': (1, 2),
        'number': 3,
    }
    rest = [name for name in CONFIG if name != key.partition('.')[0]]
    assert all(changed[name] == CONFIG[name] for name in rest)


@pytest.mark.parametrize(
    ('key', 'part'),
    [
        ('a.bb.c', r"nothing at 'bb', there is \['b'\]"),
        ('x.y', "nothing at 'x'"),
        ('list.3', "nothing at '3', there is a list"),
        ('list.x', "nothing at 'x', there is a list"),
        ('list.3.x', "nothing at '3', there is a list"),
        ('tuple.0', "nothing at '0', there is a tuple"),
        ('number.0', "nothing at '0', there is a int"),
        ('list.2.0', "nothing at '0', there is a str"),
        ('a..c', "nothing at ''"),
    ],
)
def test_an_unknown_place_is_refused(key: str, part: str) -> None:
    with pytest.raises(DeclarationError, match=part) as caught:
        apply_options(CONFIG, {key: 1})
    assert f"--cfg-options '{key}'" in str(caught.value)
    assert '\n' not in str(caught.value)


NUMBERS: dict[str, Any] = {
    'lr': 0.1, 'decay': 0, 'batch_size': 4, 'flag': True, 'name': 'x', 'none': None, 'list': [1]
}  # fmt: skip


@pytest.mark.parametrize(
    ('key', 'value', 'wanted'),
    [
        ('lr', 'fast', 'a number, as 0.1'),
        ('lr', True, 'a number, as 0.1'),
        ('lr', None, 'a number, as 0.1'),
        ('decay', [1], 'a number, as 0'),
        ('batch_size', 2.5, 'a whole number, as 4'),
        ('flag', 1, 'True or False, as True'),
        ('list.0', 'one', 'a number, as 1'),
    ],
)
def test_another_type_than_the_number_it_replaces_is_refused(
    key: str, value: object, wanted: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        apply_options(NUMBERS, {key: value})
    assert str(caught.value) == f"--cfg-options '{key}' is {value!r}: must be {wanted}"


@pytest.mark.parametrize(
    ('key', 'value'),
    [('lr', 1), ('decay', 0.05), ('batch_size', 8), ('flag', False), ('name', 3), ('none', 2)],
)
def test_numbers_in_the_place_of_numbers_pass(key: str, value: object) -> None:
    assert apply_options(NUMBERS, {key: value})[key] == value


def test_a_part_that_two_places_share_changes_in_one_only() -> None:
    shared = {'x': 1}
    changed = apply_options({'one': shared, 'other': shared}, {'one.x': 2})
    assert changed == {'one': {'x': 2}, 'other': {'x': 1}}


def test_training_data_change_without_the_test_data() -> None:
    key = 'train_dataloader.dataset.data_prefix.img'
    changed = apply_options(compile_config(cell('detection')), {key: 'other/'})
    assert changed['train_dataloader']['dataset']['data_prefix'] == {'img': 'other/'}
    assert changed['test_dataloader']['dataset']['data_prefix'] == {'img': 'images/'}


def test_later_options_are_applied_over_earlier_ones() -> None:
    assert apply_options({}, {'a': {'b': 1}, 'a.b': 2}) == {'a': {'b': 2}}


def test_localise_replaces_inside_strings_and_keeps_types() -> None:
    config = {'a': ('{data}/x', ['{work}', 3]), 'b': {'{data}': None}, 'c': (1, (2, '{data}'))}
    found = localise(config, {'{data}': '/d', '{work}': '/w'})
    assert found == {'a': ('/d/x', ['/w', 3]), 'b': {'{data}': None}, 'c': (1, (2, '/d'))}
    assert isinstance(found['c'][1], tuple)
    assert isinstance(found['a'][1], list)
    assert config['a'][0] == '{data}/x'
