"""Default recipes learn from features a hundred times too large or too small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import transferbench as tb

COLOURS = {'red': (200, 40, 40), 'green': (40, 200, 40), 'blue': (40, 40, 200)}
SIDE = 32

NETWORK = '''
import torch
from torch import nn


class Net(nn.Module):
    """Colours of patches, mixed, and far from the scale of other networks."""

    mean = (127.5, 127.5, 127.5)
    std = (60.0, 60.0, 60.0)
    strides = (4,)

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = scale
        self.mix = nn.Conv2d(3, 8, 4, 4)

    def forward(self, images):
        return self.scale * torch.relu(self.mix(images))
'''

COMMON = {
    'version': 1,
    'title': 'Colours',
    'group': 'semantic',
    'input_size': (SIDE, SIDE),
    'classes': tuple(COLOURS),
    'citation': 'drawn here',
    'licence': 'CC0-1.0',
    'origin': 'drawn here',
}


def noisy(colour: tuple[int, int, int], generator: np.random.Generator) -> np.ndarray:
    noise = generator.normal(0, 40, (SIDE, SIDE, 3))
    return np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)


def declare(path: Path, task: dict[str, object], data: dict[str, object]) -> Path:
    path.write_text(f'task = {task!r}\ndata = {data!r}\n')
    return path


def draw_classes(folder: Path) -> Path:
    generator = np.random.default_rng(0)
    for role, count in (('train', 24), ('test', 4)):
        for name, colour in COLOURS.items():
            place = folder / 'colours' / role / name
            place.mkdir(parents=True)
            for number in range(count):
                Image.fromarray(noisy(colour, generator)).save(place / f'{number}.png')
    task = COMMON | {
        'name': 'colours',
        'kind': 'classification',
        'splits': {'train': 72, 'test': 12},
        'metric': 'accuracy',
        'budget': {'iterations': 40, 'batch_size': 8},
    }
    roles = {role: {'data_prefix': role} for role in ('train', 'test')}
    data = {'root': 'colours', 'type': 'benchmark.ImageFolders', **roles}
    return declare(folder / 'colours.py', task, data)


def draw_halves(folder: Path) -> Path:
    """Pictures whose left and right halves have different colours."""
    generator = np.random.default_rng(1)
    for role, count in (('train', 12), ('test', 6)):
        for part in ('images', 'labels'):
            (folder / 'halves' / part / role).mkdir(parents=True)
        for number in range(count):
            left, right = generator.permutation(3)[:2]
            colours = list(COLOURS.values())
            picture = noisy(colours[left], generator)
            picture[:, SIDE // 2 :] = noisy(colours[right], generator)[:, SIDE // 2 :]
            labels = np.full((SIDE, SIDE), left, np.uint8)
            labels[:, SIDE // 2 :] = right
            Image.fromarray(picture).save(folder / f'halves/images/{role}/{number}.png')
            Image.fromarray(labels).save(folder / f'halves/labels/{role}/{number}.png')
    task = COMMON | {
        'name': 'halves',
        'kind': 'segmentation',
        'splits': {'train': 12, 'test': 6},
        'metric': 'mIoU',
        'budget': {'iterations': 40, 'batch_size': 4},
        'options': {'width': 16},
    }
    roles = {
        role: {'data_prefix': {'img_path': f'images/{role}', 'seg_map_path': f'labels/{role}'}}
        for role in ('train', 'test')
    }
    data = {'root': 'halves', 'type': 'mmseg.BaseSegDataset', 'img_suffix': '.png'}
    return declare(folder / 'halves.py', task, data | {'seg_map_suffix': '.png', **roles})


@pytest.fixture(scope='module')
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('scales')
    draw_classes(folder)
    draw_halves(folder)
    (folder / 'net.py').write_text(NETWORK)
    weights = 0.2 * torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    save_file({'mix.weight': weights, 'mix.bias': torch.zeros(8)}, folder / 'net.safetensors')
    return folder


def run(place: Path, task: str, protocol: str, scale: float) -> tb.Run:
    declared = {
        'name': f'by-{scale:g}',
        'source': 'net.py:Net',
        'checkpoint': 'net.safetensors',
        'options': {'scale': scale},
    }
    (place / f'by_{scale:g}.py').write_text(f'backbone = {declared!r}\n')
    return tb.evaluate(
        [str(place / f'by_{scale:g}.py')],
        tasks=[place / f'{task}.py'],
        protocols=[protocol],
        data_root=place,
        results=place / 'results',
        work_dir=place / 'work',
        executor='inline',
    )


@pytest.mark.parametrize('scale', [0.01, 100.0])
@pytest.mark.parametrize('protocol', ['finetune', 'frozen', 'linear', 'linear-fixed', 'knn'])
def test_classes_are_learnt_whatever_the_scale(place: Path, protocol: str, scale: float) -> None:
    found = run(place, 'colours', protocol, scale)
    (record,) = found.records
    assert record.is_ok, record.error
    # chance is 33 %
    assert record.scores['accuracy'] > 90
    assert found.flags == ()


@pytest.mark.parametrize('scale', [0.01, 100.0])
@pytest.mark.parametrize('protocol', ['finetune', 'frozen', 'linear-fixed'])
def test_label_maps_are_learnt_whatever_the_scale(place: Path, protocol: str, scale: float) -> None:
    found = run(place, 'halves', protocol, scale)
    (record,) = found.records
    assert record.is_ok, record.error
    # the most frequent label alone reaches about 11 %
    assert record.scores['mIoU'] > 70
    assert found.flags == ()
