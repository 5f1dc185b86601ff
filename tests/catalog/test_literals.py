from __future__ import annotations

import contextlib
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.catalog.literals import merge, read_literals
from benchmark.errors import DeclarationError


def read(folder: Path, text: str) -> dict[str, Any]:
    path = folder / 'declared.py'
    path.write_text(text, encoding='utf-8')
    return read_literals(path)


def test_literals_dict_calls_and_earlier_names_are_read(tmp_path: Path) -> None:
    text = '''"""A docstring."""
side = 224
size = (side, -side)
task = dict(name='x', size=size, rate=1e-3, flag=True, nothing=None, words=['a', ("b",)], d={0: 1})
'''
    found = read(tmp_path, text)
    assert found['task'] == {
        'name': 'x',
        'size': (224, -224),
        'rate': 1e-3,
        'flag': True,
        'nothing': None,
        'words': ['a', ('b',)],
        'd': {0: 1},
    }
    assert set(found) == {'side', 'size', 'task'}


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=['Cs']))
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text('abc_', min_size=1).filter('_delete_'.__ne__), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(_VALUES)
def test_every_nested_literal_survives_with_its_type(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    found = read(tmp_path_factory.getbasetemp(), f'x = {value!r}\n')['x']
    assert repr(found) == repr(value)


@pytest.mark.parametrize(
    'expression',
    [
        'open("marker", "w")',
        '__import__("os")',
        'os.environ',
        '"a".upper()',
        'dict.fromkeys("ab")',
        'dict([("a", 1)])',
        'dict(**other)',
        '{**other}',
        '[*other]',
        '(*other,)',
        '[i for i in "ab"]',
        '{i for i in "ab"}',
        '{i: i for i in "ab"}',
        'tuple(i for i in "ab")',
        'f"{other}"',
        'lambda: 1',
        '1 + 1',
        '"a" * 10',
        'not True',
        '-"a"',
        '-True',
        '1 if True else 2',
        'True and False',
        'other["a"]',
        '{1, 2}',
        'b"bytes"',
        '1j',
        '...',
        'unknown_name',
        '(y := 1)',
        '{[1]: 2}',
        '{None: 2}',
    ],
)
def test_what_is_no_literal_is_refused_at_its_line_and_never_run(
    tmp_path: Path, expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DeclarationError, match=r'declared\.py:3: .* is not a literal') as caught:
        read(tmp_path, f'other = dict(a=1)\n\nx = {expression}\n')
    assert '\n' not in str(caught.value)
    assert not Path('marker').exists()


@pytest.mark.parametrize(
    'statement',
    [
        'import os',
        'from os import path',
        'def f(): pass',
        'class C: pass',
        'for x in (): pass',
        'if True: x = 1',
        'while False: pass',
        'with open("marker", "w"): pass',
        'x: int = 1',
        'x += 1',
        'x = y = 1',
        'x, y = 1, 2',
        'x.y = 1',
        'x["a"] = 1',
        'del x',
        'assert True',
        'raise SystemExit',
        'open("marker", "w")',
        '1',
        'exec("1")',
    ],
)
def test_a_statement_that_is_no_assignment_is_refused_at_its_line(
    tmp_path: Path, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DeclarationError, match=r'declared\.py:2: only assignments of literals'):
        read(tmp_path, f'x = dict(a=1)\n{statement}\n')
    assert not Path('marker').exists()


@pytest.mark.parametrize('text', ['x = dict(lr=1,\n lr=2)', "x = {'lr': 1,\n 'lr': 2}"])
def test_a_key_given_twice_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DeclarationError, match=r"declared\.py:2: key 'lr' is given twice"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    'content',
    [b'x = (', b'x = 1\n  y = 2', b'\xff\xfe', b'x = 1\0', b'x = ' + b'-' * 50_000 + b'1'],
)
def test_a_file_that_is_no_python_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'broken.py'
    path.write_bytes(content)
    with pytest.raises(DeclarationError, match=r'broken\.py: not a valid declaration') as caught:
        read_literals(path)
    assert '\n' not in str(caught.value)


def test_a_missing_file_and_a_folder_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r'nothing\.py: cannot be read \(No such file'):
        read_literals(tmp_path / 'nothing.py')
    with pytest.raises(DeclarationError, match='cannot be read'):
        read_literals(tmp_path)


class TestInheritance:
    def test_dictionaries_merge_key_by_key_and_the_rest_is_replaced(self, tmp_path: Path) -> None:
        (tmp_path / 'base.py').write_text(
            "task = dict(a=1, options=dict(x=1, y=2), names=('p', 'q'))\nkept = 3\n"
        )
        found = read(
            tmp_path,
            "_base_ = 'base.py'\ntask = dict(b=2, options=dict(y=3), names=('r',))\n",
        )
        assert found == {
            'task': {'a': 1, 'b': 2, 'options': {'x': 1, 'y': 3}, 'names': ('r',)},
            'kept': 3,
        }

    def test_later_bases_win_and_paths_are_relative_to_the_file(self, tmp_path: Path) -> None:
        (tmp_path / 'deep').mkdir()
        (tmp_path / 'deep' / 'root.py').write_text('x = dict(a=1, b=1, c=1)')
        (tmp_path / 'deep' / 'one.py').write_text("_base_ = 'root.py'\nx = dict(a=2, b=2)")
        (tmp_path / 'two.py').write_text('x = dict(b=3)')
        found = read(tmp_path, "_base_ = ('deep/one.py', 'two.py')\n")
        assert found == {'x': {'a': 2, 'b': 3, 'c': 1}}

    def test_delete_replaces_what_is_inherited(self, tmp_path: Path) -> None:
        (tmp_path / 'base.py').write_text('x = dict(inner=dict(a=1), other=1)')
        found = read(tmp_path, "_base_ = 'base.py'\nx = dict(inner=dict(_delete_=True, b=2))\n")
        assert found == {'x': {'inner': {'b': 2}, 'other': 1}}

    def test_delete_leaves_no_trace_where_nothing_is_inherited(self, tmp_path: Path) -> None:
        assert read(tmp_path, 'x = dict(a=dict(_delete_=True, b=dict(_delete_=True)))') == {
            'x': {'a': {'b': {}}}
        }

    @pytest.mark.parametrize('chain', [('declared',), ('a', 'declared'), ('a', 'b', 'a')])
    def test_a_circle_is_refused(self, tmp_path: Path, chain: tuple[str, ...]) -> None:
        for name, base in itertools.pairwise(chain):
            (tmp_path / f'{name}.py').write_text(f"_base_ = '{base}.py'\n")
        with pytest.raises(DeclarationError, match='_base_ refers back to the file itself'):
            read(tmp_path, f"_base_ = '{chain[0]}.py'\n")

    def test_the_same_base_twice_is_no_circle(self, tmp_path: Path) -> None:
        (tmp_path / 'root.py').write_text('x = dict(a=1)')
        for name in ('one', 'two'):
            (tmp_path / f'{name}.py').write_text("_base_ = 'root.py'")
        assert read(tmp_path, "_base_ = ('one.py', 'two.py')") == {'x': {'a': 1}}

    def test_a_missing_base_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(DeclarationError, match=r'gone\.py: cannot be read'):
            read(tmp_path, "_base_ = 'gone.py'")

    @pytest.mark.parametrize('bases', ['3', 'None', "('a.py', 1)", "dict(a='a.py')"])
    def test_a_base_that_is_no_file_is_refused(self, tmp_path: Path, bases: str) -> None:
        with pytest.raises(DeclarationError, match=r'declared\.py: _base_ is .*must be a file'):
            read(tmp_path, f'_base_ = {bases}')


def test_merge_changes_neither_of_its_arguments() -> None:
    base, changes = {'a': {'b': 1}}, {'a': {'c': {'d': 2}}}
    merged = merge(base, changes)
    merged['a']['c']['d'] = 9
    assert (base, changes) == ({'a': {'b': 1}}, {'a': {'c': {'d': 2}}})


def test_the_refusal_shows_only_the_start_of_a_long_expression(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError) as caught:
        read(tmp_path, f'x = f({", ".join("a" * 20 for _ in range(50))})')
    assert len(re.sub(r'^.*declared\.py', '', str(caught.value))) < 250


@pytest.mark.parametrize(
    'text',
    ['a = ' + '-' * 900 + '1', 'a = ' + '[' * 90 + ']' * 90 + '\nb = ' + '(' * 150 + ')' * 150],
)
def test_depth_ends_in_one_line_or_is_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text(text)
    with contextlib.suppress(DeclarationError):
        read_literals(path)


def test_names_in_names_in_names_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    lines = ["a0 = ('x',) ", *(f'a{n + 1} = ({", ".join([f"a{n}"] * 10)})' for n in range(9))]
    path.write_text('\n'.join(lines))
    with pytest.raises(DeclarationError, match='written out, more than 100000 values'):
        read_literals(path)
    path.write_text('\n'.join(lines[:4]))
    assert len(read_literals(path)['a3']) == 10
