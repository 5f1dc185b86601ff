from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import benchmark
from benchmark.compiling import (
    compile_config,
    compile_probe,
    fingerprint_of,
    identity,
    library_versions,
    numerics_of,
)
from benchmark.errors import DataError, DeclarationError
from benchmark.hashing import file_hash
from benchmark.results.identity import parts_of
from benchmark.specs import Backbone
from tests.support.compiling_cells import PRETRAINED, SAMPLES, cell

MARKS: dict[str, Any] = {
    'weights': 'a' * 64,
    'manifest': 'b' * 64,
    'task_version': 1,
    'numerics': {'training': 1},
}


def mark(config: dict[str, Any] | None = None, **changes: Any) -> str:
    return fingerprint_of(config or compile_config(cell()), **{**MARKS, **changes})


class TestWhatChangesIt:
    @pytest.mark.parametrize(
        'changes',
        [
            {'weights': 'c' * 64},
            {'weights': None},
            {'manifest': 'c'},
            {'task_version': 2},
            {'numerics': {'training': 2}},
        ],
    )
    def test_weights_data_and_version_of_the_task(self, changes: dict[str, Any]) -> None:
        assert mark(**changes) != mark()

    def test_weights_and_manifest_are_not_interchangeable(self) -> None:
        assert mark(weights='x', manifest='y') != mark(weights='y', manifest='x')

    @pytest.mark.parametrize(('source', 'counts'), [('hf:a/b', True), ('timm:a', False)])
    def test_the_version_of_transformers_where_it_takes_part(
        self, source: str, counts: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = compile_config(cell(backbone=Backbone('b', source, is_random=True)))
        marks = set()
        for version in ('4.56.0', '5.0.0'):
            found = {'transformers': version}
            monkeypatch.setattr(identity, '_version', lambda name, found=found: found.get(name))
            marks.add(mark(config, source=source))
        assert len(marks) == (2 if counts else 1)

    def test_the_seed(self) -> None:
        assert mark(compile_config(cell(seed=8))) != mark()

    @pytest.mark.parametrize(
        'change', [{'lr': 1e-3}, {'drop_path': 0.2}, {'layer_decay': 0.5}, {'iterations': 999}]
    )
    def test_any_number_of_the_recipe(self, change: dict[str, Any]) -> None:
        changed = compile_config(cell('segmentation', 'plain-vit', 'finetune', change))
        assert mark(changed) != mark()

    def test_the_protocol_and_the_architecture(self) -> None:
        marks = {
            mark(compile_config(cell('segmentation', architecture, protocol)))
            for architecture in ('plain-vit', 'convnet')
            for protocol in ('finetune', 'frozen')
        }
        assert len(marks) == 4

    def test_random_and_pretrained_weights_differ(self) -> None:
        random = Backbone(id='mine', source='timm:some_net', is_random=True)
        published = Backbone(id='mine', source='timm:some_net')
        assert mark(compile_config(cell(backbone=random)), weights=None) != mark(
            compile_config(cell(backbone=published)), weights=None
        )

    def test_a_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = mark()
        versions = {**library_versions(), 'torch': '0.0.1'}
        monkeypatch.setattr(identity, 'library_versions', lambda source: versions)
        assert mark() != before


class TestWhatDoesNot:
    def test_where_the_weights_lie_and_how_the_backbone_is_called(self) -> None:
        moved = replace(PRETRAINED, id='other', checkpoint=Path('/elsewhere/v.pth'), title='X')
        assert mark(compile_config(cell(backbone=moved))) == mark()

    def test_where_the_declaration_lies_and_its_prose(self) -> None:
        task = cell().task
        other = replace(task, path=Path('/else.py'), title='T', citation='C', origin='O')
        assert mark(compile_config(cell(other))) == mark()

    def test_the_order_of_keys(self) -> None:
        def turned(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: turned(value[key]) for key in reversed(value)}
            return [turned(item) for item in value] if isinstance(value, list) else value

        config = compile_config(cell())
        assert list(turned(config)) != list(config)
        assert mark(turned(config)) == mark(config)

    def test_the_environment(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        before = mark()
        monkeypatch.setenv('TBENCH_DATA', str(tmp_path))
        monkeypatch.chdir(tmp_path)
        assert mark() == before

    def test_asking_twice(self) -> None:
        config = compile_config(cell())
        untouched = deepcopy(config)
        assert mark(config) == mark(config)
        assert config == untouched


def numerics(kind: str, protocol: str, source: str = 'timm:some_net') -> dict[str, int]:
    made = cell(kind, 'plain-vit', protocol)
    probes = protocol in ('knn', 'linear', 'linear-fixed')
    config = compile_probe(made) if probes else compile_config(made)
    return numerics_of(config, kind=kind, protocol=protocol, source=source)


class TestNumerics:
    def test_a_new_release_changes_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = mark()
        monkeypatch.setattr(benchmark, '__version__', '99.0.0')
        assert mark() == before
        assert '99.0.0' not in library_versions().values()

    def test_a_cell_has_the_numbers_of_its_own_parts(self) -> None:
        assert numerics('depth', 'finetune') == {
            'reading': 1,
            'networks': 1,
            'training': 2,
            'kind depth': 1,
            'protocol finetune': 1,
            'source timm': 1,
        }
        assert numerics('depth', 'knn').keys() >= {'probe', 'protocol knn'}
        assert 'training' not in numerics('depth', 'knn')

    def test_a_search_is_a_training_too(self) -> None:
        found = parts_of({'trials': []}, kind='pose', protocol='finetune', source='hf:a/b')
        assert {'training', 'search', 'source hf'} <= set(found)

    @pytest.mark.parametrize('changed', sorted(SAMPLES))
    def test_a_new_number_of_one_kind_changes_cells_of_this_kind_alone(
        self, changed: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def marks() -> dict[str, str]:
            found = {kind: numerics(kind, 'finetune') for kind in SAMPLES}
            return {k: mark(compile_config(cell(k)), numerics=n) for k, n in found.items()}

        before = marks()
        load = identity.load_kind
        monkeypatch.setattr(
            identity,
            'load_kind',
            lambda name: replace(load(name), numerics=2) if name == changed else load(name),
        )
        after = marks()
        assert {kind for kind in before if before[kind] != after[kind]} == {changed}

    @pytest.mark.parametrize(
        ('table', 'key', 'touched'),
        [
            ('NUMERICS', 'probe', {'knn'}),
            ('NUMERICS', 'training', {'finetune', 'frozen'}),
            ('NUMERICS', 'networks', {'knn', 'finetune', 'frozen'}),
            ('SOURCE_NUMERICS', 'timm', {'knn', 'finetune', 'frozen'}),
            ('SOURCE_NUMERICS', 'hf', set()),
        ],
    )
    def test_a_new_number_of_a_part_changes_what_goes_through_it(
        self, table: str, key: str, touched: set[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        protocols = ('knn', 'finetune', 'frozen')
        before = {name: numerics('depth', name) for name in protocols}
        monkeypatch.setitem(getattr(identity, table), key, 99)
        assert {n for n in protocols if numerics('depth', n) != before[n]} == touched


@pytest.mark.parametrize('value', [float('inf'), float('nan'), {1, 2}, b'x', Path('x')])
def test_what_is_no_plain_data_is_refused(value: object) -> None:
    with pytest.raises(DeclarationError, match='the configuration is not plain data'):
        mark({'model': {'x': value}})


def test_versions_are_of_what_is_installed() -> None:
    versions = library_versions()
    assert {'torch', 'timm', 'numpy', 'mmengine'} <= versions.keys()
    assert all(version[0].isdigit() for version in versions.values())


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / 'w.pth'
    path.write_bytes(b'abc')
    # FIPS 180-2, appendix B.1
    assert file_hash(path) == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    with pytest.raises(DataError, match=r'gone\.pth: cannot be read'):
        file_hash(tmp_path / 'gone.pth')
