"""Errors in a user's own network are one line with the place; a file is looked at before torch."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.catalog import find_backbone
from benchmark.errors import BenchmarkError, DeclarationError
from benchmark.models.inspection import inspect_backbone, normalisation_remark

CODE = """
import torch
from torch import nn


class Raises(nn.Module):
    def forward(self, images):
        return images.view(7, -1, 13)


class Good(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 4, stride=4)

    def forward(self, images):
        return self.conv(images)


class Vector(Good):
    def forward(self, images):
        return self.conv(images).mean((2, 3))


class Named(Good):
    mean, std = (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)


class Mapping(Good):
    def forward(self, images):
        return {'map': self.conv(images)}


class Picky(Good):
    def forward(self, images):
        if images.shape[-1] != 224:
            raise ValueError('224 or nothing')
        return self.conv(images)
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / 'net.py'
    path.write_text(CODE)
    return path


def refusal(net: Path, name: str) -> str:
    with pytest.raises(BenchmarkError) as caught:
        inspect_backbone(find_backbone(f'{net}:{name}+random'))
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_an_error_in_forward_names_file_and_line(net: Path) -> None:
    said = refusal(net, 'Raises')
    assert said.startswith(f'{net}:8: forward of net.py:Raises fails on images (1, 3, 224, 224)')
    assert 'RuntimeError' in said


@pytest.mark.parametrize(
    ('name', 'found'), [('Vector', 'a tensor of shape (1, 8)'), ('Mapping', 'a dict')]
)
def test_what_forward_returned_is_said(net: Path, name: str, found: str) -> None:
    assert f'forward returned {found}; it must return one map (B, C, h, w)' in refusal(net, name)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('', r'names? one: .*net\.py:Raises, .*net\.py:Good'),
        (':Godo', r"has no class 'Godo'; did you mean 'Good'\? \(there: Raises, Good, Vector"),
    ],
)
def test_a_file_without_its_class_names_those_that_it_has(net: Path, text: str, said: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        find_backbone(f'{net}{text}')
    assert re.search(said, str(caught.value))


def test_a_file_that_is_not_python_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / 'net.py'
    path.write_text('import torch\nclass Net(nn.Module:\n    pass\n')
    with pytest.raises(DeclarationError, match=r'net\.py:2: not Python'):
        find_backbone(f'{path}:Net')


def test_this_is_found_out_without_torch(net: Path) -> None:
    code = (
        'import sys\nfrom benchmark.cli.main import main\n'
        f"code = main(['run', '--suite', 'quick', '--backbones', {f'{net}:Godo'!r}])\n"
        "print(code, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ['2', 'False']


def test_a_normalisation_is_assumed_or_stated(net: Path, tmp_path: Path) -> None:
    import torch

    weights = tmp_path / 'w.pth'
    torch.save({'x': torch.zeros(1)}, weights)
    assumed = {
        f'{net}:Good@{weights}': ('the class has no mean and std', True),
        f'{net}:Named@{weights}': ('as the class states', False),
        f'timm:test_vit@{weights}': ("timm's own weights", True),
        'timm:test_vit': ('as timm states', False),
    }
    for text, (said, is_assumed) in assumed.items():
        remark, found = normalisation_remark(find_backbone(text))
        assert (said in remark, found) == (True, is_assumed), (text, remark)
