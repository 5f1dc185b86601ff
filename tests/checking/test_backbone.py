"""The contract of backbones holds for several families, and a breach is told, not raised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmark.checking import backbone as contract
from benchmark.checking.backbone import check
from benchmark.errors import CheckpointError, IncompatibleError, UnknownNameError
from benchmark.models import FeatureBackbone
from benchmark.models.inspection import build, inspect_backbone
from benchmark.specs import Backbone


def declared(architecture: str, **options: Any) -> Backbone:
    return Backbone('x', f'timm:{architecture}', is_random=True, options=options)


KEEPING = {
    'vit': declared('test_vit'),
    'vit with patches of 14': declared(
        'vit_tiny_patch16_224', embed_dim=32, depth=2, num_heads=2, patch_size=14
    ),
    'convnext': declared('test_convnext'),
    'efficientnet': declared('test_efficientnet'),
    'swin': declared(
        'swin_tiny_patch4_window7_224',
        embed_dim=16,
        depths=(1, 1, 1, 1),
        num_heads=(1, 2, 2, 2),
        window_size=4,
    ),
}


@pytest.mark.parametrize('backbone', KEEPING.values(), ids=KEEPING)
def test_contract_is_kept(backbone: Backbone) -> None:
    findings = check(backbone)
    assert [f for f in findings if not f.is_ok] == []
    whats = [f.what for f in findings]
    assert len(set(whats)) == len(whats) == 13
    assert {f.what: f.detail for f in findings}['weights'] == 'none, random as requested'


def test_network_of_one_input_size_is_built_for_the_sizes_it_meets() -> None:
    findings = check(declared('hiera_tiny_224', embed_dim=16))
    assert [f for f in findings if not f.is_ok] == []
    assert {f.what: f.detail for f in findings}[
        'input size'
    ] == 'one size only, built for that of the task'
    assert len([f for f in findings if f.what.startswith('shapes')]) == 3


def test_network_that_cannot_be_built_for_a_size_is_refused() -> None:
    # its levels divide a fixed grid of tokens
    with pytest.raises(IncompatibleError, match=r'crossvit_9_240.*does not divide'):
        check(declared('crossvit_9_240'))


def broken(monkeypatch: pytest.MonkeyPatch, change: Any) -> set[str]:
    """Return what is found to be broken when the maps of a good backbone are changed."""
    forward = FeatureBackbone.forward
    monkeypatch.setattr(FeatureBackbone, 'forward', lambda self, x: change(forward(self, x)))
    return {f.what.partition(' at ')[0] for f in check(declared('test_vit')) if not f.is_ok}


def test_each_breach_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def transposed(maps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(m.transpose(2, 3) for m in maps)

    assert broken(monkeypatch, transposed) == {'shapes'}
    monkeypatch.undo()
    noisy = lambda maps: tuple(m + torch.randn_like(m) for m in maps)  # noqa: E731
    assert broken(monkeypatch, noisy) == {'determinism', 'batch independence', 'autocast'}
    monkeypatch.undo()
    mixed = lambda maps: tuple(m - m.mean(0) for m in maps)  # noqa: E731
    assert 'batch independence' in broken(monkeypatch, mixed)
    monkeypatch.undo()
    detached = lambda maps: tuple(m.detach() for m in maps)  # noqa: E731
    assert broken(monkeypatch, detached) == {'gradients'}


def test_missing_weights_and_unknown_names_are_raised(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        check(declared('no_such_network'))
    absent = replace(declared('test_vit'), is_random=False, checkpoint=tmp_path / 'absent.pth')
    with pytest.raises(CheckpointError, match='no such file'):
        check(absent)


def test_loaded_weights_are_counted(tmp_path: Path) -> None:
    weights = build(declared('test_vit')).network.state_dict()
    torch.save({**weights, 'head.bias': torch.zeros(3)}, tmp_path / 'w.pth')
    loading = replace(declared('test_vit'), is_random=False, checkpoint=tmp_path / 'w.pth')
    details = {f.what: f.detail for f in contract._facts(inspect_backbone(loading), build(loading))}
    count = len(weights)
    assert details['weights'] == f'{count} of {count} tensors loaded, 1 not used'
