from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from studies.feature_capture import network
from studies.feature_capture.data import draw
from studies.feature_capture.outcomes import METHODS, interval
from studies.feature_capture.setting import Setting
from studies.feature_capture.study import analyse, run
from studies.feature_capture.training import (
    Pace,
    make_world,
    pretrain_teacher_student,
    train_supervised,
)

BEND = 0.4
SMALL = Setting(
    classes=3,
    kernels=6,
    dimension=8,
    pictures=24,
    seeds=2,
    step=0.05,
    flow_step=0.2,
    steps=(60, 50, 40, 200),
)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


class TestData:
    def test_a_picture_holds_the_features_that_it_should(self) -> None:
        setting = replace(Setting(), noise=0.0, pictures=300, seeds=1)
        for single_view, faint in ((0.0, 0), (1.0, 1)):
            patches, classes = draw(setting, single_view, torch.Generator().manual_seed(0))
            totals = patches.sum(2)[0]
            for picture, label in zip(totals, classes[0], strict=True):
                own = picture[2 * label : 2 * label + 2]
                assert int((own < 0.08).sum()) == faint
                assert int(((own >= 1) & (own <= 1.4 + 1e-6)).sum()) == 2 - faint
                others = torch.cat([picture[: 2 * label], picture[2 * label + 2 :]])
                present = others[others > 0]
                assert len(present) == setting.others
                assert bool(((present >= 0.2 - 1e-6) & (present <= 0.4 + 1e-6)).all())

    def test_a_patch_holds_one_feature_and_a_feature_its_own_patches(self) -> None:
        setting = replace(Setting(), noise=0.0, seeds=1)
        patches, _ = draw(setting, 0.0, torch.Generator().manual_seed(0))
        held = patches[0] > 0
        assert int(held.sum(-1).max()) == 1
        assert set(held.sum(1).flatten().tolist()) == {0, setting.spread}

    def test_the_share_of_single_view_pictures_is_as_asked(self) -> None:
        setting = replace(Setting(), pictures=4000, noise=0.0, seeds=1)
        patches, classes = draw(setting, 0.3, torch.Generator().manual_seed(0))
        own = torch.stack([2 * classes, 2 * classes + 1], -1)
        least = patches.sum(2).gather(-1, own).amin(-1)
        assert float((least < 0.1).double().mean()) == pytest.approx(0.3, abs=0.03)


class TestNetwork:
    def test_the_smoothed_relu_is_as_defined(self) -> None:
        values = torch.linspace(-1, 1, 41, dtype=torch.double)
        expected = [
            0.0 if z <= 0 else z**4 / (4 * BEND**3) if z <= BEND else z - 0.75 * BEND
            for z in values.tolist()
        ]
        np.testing.assert_allclose(network.smoothed_relu(values, BEND), expected, atol=1e-12)

    def test_its_gradient_is_right(self) -> None:
        values = random(12).requires_grad_()
        assert torch.autograd.gradcheck(lambda z: network.smoothed_relu(z, BEND), (values,))

    def test_the_teacher_students_loss_is_the_mean_over_masks(self) -> None:
        patches, kernels, keep = random(1, 2, 3, 4).abs(), random(1, 4, 5, seed=1), 0.25
        found = network.teacher_student_loss(patches, kernels, keep=keep, teacher=1.3, bend=BEND)
        target = network.encode(patches, 1.3 * kernels, BEND).sum(2)
        codes = network.encode(patches, kernels, BEND)
        expected = 0.0
        for mask in np.ndindex(2, 2, 2):
            kept = torch.tensor(mask, dtype=torch.double)
            chance = keep ** sum(mask) * (1 - keep) ** (3 - sum(mask))
            student = (codes * kept[None, None, :, None]).sum(2) / keep
            expected += chance * float((target - student).square().sum(-1).mean()) / 2
        assert float(found) == pytest.approx(expected, abs=1e-9)

    def test_the_autoencoders_loss_is_the_mean_over_masks(self) -> None:
        patches, kernels, decoder = random(1, 2, 3, 4).abs(), random(1, 4, 5), random(1, 5, 4)
        keep = 0.6
        found = network.autoencoder_loss(patches, kernels, decoder, keep=keep, bend=BEND)
        expected = 0.0
        for mask in np.ndindex(2, 2, 2):
            kept = torch.tensor(mask, dtype=torch.double)
            chance = keep ** sum(mask) * (1 - keep) ** (3 - sum(mask))
            # a patch that is masked is zero, and so is its code
            codes = network.encode(patches * kept[None, None, :, None], kernels, BEND)
            rebuilt = codes.sum(2) @ decoder / keep
            expected += chance * float((patches.sum(2) - rebuilt).square().sum(-1).mean()) / 2
        assert float(found) == pytest.approx(expected, abs=1e-9)

    def test_what_is_captured_is_counted_by_hand(self) -> None:
        # features 0 to 3 in rows, kernels in columns; row 4 is no feature
        kernels = torch.tensor(
            [[[0.5, 0.0, 0.1], [0.0, 0.6, 0.0], [0.45, 0.0, 0.0], [0.1, 0.2, 0.3], [9.0, 9.0, 9.0]]]
        )
        assert network.captured_share(kernels, 4, BEND).tolist() == [0.75]
        assert network.features_per_kernel(kernels, 4, BEND).tolist() == [1.5]
        assert network.features_per_kernel(0 * kernels, 4, BEND).isnan().all()


class TestTraining:
    def test_a_mask_that_hides_too_much_leaves_nothing_to_capture(self) -> None:
        """Growth needs teacher ** 4 - 1 to exceed (1 - keep) / (keep * spread)."""
        world = make_world(SMALL)
        found = pretrain_teacher_student(SMALL, world).points[-1]
        hidden = pretrain_teacher_student(replace(SMALL, keep=0.05), world).points[-1]
        assert float(found.captured.min()) >= 0.5
        assert float(hidden.captured.max()) == 0

    def test_supervision_ends_at_its_goal(self) -> None:
        found = train_supervised(SMALL, make_world(SMALL), Pace.NORMALISED).points[-1]
        assert found.step < SMALL.steps[3]
        assert float(found.loss.max()) <= SMALL.goal
        assert float(found.multi_view.min()) > 0.9

    def test_fine_tuning_starts_from_the_kernels_it_is_given(self) -> None:
        world = make_world(SMALL)
        first = pretrain_teacher_student(SMALL, world)
        tuned = train_supervised(
            replace(SMALL, steps=(1, 1, 1, 0)), world, Pace.FLOW, kernels=first.kernels
        )
        assert torch.equal(tuned.kernels, first.kernels)
        assert not tuned.head.any()


class TestStudy:
    def test_the_interval_is_scipys(self) -> None:
        values = random(6)
        found = interval(values)
        low, high = stats.t.interval(0.95, 5, loc=values.mean(), scale=stats.sem(values.numpy()))
        assert found == {
            'mean': pytest.approx(float(values.mean())),
            'low': pytest.approx(low),
            'high': pytest.approx(high),
        }
        assert interval(torch.tensor([0.5])) == {'mean': 0.5, 'low': None, 'high': None}

    def test_every_method_is_run_and_every_sweep(self) -> None:
        brief = replace(SMALL, pictures=12, steps=(40, 10, 10, 20))
        lines: list[str] = []
        finding = analyse(brief, sweeps={'keep': (0.5, 0.05)}, say=lines.append)
        assert list(finding.facts['results']) == list(METHODS)
        assert {row['method'] for row in finding.rows if row['sweep'] == ''} == set(METHODS)
        assert len(lines) == len(METHODS) + 3
        hidden = [
            row['mean']
            for row in finding.rows
            if (row['sweep'], row['value_swept'], row['method'], row['measure'])
            == ('keep', 0.05, 'teacher-student', 'captured')
        ]
        assert hidden == [0.0]
        assert len(finding.draw().axes) == 8

    def test_equal_settings_give_equal_numbers(self) -> None:
        first, second = (run('supervised', SMALL, make_world(SMALL)).last for _ in range(2))
        assert torch.equal(first.loss, second.loss)
