from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmark.analysis.cka import analyse
from benchmark.analysis.images import ImageSet
from benchmark.analysis.layers import layer_modules
from benchmark.analysis.similarity import centred_gram, cka, hsic
from benchmark.errors import DataError
from benchmark.models.inspection import build
from benchmark.specs import Backbone

CPU = torch.device('cpu')
CONVNEXT_BLOCKS = ((1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (2, 3), (3, 0), (3, 1))


def features(count: int, width: int, seed: int) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def grams(*batches: Tensor) -> Tensor:
    """Return the Gram matrices of one layer over batches, (1, batches, n, n)."""
    return torch.stack([centred_gram(batch) for batch in batches])[None]


def by_definition(x: Tensor, y: Tensor) -> float:
    """Return HSIC as equation 3 of arXiv 2010.15327 spells it."""
    k, m = ((z.double() @ z.double().T).numpy() for z in (x, y))
    n = len(k)
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    one = np.ones(n)
    return float(
        np.trace(k @ m)
        + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (one @ k @ m @ one)
    ) / (n * (n - 3))


def orthogonal(width: int) -> Tensor:
    return torch.linalg.qr(features(width, width, 9))[0]


class TestSimilarity:
    def test_hsic_is_the_published_estimate(self) -> None:
        x, y = features(12, 5, 0) + 2, features(12, 7, 1) @ features(7, 7, 2)
        found = float(hsic(grams(x), grams(y)))
        assert found == pytest.approx(by_definition(x, y), abs=1e-6)

    def test_cka_is_the_ratio_of_means_over_batches(self) -> None:
        xs = [features(8, 6, seed) for seed in range(3)]
        ys = [x @ features(6, 4, 7) + features(8, 4, seed + 20) for seed, x in enumerate(xs)]
        mean = {
            pair: np.mean([by_definition(a, b) for a, b in zip(*lists, strict=True)])
            for pair, lists in {'xy': (xs, ys), 'xx': (xs, xs), 'yy': (ys, ys)}.items()
        }
        expected = mean['xy'] / np.sqrt(mean['xx'] * mean['yy'])
        assert float(cka(grams(*xs), grams(*ys))) == pytest.approx(expected, abs=1e-6)

    def test_a_layer_equals_itself_also_rotated_and_scaled(self) -> None:
        x = features(20, 6, 0)
        for other in (x, 3 * x @ orthogonal(6), x + 5):
            assert float(cka(grams(x), grams(other))) == pytest.approx(1, abs=1e-6)

    def test_independent_layers_have_almost_none(self) -> None:
        pairs = [(features(40, 10, seed), features(40, 10, 100 + seed)) for seed in range(8)]
        xs, ys = zip(*pairs, strict=True)
        assert abs(float(cka(grams(*xs), grams(*ys)))) < 0.02

    def test_all_pairs_of_layers_come_at_once(self) -> None:
        layers = [features(10, 4, seed) for seed in range(3)]
        joint = torch.cat([grams(layer) for layer in layers])
        found = cka(joint, joint[:2])
        assert found.shape == (3, 2)
        assert float(found[2, 1]) == pytest.approx(float(cka(joint[2:], joint[1:2])))


class TestLayers:
    @pytest.mark.parametrize(
        ('name', 'expected'),
        [
            ('test_vit', ['patch_embed', *(f'blocks.{i}' for i in range(6))]),
            ('test_resnet', ['conv1', 'layer1', 'layer2', 'layer3', 'layer4']),
            (
                'test_convnext',
                ['stem', 'stages.0', *(f'stages.{i}.blocks.{j}' for i, j in CONVNEXT_BLOCKS)],
            ),
        ],
    )
    def test_a_layer_is_the_module_that_holds_its_parameters(
        self, name: str, expected: list[str]
    ) -> None:
        network = build(Backbone(id=name, source=f'timm:{name}', is_random=True))
        found = [module.removeprefix('body.') for module in layer_modules(network)]
        assert found == expected


class TestAnalysis:
    def test_two_backbones_give_three_matrices(self, noise: ImageSet) -> None:
        more = ImageSet(
            'noise', tuple('abcdef'), np.concatenate([noise.pixels, noise.pixels[::-1] // 2])
        )
        backbones = [
            Backbone(id=name, source=f'timm:{name}', is_random=True)
            for name in ('test_vit', 'test_resnet')
        ]
        finding = analyse(backbones, more, batch_size=6, device=CPU)
        sizes: dict[tuple[str, str], int] = {}
        for row in finding.rows:
            pair = (row['backbone'], row['other_backbone'])
            sizes[pair] = sizes.get(pair, 0) + 1
            if pair[0] == pair[1] and row['layer'] == row['other_layer']:
                assert row['cka'] == pytest.approx(1, abs=1e-6)
        assert sizes == {
            ('test_vit', 'test_vit'): 49,
            ('test_vit', 'test_resnet'): 35,
            ('test_resnet', 'test_resnet'): 25,
        }
        assert finding.facts['batches'] == 1
        assert finding.key_numbers is not None
        means = [values[0] for _, values in finding.key_numbers.rows]
        assert means == [found['mean'] for found in finding.facts['similarity'].values()]

    def test_a_batch_that_is_too_small_is_refused(self, noise: ImageSet) -> None:
        backbone = Backbone(id='net', source='timm:test_vit', is_random=True)
        with pytest.raises(DataError, match='a batch holds 3 pictures'):
            analyse([backbone], noise, batch_size=8, device=CPU)
