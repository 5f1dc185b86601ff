from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import timm
import torch
import torchvision
from mmpretrain.models.backbones import SwinTransformer, VisionTransformer
from torch import Tensor, nn

from benchmark.analysis.attention import analyse
from benchmark.analysis.attention.reading import (
    AttentionReader,
    Map,
    attention_layers,
    probabilities,
)
from benchmark.analysis.images import ImageSet
from benchmark.errors import IncompatibleError
from benchmark.specs import Backbone

CPU = torch.device('cpu')


def read(network: nn.Module, images: Tensor, *, stride: int, is_plain: bool) -> list[Map]:
    found: list[Map] = []
    # not the result of eval(): mmpretrain's returns nothing
    network.eval()
    reader = AttentionReader(
        network, name='it', stride=stride, is_plain=is_plain, receive=found.append
    )
    reader.read(images)
    return found


def pictures(size: int = 64) -> Tensor:
    return torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))


def small(name: str, **options: Any) -> nn.Module:
    """Return a small network of timm's whose queries and keys are far from uniform."""
    torch.manual_seed(0)
    network: nn.Module = timm.create_model(name, num_classes=0, **options)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=0.2)
    return network


PLAIN = {'patch_size': 16, 'embed_dim': 24, 'depth': 2, 'num_heads': 3, 'img_size': 64}
WINDOWED = {'embed_dim': 8, 'depths': (2, 2), 'num_heads': (2, 2), 'img_size': 64, 'window_size': 4}
NETWORKS: dict[str, tuple[str, dict[str, Any], bool]] = {
    'ViT': ('vit_tiny_patch16_224', PLAIN, True),
    'ViT with query norm': ('vit_tiny_patch16_224', {**PLAIN, 'qk_norm': True}, True),
    'DeiT': ('deit_tiny_distilled_patch16_224', PLAIN, True),
    'BEiT': ('beit_base_patch16_224', PLAIN, True),
    'EVA-02': ('eva02_tiny_patch14_224', PLAIN, True),
    'Swin': ('swin_tiny_patch4_window7_224', WINDOWED, False),
    'SwinV2': ('swinv2_tiny_window8_256', WINDOWED, False),
}


@pytest.fixture(params=list(NETWORKS))
def case(request: pytest.FixtureRequest) -> tuple[nn.Module, int, bool]:
    """Return a network, its deepest stride and whether it is plain."""
    name, options, is_plain = NETWORKS[request.param]
    return small(name, **options), 16 if is_plain else 8, is_plain


class TestMaps:
    def test_values_weighted_by_the_maps_are_what_the_layer_hands_out(
        self, case: tuple[nn.Module, int, bool]
    ) -> None:
        """The network's own output proves the map: scale, norms, embeddings, biases and masks."""
        network, *_ = case
        layers = attention_layers(network)
        seen: dict[str, tuple[Tensor, Tensor]] = {}
        for name, layer in layers.items():
            layer.register_forward_hook(
                lambda module, given, output, key=name: seen.update({key: (given[0], output)})
            )
        maps = read_whole(network, pictures())
        assert list(maps) == list(layers)
        for name, attention in maps.items():
            given, output = seen[name]
            expected = handed_out(layers[name], given, attention)
            torch.testing.assert_close(output, expected, atol=1e-4, rtol=1e-4)

    def test_every_layer_is_read_with_its_place_in_the_picture(
        self, case: tuple[nn.Module, int, bool]
    ) -> None:
        network, stride, is_plain = case
        found = read(network, pictures(), stride=stride, is_plain=is_plain)
        assert [m.layer for m in found] == list(attention_layers(network))
        for m in found:
            height, width = m.layout.grid
            assert (m.stride * height, m.stride * width) == (64, 64)
            assert m.values.shape[:2] == (2, len(m.layout.places))
            assert m.values.shape[-1] == m.layout.places.shape[1]
            real = m.layout.places[m.layout.places >= 0]
            assert sorted(real.tolist()) == list(range(height * width))

    def test_extra_tokens_are_cut_away(self) -> None:
        found = read(
            small('deit_tiny_distilled_patch16_224', **PLAIN), pictures(), stride=16, is_plain=True
        )
        for m in found:
            assert m.values.shape[-1] == 16
            # what went to class and distillation token is missing
            assert float(m.values.sum(-1).max()) < 1

    def test_fused_attention_gives_the_maps_of_plain_attention(self) -> None:
        network, images = small('vit_tiny_patch16_224', **PLAIN), pictures()
        maps = {}
        for fused in (True, False):
            for block in network.blocks:  # type: ignore[union-attr]
                block.attn.fused_attn = fused
            maps[fused] = [m.values for m in read(network, images, stride=16, is_plain=True)]
        for one, other in zip(maps[True], maps[False], strict=True):
            torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-6)

    def test_the_network_runs_on_as_if_nobody_looked(self) -> None:
        network, images = small('swin_tiny_patch4_window7_224', **WINDOWED), pictures()
        with torch.no_grad():
            before = network.eval()(images)
        outputs: list[Tensor] = []
        network.register_forward_hook(lambda *call: outputs.append(call[2]))
        read(network, images, stride=8, is_plain=False)
        assert torch.equal(outputs[0], before)


def read_whole(network: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Return the maps of every layer with all their tokens."""
    found: dict[str, Tensor] = {}
    reader = AttentionReader(
        network.eval(), name='it', stride=16, is_plain=True, receive=lambda m: None
    )

    def take(attention: Tensor) -> None:
        layer = reader._running[-1]
        reader._ran[layer] += 1
        found[layer] = attention

    reader._take = take  # type: ignore[method-assign]
    reader.read(images)
    return found


def handed_out(layer: Any, given: Tensor, attention: Tensor) -> Tensor:
    """Return what a layer of timm's hands out when it attends by ``attention``."""
    biases = [getattr(layer, f'{part}_bias', None) for part in 'qkv']
    has_biases = biases[0] is not None
    with torch.no_grad():
        if getattr(layer, 'qkv', None) is not None:
            joint = layer.qkv(given) + (torch.cat(biases) if has_biases else 0)
            values = joint.chunk(3, dim=-1)[2]
        else:
            values = layer.v_proj(given)
        heads = values.unflatten(-1, (layer.num_heads, -1)).transpose(1, 2)
        mixed = (attention @ heads).transpose(1, 2).flatten(2)
        norm = layer.norm if hasattr(layer, 'norm') else nn.Identity()
        result: Tensor = layer.proj(norm(mixed))
    return result


class TestOtherLibraries:
    def test_torchs_own_multi_head_attention(self) -> None:
        network = torchvision.models.VisionTransformer(64, 16, 2, 3, 24, 48)
        found = read(network, pictures(), stride=16, is_plain=True)
        assert len(found) == 2
        assert found[0].values.shape == (2, 1, 3, 16, 16)

    def test_torchvisions_swin(self) -> None:
        network = torchvision.models.SwinTransformer([4, 4], 8, [2, 2], [2, 2], [4, 4])
        found = read(network, pictures(), stride=8, is_plain=False)
        regions = [len(m.layout.regions.unique()) for m in found]
        assert [m.layout.grid for m in found] == [(16, 16), (16, 16), (8, 8), (8, 8)]
        assert regions == [1, 4, 1, 4]

    def test_mmpretrains_vision_transformer(self) -> None:
        arch = {'embed_dims': 24, 'num_layers': 2, 'num_heads': 3, 'feedforward_channels': 48}
        network = VisionTransformer(arch, img_size=64, patch_size=16)
        found = read(network, pictures(), stride=16, is_plain=True)
        assert [m.values.shape for m in found] == [(2, 1, 3, 16, 16)] * 2

    def test_mmpretrains_swin_pads_before_it_shifts(self) -> None:
        arch = {'embed_dims': 8, 'depths': [2, 2], 'num_heads': [2, 2]}
        network = SwinTransformer(
            arch, img_size=80, window_size=7, pad_small_map=True, out_indices=(1,)
        )
        found = read(network, pictures(80), stride=8, is_plain=False)
        assert [m.layout.grid for m in found] == [(20, 20), (20, 20), (10, 10), (10, 10)]
        # between two cells of the picture, what is cut away is what the network masks itself
        layout = found[1].layout
        real = layout.places >= 0
        across = (real[:, None] & real[:, :, None])[:, None] & ~layout.allowed
        assert across.any()
        assert float((found[1].values * across).max()) < 1e-6

    def test_swin_of_transformers(self) -> None:
        transformers = pytest.importorskip('transformers')
        config = transformers.SwinConfig(
            image_size=64, patch_size=4, embed_dim=8, depths=[2, 2], num_heads=[2, 2], window_size=4
        )
        found = read(transformers.SwinModel(config), pictures(), stride=8, is_plain=False)
        assert [len(m.layout.regions.unique()) for m in found] == [1, 4, 1, 4]

    def test_vit_of_transformers(self) -> None:
        transformers = pytest.importorskip('transformers')
        config = transformers.ViTConfig(
            image_size=64, patch_size=16, hidden_size=24, num_hidden_layers=2,
            num_attention_heads=3, intermediate_size=48,
        )  # fmt: skip
        found = read(transformers.ViTModel(config), pictures(), stride=16, is_plain=True)
        assert [m.values.shape for m in found] == [(2, 1, 3, 16, 16)] * 2


class TestFusedArguments:
    @pytest.mark.parametrize(
        'options',
        [
            {},
            {'scale': 0.7},
            {'is_causal': True},
            {'attn_mask': torch.randn(1, 2, 5, 5)},
            {'attn_mask': torch.eye(5, dtype=torch.bool)},
        ],
        ids=['plain', 'scale', 'causal', 'bias', 'mask'],
    )
    def test_probabilities_are_those_of_fused_attention(self, options: dict[str, Any]) -> None:
        query, key = torch.randn(2, 3, 2, 5, 4).unbind(0)
        # with the identity for values, fused attention hands out its map
        identity = torch.eye(5).expand(3, 2, 5, 5)
        expected = nn.functional.scaled_dot_product_attention(query, key, identity, **options)
        found = probabilities(query, key, identity, **options)
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


class Hidden(nn.Module):
    """Attention that a reader cannot see: its weights come from no soft-max."""

    num_heads = 1

    def forward(self, x: Tensor) -> Tensor:
        weights = (x @ x.transpose(1, 2)).relu()
        return weights @ x


class Fewer(nn.Module):
    """Attention whose keys are fewer than its queries."""

    num_heads = 1

    def forward(self, x: Tensor) -> Tensor:
        keys = x[:, ::4]
        return (x @ keys.transpose(1, 2)).softmax(-1) @ keys


class Tiny(nn.Module):
    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.attn = attention

    def forward(self, images: Tensor) -> Tensor:
        result: Tensor = self.attn(nn.functional.avg_pool2d(images, 16).flatten(2).transpose(1, 2))
        return result


class TestErrors:
    @pytest.mark.parametrize(
        ('attention', 'reason'),
        [(Hidden(), 'by no function of torch'), (Fewer(), '16 queries look at 4 keys')],
    )
    def test_a_layer_that_cannot_be_read_is_named(
        self, attention: nn.Module, reason: str, one_line: Callable[[BaseException], str]
    ) -> None:
        with pytest.raises(IncompatibleError) as caught:
            read(Tiny(attention), pictures(), stride=16, is_plain=True)
        message = one_line(caught.value)
        assert "layer 'attn'" in message
        assert reason in message

    def test_tokens_that_are_no_grid_are_refused(self) -> None:
        network = small('vit_tiny_patch16_224', **PLAIN)
        with pytest.raises(
            IncompatibleError, match=r'17 tokens do not form a grid over the 64x64 px'
        ):
            read(network, pictures(), stride=8, is_plain=True)

    def test_it_does_not_apply_to_a_convnet(
        self, noise: ImageSet, one_line: Callable[[BaseException], str]
    ) -> None:
        network = Backbone(id='net', source='timm:test_resnet', is_random=True)
        with pytest.raises(IncompatibleError) as caught:
            analyse([network], noise, batch_size=2, device=CPU)
        assert "'net' has no self-attention" in one_line(caught.value)


class TestAnalysis:
    def test_a_random_network_attends_almost_uniformly(self, noise: ImageSet) -> None:
        network = Backbone(id='vit', source='timm:test_vit', is_random=True)
        finding = analyse([network], noise, batch_size=2, device=CPU)
        by_measure: dict[str, list[Any]] = {}
        for row in finding.rows:
            by_measure.setdefault(row['measure'], []).append(row)
        heads, layers = 2, 6
        assert {k: len(v) for k, v in by_measure.items()} == {
            'distance': layers * heads, 'entropy': layers * heads,
            'divergence': layers * heads * (heads - 1),
        }  # fmt: skip
        for row in by_measure['distance']:
            assert row['value'] == pytest.approx(row['uniform'], rel=0.02)
        for row in by_measure['entropy']:
            assert math.log(16) * 0.99 < row['value'] <= row['uniform'] + 1e-9
        assert finding.images['count'] == 3
        assert len(finding.subjects[0]['weights_sha256']) == 64
        assert finding.facts['rows_left_out'] == {'vit': 0.0}
        assert finding.key_numbers is not None
        ((_, (first, last, *_)),) = finding.key_numbers.rows
        assert (first, last) == pytest.approx((1.0, 1.0), rel=0.02)

    def test_batches_do_not_change_the_values(self, noise: ImageSet) -> None:
        network = Backbone(id='vit', source='timm:test_vit', is_random=True)
        one, other = (
            analyse([network], noise, batch_size=size, device=CPU).rows for size in (1, 3)
        )
        for first, second in zip(one, other, strict=True):
            assert first['value'] == pytest.approx(second['value'], abs=1e-6)
