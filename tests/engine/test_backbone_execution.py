"""Precision, recomputed activations and compilation of a backbone inside a model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch._dynamo.exc import TorchDynamoException

from benchmark.engine import BackboneExecution
from benchmark.errors import IncompatibleError
from benchmark.models import FeatureBackbone

IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


class Model(nn.Module):
    """A model with a backbone."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone


def changed(backbone: nn.Module, **arguments: Any) -> Any:
    """Return the backbone as the hook leaves it."""
    BackboneExecution(**arguments).before_run(SimpleNamespace(model=Model(backbone)))
    return backbone


def gradients(backbone: Any) -> dict[str, torch.Tensor]:
    backbone.zero_grad()
    sum(m.square().mean() for m in backbone(IMAGES)).backward()
    return {n: p.grad.clone() for n, p in backbone.named_parameters() if p.grad is not None}


def test_bfloat16_hands_out_single_precision_close_to_the_exact_maps() -> None:
    backbone: Any = FeatureBackbone(source='timm:test_vit', random=True).eval()
    exact = backbone(IMAGES)[-1].detach()
    seen = []
    backbone.body.blocks[0].attn.qkv.register_forward_hook(lambda *a: seen.append(a[2].dtype))
    found = changed(backbone, precision='bf16')(IMAGES)[-1].detach()
    assert seen == [torch.bfloat16]
    assert found.dtype == torch.float32
    assert not torch.equal(found, exact)
    assert float((found - exact).norm() / exact.norm()) < 0.05
    assert all(p.dtype == torch.float32 for p in backbone.parameters())


def test_recomputed_activations_give_the_same_gradients() -> None:
    backbone = FeatureBackbone(source='timm:test_vit', random=True)
    kept = gradients(backbone)
    calls = []
    backbone.body.blocks[0].register_forward_pre_hook(lambda *_: calls.append(1))
    found = gradients(changed(backbone, checkpointing=True))
    assert len(calls) == 2
    assert kept.keys() == found.keys()
    assert all(torch.allclose(kept[n], found[n], atol=1e-6) for n in kept)


def test_a_network_without_the_switch_is_refused() -> None:
    class Plain(nn.Module):
        network = nn.Conv2d(3, 3, 1)

    with pytest.raises(IncompatibleError, match='Conv2d cannot recompute activations'):
        changed(Plain(), checkpointing=True)


def test_compilation_is_that_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled code itself would take minutes here."""
    monkeypatch.setattr(torch, 'compile', lambda f: lambda images: ('compiled', *f(images)))
    found = changed(FeatureBackbone(source='timm:test_vit', random=True), compiled=True)(IMAGES)
    assert found[0] == 'compiled'


def test_a_backbone_that_cannot_be_compiled_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a CPU without a C++ compiler, of which torch tells at the first call."""

    def fail(images: torch.Tensor) -> None:
        raise TorchDynamoException('InvalidCxxCompiler: none found\nwith details')

    monkeypatch.setattr(torch, 'compile', lambda f: fail)
    backbone = changed(FeatureBackbone(source='timm:test_vit', random=True), compiled=True)
    message = r'cannot be compiled here \(InvalidCxxCompiler: none found\): set compiled to False'
    with pytest.raises(IncompatibleError, match=message):
        backbone(IMAGES)
