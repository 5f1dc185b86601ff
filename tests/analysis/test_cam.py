from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from benchmark.analysis.activation import (
    Seen,
    eigen_map,
    gradient_map,
    judge,
    normalise_map,
    regions,
)
from benchmark.analysis.cam import Method, analyse, numbers, part_labels
from benchmark.analysis.images import ImageSet
from benchmark.specs import Backbone
from benchmark.world import SEMANTIC_CLASSES

CPU = torch.device('cpu')
RANDOM = np.random.default_rng(0)


class TestMaps:
    def test_the_map_is_the_first_principal_component(self) -> None:
        features = RANDOM.normal(size=(5, 4, 6)) + 3
        covariance = np.cov(features.reshape(5, -1))
        direction = np.linalg.eigh(covariance)[1][:, -1]
        centred = features - features.mean((1, 2), keepdims=True)
        expected = np.tensordot(direction, centred, axes=1)
        found = eigen_map(features)
        np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-9)
        assert found.max() >= -found.min()

    def test_it_does_not_depend_on_the_sign_of_the_features(self) -> None:
        features = RANDOM.normal(size=(5, 4, 6))
        np.testing.assert_allclose(eigen_map(features), eigen_map(-features), atol=1e-9)

    def test_it_is_grad_cams_up_to_the_sign(self) -> None:
        library = pytest.importorskip('pytorch_grad_cam.utils.svd_on_activations')
        features = RANDOM.normal(size=(7, 4, 6))
        expected = library.get_2d_projection(features[None])[0]
        np.testing.assert_allclose(np.abs(eigen_map(features)), np.abs(expected), atol=1e-5)

    def test_the_gradients_mean_weights_the_channels(self) -> None:
        features, gradients = RANDOM.normal(size=(2, 3, 2, 2))
        expected = sum(gradients[c].mean() * features[c] for c in range(3))
        np.testing.assert_allclose(gradient_map(features, gradients), expected)

    def test_they_are_grad_cams_weights(self) -> None:
        library = pytest.importorskip('pytorch_grad_cam')
        features, gradients = RANDOM.normal(size=(2, 7, 4, 6))
        layer = torch.nn.Conv2d(3, 7, 1)
        cam = library.GradCAM(model=layer, target_layers=[layer])
        (expected,) = cam.get_cam_image(None, None, None, features[None], gradients[None])
        np.testing.assert_allclose(gradient_map(features, gradients), expected)

    def test_negative_sides_are_dark_and_the_brightest_is_one(self) -> None:
        found = normalise_map(np.array([[-5.0, 2.0], [0.0, 4.0]]), (2, 2))
        assert found.tolist() == [[0, 0.5], [0, 1]]
        assert not normalise_map(np.full((2, 2), -1.0), (4, 4)).any()


class TestNumbers:
    def test_regions_are_connected_and_not_tiny(self) -> None:
        active = np.zeros((40, 40), dtype=bool)
        active[0:4, 0:4] = active[4:8, 4:8] = True  # touch at a corner
        active[20:24, 20:24] = True
        active[30, 30] = True  # a single pixel of 1600
        found = regions(active)
        assert found.max() == 2
        assert found[0, 0] == found[7, 7] != found[21, 21]
        assert found[30, 30] == 0

    def test_a_map_that_is_the_object_is_perfect(self) -> None:
        parts = np.zeros((20, 20), dtype=int)
        parts[2:6, 2:6], parts[12:18, 12:18] = 1, 2
        seen = judge((parts > 0).astype(float), parts)
        assert seen == Seen(2, 52 / 400, 1, 1, 1, 1, 1)

    def test_half_an_object_by_hand(self) -> None:
        parts = np.zeros((20, 20), dtype=int)
        parts[0:10, 0:10], parts[0:10, 10:20] = 1, 2  # the upper half
        activation = np.zeros((20, 20))
        activation[0:20, 0:6] = 1.0  # a column: over 60 of part 1, 60 beside the object
        seen = judge(activation, parts)
        assert seen.regions == 1
        assert seen.active == pytest.approx(120 / 400)
        assert seen.coverage == pytest.approx(60 / 200)
        assert seen.precision == pytest.approx(0.5)
        assert seen.auc == pytest.approx(0.5)
        assert seen.parts == pytest.approx(0.5)
        assert seen.purity == 1

    def test_a_region_over_two_parts_is_not_pure(self) -> None:
        parts = np.zeros((20, 20), dtype=int)
        parts[:, 0:5], parts[:, 5:20] = 1, 2
        parts[0] = 0
        seen = judge(np.ones((20, 20)), parts)
        assert seen.purity == pytest.approx(0.75)

    def test_without_an_object_only_the_map_is_described(self) -> None:
        for labels in (None, np.zeros((20, 20), dtype=int)):
            seen = judge(np.ones((20, 20)), labels)
            assert seen[:2] == (1, 1)
            assert np.isnan(seen[2:]).all()

    def test_the_creatures_parts_are_the_objects(self) -> None:
        found = part_labels(np.arange(len(SEMANTIC_CLASSES)))
        named = {SEMANTIC_CLASSES[i]: int(n) for i, n in enumerate(found) if n}
        assert named == {'body': 1, 'head': 2, 'limb': 3}


class TestSide:
    """A map of 20 x 20 whose strongest deviation is beside the object, which is negative."""

    PARTS = np.zeros((20, 20), dtype=int)
    PARTS[0:10, 0:10], PARTS[0:10, 10:20] = 1, 2
    MAP = np.where(PARTS > 0, -1.0, 0.5)
    MAP[19] = 2.0

    def test_an_eigen_map_is_turned_to_the_object(self) -> None:
        seen = numbers(self.MAP, (20, 20), self.PARTS, Method.EIGEN)
        assert seen['turned'] == 1
        assert (seen['coverage'], seen['parts'], seen['auc']) == (1, 1, 1)
        plain = judge(normalise_map(self.MAP, (20, 20)), self.PARTS)
        assert (plain.coverage, plain.parts, plain.auc) == (0, 0, 0)

    def test_the_sign_that_it_came_with_does_not_matter(self) -> None:
        one, other = (
            numbers(sign * self.MAP, (20, 20), self.PARTS, Method.EIGEN) for sign in (1, -1)
        )
        assert (one.pop('turned'), other.pop('turned')) == (1, 0)
        assert one == other

    def test_a_gradient_has_a_sign(self) -> None:
        seen = numbers(self.MAP, (20, 20), self.PARTS, Method.GRADIENT)
        assert (seen['turned'], seen['coverage']) == (0, 0)

    @pytest.mark.parametrize('parts', [None, 0 * PARTS, 0 * PARTS + 1])
    def test_without_an_object_and_its_surroundings_it_is_left(self, parts: Any) -> None:
        seen = numbers(self.MAP, (20, 20), parts, Method.EIGEN)
        assert np.isnan(seen['turned'])
        # the last row alone is half active
        assert seen['active'] == pytest.approx(1 / 20)


@pytest.mark.parametrize('method', list(Method))
def test_the_analysis_describes_every_picture(method: Method, noise: ImageSet) -> None:
    labels = np.zeros((3, 64, 64), np.uint8)
    labels[:2, 8:40, 8:40] = SEMANTIC_CLASSES.index('body')
    images = ImageSet('noise', noise.names, noise.pixels, labels)
    backbones = [
        Backbone(id=name, source=f'timm:{name}', is_random=True)
        for name in ('test_vit', 'test_resnet')
    ]
    finding = analyse(backbones, images, method=method, batch_size=2, device=CPU)
    assert [(r['backbone'], r['picture']) for r in finding.rows] == [
        (b.id, name) for b in backbones for name in noise.names
    ]
    for row in finding.rows:
        assert row['regions'] >= 1
        # the last picture holds no creature
        assert np.isnan(row['coverage']) == np.isnan(row['turned']) == (row['picture'] == 'c')
    turned = [row['turned'] for row in finding.rows if row['picture'] != 'c']
    assert set(turned) <= ({0, 1} if method is Method.EIGEN else {0})
    means = finding.facts['means']['test_vit']
    assert finding.key_numbers is not None
    assert finding.key_numbers.rows[0] == ('test_vit', tuple(means.values()))
    covered = [r['coverage'] for r in finding.rows[:2]]
    assert means['coverage'] == pytest.approx(np.mean(covered))
