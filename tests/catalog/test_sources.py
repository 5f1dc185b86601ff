"""What source texts mean, and what is said of those that mean nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.catalog import find_backbone
from benchmark.catalog.sources import locate
from benchmark.errors import BenchmarkError, CheckpointError, DeclarationError

CONFIG = {'model_type': 'vit', 'hidden_size': 32, 'id2label': {'0': 'cat'}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / 'my_vit'
    place.mkdir()
    (place / 'config.json').write_text(json.dumps(CONFIG))
    (place / 'model.safetensors').write_bytes(b'weights')
    return place


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / 'net.py'
    path.write_text('class Net: ...\n')
    return path


@pytest.mark.parametrize('text', ['timm:a', 'mmpretrain:a', 'torchvision:a', 'hf:owner/name'])
def test_names_of_libraries(text: str) -> None:
    backbone = find_backbone(text)
    assert (backbone.id, backbone.source, backbone.checkpoint) == (text, text, None)
    assert find_backbone(f'{text}+random').is_random


def test_a_folder_travels_as_options(folder: Path) -> None:
    backbone = find_backbone(f'hf:{folder}')
    assert backbone.source == 'hf:my_vit'
    assert backbone.options == {'config': {'model_type': 'vit', 'hidden_size': 32}}
    assert backbone.checkpoint == folder / 'model.safetensors'
    assert find_backbone(f'hf:{folder}+random').checkpoint is None


def test_a_folder_is_known_by_its_content(folder: Path) -> None:
    first = find_backbone(f'hf:{folder}').id
    (folder / 'model.safetensors').write_bytes(b'other weights')
    second = find_backbone(f'hf:{folder}').id
    (folder / 'config.json').write_text(json.dumps({**CONFIG, 'hidden_size': 64}))
    third = find_backbone(f'hf:{folder}').id
    assert len({first, second, third}) == 3
    assert all(name.startswith('hf:my_vit#') for name in (first, second, third))


def test_the_normalisation_of_a_folder(folder: Path) -> None:
    data = {'image_mean': [0.5, 0.5, 0.5], 'image_std': [0.5, 0.5, 0.5], 'size': 224}
    (folder / 'preprocessor_config.json').write_text(json.dumps(data))
    kept = find_backbone(f'hf:{folder}').options['preprocessor']
    assert kept == {'image_mean': [0.5, 0.5, 0.5], 'image_std': [0.5, 0.5, 0.5]}


def test_a_class_in_a_file(code: Path) -> None:
    backbone = find_backbone(f'{code}:Net+random')
    assert backbone.source == 'file:net.py:Net'
    assert backbone.code == code
    assert backbone.source_at('{code}') == 'file:{code}:Net'
    changed = find_backbone(f'{code}:Net+random').id
    code.write_text('class Net: pass\n')
    assert find_backbone(f'{code}:Net+random').id != changed


def test_a_declaration_names_files_beside_it(code: Path) -> None:
    declaration = code.parent / 'mine.py'
    declaration.write_text("backbone = {'name': 'mine', 'source': 'net.py:Net', 'random': True}\n")
    backbone = find_backbone(str(declaration))
    assert (backbone.id, backbone.code, backbone.is_random) == ('mine', code, True)


@pytest.mark.parametrize(
    ('text', 'error', 'part'),
    [
        ('hf:./nowhere', DeclarationError, 'is not a folder, and a repository is hf:OWNER/NAME'),
        ('hf:nowhere', DeclarationError, 'is not a folder'),
        ('nowhere.py:Net', DeclarationError, 'nowhere.py: no such file'),
        ('nowhere.py:', DeclarationError, 'must be FILE.py:CLASS'),
        ('mmpretrain:', DeclarationError, 'must be mmpretrain:NAME'),
        ('hub:vit', BenchmarkError, "unknown backbone source 'hub'"),
    ],
)
def test_what_is_no_source(text: str, error: type[Exception], part: str) -> None:
    with pytest.raises(error, match=part):
        locate(text)


def test_a_folder_without_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r'config\.json: no such file'):
        locate(f'hf:{tmp_path}')
    (tmp_path / 'config.json').write_text('[1]')
    with pytest.raises(DeclarationError, match='holds a list, not a dictionary'):
        locate(f'hf:{tmp_path}')


def test_an_index_stands_for_its_shards_and_their_content_is_in_the_id(folder: Path) -> None:
    (folder / 'model.safetensors').unlink()
    index = folder / 'model.safetensors.index.json'
    index.write_text('{}')
    with pytest.raises(CheckpointError, match='lists no shards'):
        locate(f'hf:{folder}')
    index.write_text('{"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}')
    (folder / 'one.safetensors').write_bytes(b'1')
    with pytest.raises(
        CheckpointError, match=r'lists 2 shards, 1 .*not there \(two\.safetensors\)'
    ):
        locate(f'hf:{folder}')
    (folder / 'two.safetensors').write_bytes(b'2')
    before = locate(f'hf:{folder}')
    assert before.checkpoint == index
    (folder / 'two.safetensors').write_bytes(b'3')
    assert locate(f'hf:{folder}').mark != before.mark


def test_weights_that_are_fetched_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('IBOT_WEIGHTS', raising=False)
    with pytest.raises(CheckpointError, match=r'arXiv 2111\.07832.*IBOT_WEIGHTS'):
        find_backbone('ibot-vitb16')
    assert find_backbone('ibot-vitb16+random').is_random
    monkeypatch.setenv('IBOT_WEIGHTS', '/weights')
    assert find_backbone('ibot-vitb16').checkpoint == Path('/weights/ibot_vitb16_teacher.pth')
