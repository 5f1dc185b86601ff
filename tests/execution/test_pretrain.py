"""Pretraining end to end: from pictures to a weights file that the harness loads."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pretraining.requests import request, write_pictures
from safetensors import safe_open

from benchmark.errors import DataError
from benchmark.execution.pretrain import pretrain, save_network, write_labels
from benchmark.models import FeatureBackbone


def pretrained(method: str, folder: Path, name: str = 'run', **changes: object) -> Path:
    labels = write_labels(folder / 'labels.csv', 'kind', folder / 'labels.txt')
    assert (labels.pictures, labels.classes) == (8, 2)
    wanted = request(method, folder, annotations=str(labels.path), **changes)
    trained = pretrain(wanted, folder / name)
    assert len(trained.curves['loss']) == wanted.iterations
    path = folder / f'{name}.safetensors'
    facts = dict.fromkeys(('method', 'zeta', 'alpha', 'name'), method)
    save_network(trained.model.backbone.body, path, facts)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    write_pictures(tmp_path)
    return tmp_path


@pytest.mark.parametrize('method', ['mae', 'simmim', 'supervised'])
def test_weights_fill_the_whole_backbone(method: str, pictures: Path) -> None:
    path = pretrained(method, pictures)
    wanted = request(method)
    plain = {
        'source': wanted.backbone.source,
        'options': dict(wanted.backbone.options),
    }
    loaded = FeatureBackbone(**plain, checkpoint=str(path))
    assert loaded.load_report.missing == loaded.load_report.unexpected == ()
    torch.manual_seed(0)
    untrained = FeatureBackbone(**plain, random=True)
    moved = [
        name
        for name, value in untrained.state_dict().items()
        if not torch.equal(value.half(), loaded.state_dict()[name].half())
    ]
    assert any('attn.qkv.weight' in name for name in moved)
    with safe_open(str(path), framework='pt') as file:
        assert file.metadata()['method'] == method


def test_a_seed_gives_the_same_bytes_and_another_seed_others(pictures: Path) -> None:
    first, again, other = (
        pretrained('mae', pictures, name, seed=seed).read_bytes()
        for name, seed in (('first', 0), ('again', 0), ('other', 1))
    )
    assert first == again
    assert first != other


def test_labels_are_numbered_by_name(pictures: Path) -> None:
    table = pictures / 'labels.csv'
    labels = write_labels(table, 'kind', pictures / 'out.txt')
    assert labels.path.read_text().splitlines()[:3] == ['0.png 0', '1.png 1', '2.png 0']
    with pytest.raises(DataError, match=r"labels\.csv: has no column 'species'"):
        write_labels(table, 'species', pictures / 'none.txt')
    assert not (pictures / 'none.txt').exists()
    with pytest.raises(DataError, match=r'absent\.csv: cannot be read'):
        write_labels(pictures / 'absent.csv', 'kind', pictures / 'none.txt')


def test_a_network_of_floats_and_counters_keeps_its_counters(tmp_path: Path) -> None:
    network = torch.nn.BatchNorm2d(2)
    network.num_batches_tracked += 70_000
    save_network(network, tmp_path / 'norm.safetensors', {})
    with safe_open(str(tmp_path / 'norm.safetensors'), framework='pt') as file:
        assert int(file.get_tensor('num_batches_tracked')) == 70_000
        assert file.get_tensor('weight').dtype == torch.float16
