from __future__ import annotations

import os
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.compiling import (
    compile_config,
    fingerprint_of,
    identity,
    library_versions,
    manifest_of,
)
from benchmark.errors import DataError, DeclarationError
from benchmark.specs import Backbone, file_hash
from tests.support.compiling_cells import PRETRAINED, cell

MARKS: dict[str, Any] = {'weights': 'a' * 64, 'manifest': 'b' * 64, 'task_version': 1}


def mark(config: dict[str, Any] | None = None, **changes: Any) -> str:
    return fingerprint_of(config or compile_config(cell()), **{**MARKS, **changes})


class TestWhatChangesIt:
    @pytest.mark.parametrize(
        'changes',
        [{'weights': 'c' * 64}, {'weights': None}, {'manifest': 'c'}, {'task_version': 2}],
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


@pytest.mark.parametrize('value', [float('inf'), float('nan'), {1, 2}, b'x', Path('x')])
def test_what_is_no_plain_data_is_refused(value: object) -> None:
    with pytest.raises(DeclarationError, match='the configuration is not plain data'):
        mark({'model': {'x': value}})


def test_versions_are_of_what_is_installed() -> None:
    versions = library_versions()
    assert {'benchmark', 'torch', 'timm', 'numpy', 'mmengine'} <= versions.keys()
    assert all(version[0].isdigit() for version in versions.values())


class TestManifest:
    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        root = tmp_path / 'data'
        (root / 'train' / 'a').mkdir(parents=True)
        (root / 'train' / 'a' / '1.jpg').write_bytes(b'123')
        (root / 'train' / '2.jpg').write_bytes(b'12')
        (root / 'list.txt').write_text('x')
        return root

    @pytest.mark.parametrize(
        'change',
        [
            lambda root: (root / 'train' / '2.jpg').rename(root / 'train' / '3.jpg'),
            lambda root: (root / 'train' / '2.jpg').rename(root / '2.jpg'),
            lambda root: (root / 'train' / '2.jpg').write_bytes(b'123'),
            lambda root: (root / 'train' / '4.jpg').write_bytes(b''),
            lambda root: (root / 'list.txt').unlink(),
        ],
        ids=['renamed', 'moved', 'resized', 'added', 'removed'],
    )
    def test_it_sees_a_file_that_is(self, data: Path, change: Callable[[Path], Any]) -> None:
        before = manifest_of(data)
        change(data)
        assert manifest_of(data) != before

    def test_it_sees_two_files_change_places(self, data: Path) -> None:
        before = manifest_of(data)
        one, two = data / 'train' / 'a' / '1.jpg', data / 'train' / '2.jpg'
        first, second = one.read_bytes(), two.read_bytes()
        one.write_bytes(second)
        two.write_bytes(first)
        assert manifest_of(data) != before

    def test_where_the_data_lie_and_when_they_were_written_does_not_matter(
        self, data: Path
    ) -> None:
        before = manifest_of(data)
        os.utime(data / 'list.txt', (0, 0))
        (data / 'empty').mkdir()
        assert manifest_of(data.rename(data.parent / 'moved')) == before

    def test_links_to_folders_are_followed_but_not_in_circles(self, data: Path) -> None:
        before = manifest_of(data)
        outside = data.parent / 'outside'
        (data / 'train').rename(outside)
        (data / 'train').symlink_to(outside)
        assert manifest_of(data) == before
        (outside / 'up').symlink_to(data)
        (outside / 'a' / 'here').symlink_to(outside / 'a')
        manifest_of(data)
        (outside / 'a' / '1.jpg').write_bytes(b'longer')
        assert manifest_of(data) != before

    def test_no_data_is_told(self, tmp_path: Path) -> None:
        (tmp_path / 'empty' / 'deep').mkdir(parents=True)
        for name in ('empty', 'absent'):
            with pytest.raises(DataError, match=rf'{name}: no data here'):
                manifest_of(tmp_path / name)


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / 'w.pth'
    path.write_bytes(b'abc')
    # FIPS 180-2, appendix B.1
    assert file_hash(path) == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    with pytest.raises(DataError, match=r'gone\.pth: cannot be read'):
        file_hash(tmp_path / 'gone.pth')
