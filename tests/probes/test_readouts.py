"""Targets, slopes and scores, compared with the same over pixels."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor
from torch.nn import functional

from benchmark.errors import DataError
from benchmark.probes.readouts import DepthMaps, LabelMaps, Labels

GENERATOR = torch.Generator().manual_seed(0)
CLASSES, IGNORE = 4, 255
STRIDE = 4


def label_sample(labels: Tensor) -> Any:
    return SimpleNamespace(gt_sem_seg=SimpleNamespace(data=labels[None]))


def depth_sample(depth: Tensor) -> Any:
    return SimpleNamespace(gt_depth_map=SimpleNamespace(data=depth[None]))


def in_pixels(cells: Tensor) -> Tensor:
    """Return cells (B, h, w, ...) repeated over their pixels (B, H, W, ...)."""
    return cells.repeat_interleave(STRIDE, dim=1).repeat_interleave(STRIDE, dim=2)


class TestLabelMaps:
    READOUT = LabelMaps(classes=CLASSES, ignore=IGNORE)

    def labels(self) -> Tensor:
        labels = torch.randint(CLASSES, (2, 8, 12), generator=GENERATOR)
        labels[torch.rand(2, 8, 12, generator=GENERATOR) < 0.3] = IGNORE
        return labels

    def test_the_slope_is_that_of_the_cross_entropy_over_pixels(self) -> None:
        labels = self.labels()
        outputs = torch.randn(2, 2, 3, CLASSES, generator=GENERATOR, requires_grad=True)
        logits = in_pixels(outputs).permute(0, 3, 1, 2)
        functional.cross_entropy(logits, labels, ignore_index=IGNORE).backward()
        packed = self.READOUT.pack([label_sample(m) for m in labels], (8, 12), STRIDE)
        found = self.READOUT.gradient(
            outputs.detach().flatten(0, 2)[:, None], self.READOUT.unpack(packed.flatten(0, 2))
        )
        assert outputs.grad is not None
        assert torch.allclose(found[:, 0], outputs.grad.flatten(0, 2), atol=1e-6)

    def test_scores_are_the_mean_iou_over_pixels(self) -> None:
        labels = self.labels()
        outputs = torch.randn(2, 2, 3, CLASSES, generator=GENERATOR)
        packed = self.READOUT.pack([label_sample(m) for m in labels], (8, 12), STRIDE)
        tally = self.READOUT.tally(1)
        for index in range(2):
            tally.add(
                outputs[index].flatten(0, 1)[:, None],
                self.READOUT.unpack(packed[index].flatten(0, 1)),
            )
        predicted = in_pixels(outputs).argmax(dim=-1)
        known = labels != IGNORE
        shares = []
        for label in range(CLASSES):
            true, found = (labels == label) & known, (predicted == label) & known
            shares.append((true & found).sum() / (true | found).sum())
        assert tally.scores()[0] == pytest.approx(100 * float(torch.stack(shares).mean()))

    def test_a_map_that_no_whole_cell_covers_is_padded_with_nothing(self) -> None:
        labels = torch.ones(1, 6, 5, dtype=torch.long)
        packed = self.READOUT.pack([label_sample(labels[0])], (6, 5), STRIDE)
        assert packed[0, ..., 1].tolist() == [[1, 0.25], [0.5, 0.125]]
        assert packed.sum() == packed[..., 1].sum()

    def test_a_label_that_is_no_class_is_told(self) -> None:
        labels = torch.full((4, 4), CLASSES)
        with pytest.raises(DataError, match='contains 4, but the task has 4'):
            self.READOUT.pack([label_sample(labels)], (4, 4), STRIDE)

    def test_predictions_are_those_of_mmseg(self) -> None:
        """For a picture that was resized and padded, as EncoderDecoder treats its logits."""
        from mmseg.models import EncoderDecoder

        class Bare(EncoderDecoder):  # type: ignore[misc]
            align_corners = False

            def __init__(self) -> None:
                torch.nn.Module.__init__(self)

        outputs = torch.randn(2, 3, CLASSES, generator=GENERATOR)
        meta = {'ori_shape': (11, 17), 'img_shape': (6, 10), 'img_padding_size': [0, 2, 0, 2]}
        sample, theirs = (SegDataSample(metainfo=meta) for _ in range(2))
        self.READOUT.predict(outputs, sample, stride=STRIDE, is_vote=False)
        whole = functional.interpolate(outputs.permute(2, 0, 1)[None], (8, 12), mode='bilinear')
        Bare().postprocess_result(whole, [theirs])
        assert torch.equal(sample.pred_sem_seg.data, theirs.pred_sem_seg.data)


class TestDepthMaps:
    READOUT = DepthMaps(near=0.5, far=8.0, middle=2.0)

    def depth(self) -> Tensor:
        depth = 0.2 + 10 * torch.rand(2, 8, 12, generator=GENERATOR)
        depth[torch.rand(2, 8, 12, generator=GENERATOR) < 0.3] = 0
        return depth

    def test_the_slope_is_that_of_the_squared_error_over_pixels(self) -> None:
        depth = self.depth()
        known = (depth >= 0.5) & (depth <= 8.0)
        outputs = torch.randn(2, 2, 3, 1, generator=GENERATOR, requires_grad=True)
        gap = in_pixels(outputs)[..., 0] - (depth / 2.0).log()
        (gap[known].square().mean() / 2).backward()
        packed = self.READOUT.pack([depth_sample(m) for m in depth], (8, 12), STRIDE)
        found = self.READOUT.gradient(
            outputs.detach().flatten(0, 2)[:, None], self.READOUT.unpack(packed.flatten(0, 2))
        )
        assert outputs.grad is not None
        assert torch.allclose(found[:, 0], outputs.grad.flatten(0, 2), atol=1e-6)

    def test_scores_are_metres(self) -> None:
        packed = torch.tensor([[1.0, 0.0], [0.5, torch.tensor(2.0).log()], [0.0, 9.0]])
        targets = self.READOUT.unpack(packed)
        tally = self.READOUT.tally(2)
        tally.add(torch.tensor([0.0, float('nan')])[None, :, None].repeat(3, 1, 1), targets)
        # predicted 2 m; true 2 m with weight 1 and 4 m with weight 1/2
        right, diverged = tally.scores()
        assert right == pytest.approx((0.5 * 4 / 1.5) ** 0.5)
        assert diverged is None

    def test_predictions_have_the_size_on_disk_and_stay_in_range(self) -> None:
        meta = {'ori_shape': (11, 17), 'img_shape': (6, 10)}
        sample = SegDataSample(metainfo=meta)
        outputs = torch.tensor([0.0, 50.0, -50.0, 0.0, 0.0, 0.0]).view(2, 3, 1)
        self.READOUT.predict(outputs, sample, stride=STRIDE, is_vote=False)
        data = sample.pred_depth_map.data
        assert data.shape == (1, 11, 17)
        assert (data.min() >= 0.5 - 1e-5, data.max() <= 8 + 1e-5) == (True, True)
        assert isinstance(sample.pred_depth_map, PixelData)


class TestLabels:
    READOUT = Labels(classes=3)

    def test_a_diverged_trial_has_no_score(self) -> None:
        tally = self.READOUT.tally(2)
        outputs = torch.tensor([[[0.0, 1.0, 0.0], [float('nan')] * 3]] * 2)
        tally.add(outputs, self.READOUT.unpack(torch.tensor([[1], [2]])))
        assert tally.scores() == [50.0, None]

    @pytest.mark.parametrize('is_vote', [True, False])
    def test_scores_of_a_prediction_sum_to_one(self, is_vote: bool) -> None:
        from mmpretrain.structures import DataSample

        sample = DataSample()
        self.READOUT.predict(torch.tensor([0.2, 0.5, 0.3]), sample, stride=1, is_vote=is_vote)
        assert int(sample.pred_label) == 1
        assert float(sample.pred_score.sum()) == pytest.approx(1)
        assert (float(sample.pred_score[1]) == pytest.approx(0.5)) is is_vote
