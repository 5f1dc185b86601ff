"""The last blocks of networks of every library, left out or random again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmark.catalog import find_backbone
from benchmark.errors import DeclarationError, IncompatibleError
from benchmark.execution.jobs import inspect_job
from benchmark.launching.features import declared
from benchmark.models.backbone import FeatureBackbone
from benchmark.models.inspection import build, inspect_backbone
from benchmark.sources import Extractor, LoadReport
from benchmark.specs import DROP, REINIT, Backbone, LastBlocks

VIT = {'embed_dim': 24, 'depth': 4, 'num_heads': 2, 'img_size': 32, 'patch_size': 8}
SWIN = {'embed_dim': 8, 'depths': (1, 2), 'num_heads': (1, 2), 'img_size': 32, 'window_size': 4}
SMALL: dict[str, tuple[str, dict[str, Any]]] = {
    'timm ViT': ('timm:vit_tiny_patch16_224', VIT),
    'timm EVA-02': ('timm:eva02_tiny_patch14_224', VIT),
    'timm Swin': ('timm:swin_tiny_patch4_window7_224', SWIN),
    'timm ConvNeXt': ('timm:test_convnext', {}),
    'mmpretrain ViT': (
        'mmpretrain:vit-base-p16_in21k-pre_3rdparty_in1k-384px',
        {
            'arch': {
                'embed_dims': 24, 'num_layers': 4, 'num_heads': 2, 'feedforward_channels': 48,
            },
            'img_size': 32, 'patch_size': 8,
        },
    ),
    'HF ViT': (
        'hf:vit',
        {
            'config': {
                'model_type': 'vit', 'hidden_size': 24, 'num_hidden_layers': 4,
                'num_attention_heads': 2, 'intermediate_size': 48, 'image_size': 32,
                'patch_size': 8,
            }
        },
    ),
}  # fmt: skip


def backbone(name: str, last: LastBlocks | None = None, **changes: Any) -> Backbone:
    source, options = SMALL[name]
    return Backbone(
        id='net', source=source, options=options, last_blocks=last, **{'is_random': True, **changes}
    )


def pictures() -> Tensor:
    return torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def built(wanted: Backbone, seed: int = 0) -> FeatureBackbone:
    torch.manual_seed(seed)
    return build(wanted).eval()


def first_only(name: str) -> None:
    """Skip a network whose library is not installed."""
    if name.startswith('HF'):
        pytest.importorskip('transformers')


def layers(network: FeatureBackbone) -> set[int]:
    return {network.layer_of(name)[0] for name, _ in network.named_parameters()}


def ending(network: FeatureBackbone) -> list[str]:
    """Return the modules that the record names."""
    *_, remark = network.load_report.conversion
    return [f'body.{name}' for name in remark.partition(': ')[2].split(', ')]


@pytest.mark.parametrize('name', SMALL)
class TestDropped:
    def test_the_maps_are_those_of_blocks_that_add_nothing(self, name: str) -> None:
        """A residual block whose parameters are all zero hands on what enters it."""
        first_only(name)
        whole, short = built(backbone(name)), built(backbone(name, LastBlocks(DROP, 2)))
        for place in ending(short):
            for parameter in whole.get_submodule(place).parameters():
                parameter.data.zero_()
        with torch.no_grad():
            expected, found = whole(pictures()), short(pictures())
        for first, second in zip(expected, found, strict=True):
            torch.testing.assert_close(second, first, atol=1e-6, rtol=1e-5)

    def test_it_has_fewer_parameters_and_layers_without_a_gap(self, name: str) -> None:
        first_only(name)
        whole, short = (inspect_backbone(backbone(name, x)) for x in (None, LastBlocks(DROP, 1)))
        network = built(backbone(name, LastBlocks(DROP, 1)))
        assert short.parameters < whole.parameters
        assert short.parameters == sum(p.numel() for p in network.parameters())
        assert short.depth == whole.depth - 1
        assert layers(network) == set(range(short.depth + 1))
        assert (short.channels, short.strides) == (whole.channels, whole.strides)
        assert short.architecture is whole.architecture

    def test_the_rest_learns(self, name: str) -> None:
        first_only(name)
        network = built(backbone(name, LastBlocks(DROP, 1))).train()
        sum(m.square().mean() for m in network(pictures())).backward()
        reached = [p.grad is not None for p in network.parameters()]
        assert sum(reached) >= 0.9 * len(reached)


@pytest.mark.parametrize('name', SMALL)
def test_reinitialised_blocks_are_those_of_a_fresh_network(name: str, tmp_path: Path) -> None:
    first_only(name)
    trained = built(backbone(name), seed=1)
    path = tmp_path / 'weights.pth'
    torch.save(dict(trained._extractor.state()), path)
    kept = {'is_random': False, 'checkpoint': path}
    network = built(backbone(name, LastBlocks(REINIT, 1), **kept))
    fresh = built(backbone(name))
    (block,) = ending(network)
    assert network.load_report.loaded == network.load_report.total
    expected, initial = trained.state_dict(), fresh.state_dict()
    for key, value in network.state_dict().items():
        source = initial if key.startswith(f'{block}.') else expected
        assert torch.equal(value, source[key]), key
    assert any(not torch.equal(initial[k], expected[k]) for k in initial if k.startswith(block))


def test_published_weights_are_known_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def filled(extractor: Extractor, source: str, *, may_miss: dict[str, str]) -> LoadReport:
        for parameter in extractor.network.parameters():
            parameter.data.fill_(0.5)
        return LoadReport.nothing(extractor)

    monkeypatch.setattr('benchmark.models.backbone.load_published', filled)
    changes = (None, LastBlocks(REINIT, 1), LastBlocks(DROP, 1))
    answers = [
        inspect_job({'backbone': declared(backbone('timm ViT', last, is_random=False))})
        for last in changes
    ]
    assert len({answer['weights'] for answer in answers}) == 1
    assert answers[2]['flops'] < answers[0]['flops'] == answers[1]['flops']


class TestRefused:
    @pytest.mark.parametrize(
        ('source', 'reason'),
        [
            (
                'timm:test_resnet',
                "block 'layer4', number 1 from the end, cannot be dropped: it cha",
            ),
            ('torchvision:resnet18', 'cannot be dropped: it does not run as a module'),
        ],
    )
    def test_a_block_that_cannot_be_left_out_is_named(
        self, source: str, reason: str, one_line: Callable[[BaseException], str]
    ) -> None:
        net = Backbone('net', source, is_random=True, last_blocks=LastBlocks(DROP, 1))
        with pytest.raises(IncompatibleError) as caught:
            inspect_backbone(net)
        assert reason in one_line(caught.value)
        reinit = Backbone('net', source, is_random=True, last_blocks=LastBlocks(REINIT, 1))
        assert inspect_backbone(reinit).parameters > 0

    @pytest.mark.parametrize('action', [DROP, REINIT])
    def test_one_block_must_stay(
        self, action: str, one_line: Callable[[BaseException], str]
    ) -> None:
        with pytest.raises(IncompatibleError) as caught:
            inspect_backbone(backbone('timm ViT', LastBlocks(action, 4)))
        assert 'has 4 blocks; 4 of them cannot be' in one_line(caught.value)
        assert 'at most 3' in str(caught.value)

    @pytest.mark.parametrize(
        ('text', 'reason'),
        [
            ('timm:test_vit+drop0', 'at least 1 block'),
            ('timm:test_vit+drop1+reinit2', 'only one of'),
            ('timm:test_vit+random+reinit1', 'already random'),
        ],
    )
    def test_what_follows_a_name_must_go_together(self, text: str, reason: str) -> None:
        with pytest.raises(DeclarationError, match=reason):
            find_backbone(text)


def test_an_id_says_what_is_done_to_the_last_blocks() -> None:
    plain, changed = find_backbone('world-vit-mae'), find_backbone('world-vit-mae+drop3')
    assert changed.id == 'world-vit-mae+drop3'
    assert changed.last_blocks == LastBlocks('drop', 3)
    assert changed.title == f'{plain.title}, last 3 dropped'
    assert (changed.checkpoint, changed.pretraining) == (plain.checkpoint, plain.pretraining)
    assert find_backbone('timm:test_vit+random+drop2').is_random
