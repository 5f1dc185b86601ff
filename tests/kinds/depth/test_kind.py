"""Depth runs: the head's size and start, its loss, the data, and tiny trainings."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict

from benchmark import world
from benchmark.catalog.tasks import find_task
from benchmark.errors import DataError, DeclarationError
from benchmark.kinds.common.necks import ResampledMap
from benchmark.kinds.depth.data import DepthFolders
from benchmark.kinds.depth.head import DeconvolutionDepthHead, silog
from benchmark.kinds.depth.kind import data as data_parts
from benchmark.kinds.depth.kind import model as model_parts
from benchmark.specs import Role, Task
from tests.support.kind_trials import Trial, context, declare, scope

SIZE = (48, 64)
PICTURES = 4


def depth_task(folder: Path, **options: Any) -> Task:
    task = {
        'name': 'tiny-depth',
        'kind': 'depth',
        'input_size': SIZE,
        'classes': ('depth',),
        'splits': {'train': PICTURES, 'test': PICTURES},
        'metric': 'rmse',
        'options': {'max_depth': 8, 'width': 8, **options},
    }
    prefix = {'data_prefix': {'img_path': 'image', 'depth_path': 'depth'}}
    data = {'root': 'unused', 'type': 'benchmark.DepthFolders', 'train': prefix, 'test': prefix}
    return declare(folder, task, data)


def write_pictures(folder: Path) -> None:
    """Write pictures of 128 x 96 px as bright as they are deep; the left end has no depth."""
    (folder / 'image').mkdir()
    (folder / 'depth').mkdir()
    for number in range(PICTURES):
        depth = np.tile(np.linspace(1000, 5000, 128), (96, 1)) + 100 * number
        image = np.repeat((depth / 25)[..., None], 3, axis=2).astype(np.uint8)
        depth[:, :16] = 0
        cv2.imwrite(str(folder / 'image' / f'{number}.png'), image)
        cv2.imwrite(str(folder / 'depth' / f'{number}.png'), depth.astype(np.uint16))


def head_of(task: Task, stride: int) -> tuple[ResampledMap | None, DeconvolutionDepthHead]:
    """Return the neck and head compiled for a backbone of one map."""
    model = model_parts(context(task, stride=stride)).model
    neck = {k: v for k, v in model.get('neck', {}).items() if k != 'type'}
    head = {k: v for k, v in model['decode_head'].items() if k != 'type'}
    return ResampledMap(**neck) if neck else None, DeconvolutionDepthHead(**head)


def deconvolutions(head: DeconvolutionDepthHead) -> int:
    return sum(isinstance(layer, torch.nn.ConvTranspose2d) for layer in head.decoder)


@pytest.mark.parametrize(('stride', 'count'), [(4, 0), (8, 1), (14, 2), (16, 2), (32, 3)])
def test_depth_has_the_size_of_the_input(stride: int, count: int, tmp_path: Path) -> None:
    neck, head = head_of(depth_task(tmp_path), stride)
    assert (neck is not None) is (stride == 14)
    assert deconvolutions(head) == count
    maps = (torch.zeros(2, 24, -(-96 // stride), -(-64 // stride)),)
    assert head(neck(maps) if neck else maps).shape == (2, 1, 96, 64)


def test_training_starts_at_the_mean_depth(tmp_path: Path) -> None:
    torch.manual_seed(0)
    _, head = head_of(depth_task(tmp_path, mean_depth=2.5), 16)
    depth = head((torch.randn(2, 24, 6, 4),))
    torch.testing.assert_close(depth, torch.full_like(depth, 2.5), rtol=0.02, atol=0)


def test_without_a_mean_training_starts_in_the_middle(tmp_path: Path) -> None:
    torch.manual_seed(0)
    _, head = head_of(depth_task(tmp_path), 32)
    assert head((torch.randn(1, 24, 2, 2),)).mean().item() == pytest.approx(4, rel=0.02)


def test_depth_stays_below_the_maximum(tmp_path: Path) -> None:
    _, head = head_of(depth_task(tmp_path), 32)
    with torch.no_grad():
        head.predictor[-1].bias.fill_(50.0)
    assert head((torch.randn(1, 24, 2, 2),)).max().item() == pytest.approx(8)


def test_loss_by_hand() -> None:
    predicted = torch.tensor([1.0, 2.0, 4.0, 1.0])
    true = torch.tensor([2.0, 2.0, 2.0, 0.0])
    gaps = [math.log(2), 0.0, -math.log(2)]
    wanted = math.sqrt(sum(g**2 for g in gaps) / 3 - 0.5 * (sum(gaps) / 3) ** 2)
    assert silog(predicted, true, true > 0).item() == pytest.approx(wanted)


def test_a_common_factor_counts_half() -> None:
    true = torch.tensor([1.0, 2.0, 4.0])
    loss = silog(math.e * true, true, true > 0)
    assert loss.item() == pytest.approx(math.sqrt(0.5))


def test_loss_without_labels_or_error_has_a_gradient() -> None:
    predicted = torch.tensor([1.0, 2.0], requires_grad=True)
    true = predicted.detach().clone()
    for is_valid in (torch.tensor([False, False]), torch.tensor([True, True])):
        (gradient,) = torch.autograd.grad(silog(predicted, true, is_valid), predicted)
        assert gradient.tolist() == [0, 0]


def test_missing_far_and_padded_pixels_do_not_teach(tmp_path: Path) -> None:
    torch.manual_seed(0)
    _, head = head_of(depth_task(tmp_path, mean_depth=2.0), 4)
    features = (torch.randn(1, 24, 2, 2),)
    true = torch.zeros(1, 8, 8)
    true[0, 0, :2] = torch.tensor([2.0, 3.0])
    alone = head.loss(features, [_labelled(true)], {})['loss_silog'].item()
    true[0, 4:] = 8.001
    true[0, 3] = 1e-4
    assert head.loss(features, [_labelled(true)], {})['loss_silog'].item() == pytest.approx(alone)
    gaps = np.log([2.0, 3.0]) - math.log(2.0)
    wanted = math.sqrt((gaps**2).mean() - 0.5 * gaps.mean() ** 2)
    assert alone == pytest.approx(wanted, rel=0.05)


def test_the_sources_head_is_wider_behind_the_deconvolutions_and_starts_small(
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    options = {'width': 32, 'decoder_width': 128, 'small_start': True}
    _, head = head_of(depth_task(tmp_path, **options), 32)
    convolutions = [
        layer
        for layer in (*head.decoder, *head.predictor)
        if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d)
    ]
    assert [layer.out_channels for layer in convolutions] == [32, 32, 32, 128, 128, 1]
    for layer in convolutions:
        assert layer.weight.std().item() == pytest.approx(1e-3, rel=0.15)
        if layer.bias is not None:
            assert not layer.bias.any()  # the mean depth is half of the largest


def test_far_pixels_teach_where_labels_have_no_limit(tmp_path: Path) -> None:
    torch.manual_seed(0)
    _, head = head_of(depth_task(tmp_path, mean_depth=2.0, label_limit=False), 4)
    true = torch.zeros(1, 8, 8)
    true[0, 0, :2] = torch.tensor([2.0, 30.0])
    gaps = np.log([2.0, 30.0]) - math.log(2.0)
    wanted = math.sqrt((gaps**2).mean() - 0.5 * gaps.mean() ** 2)
    found = head.loss((torch.randn(1, 24, 2, 2),), [_labelled(true)], {})['loss_silog'].item()
    assert found == pytest.approx(wanted, rel=0.05)


@pytest.mark.parametrize(
    ('width', 'starts', 'defined'), [(1216, range(0, 856, 57), 1207), (352, [0], 352)]
)
def test_kittis_windows_begin_at_multiples_of_57(
    width: int, starts: range | list[int], defined: int
) -> None:
    scope('mmseg')
    from benchmark.kinds.depth.estimator import WindowedDepthEstimator

    seen: list[int] = []

    class Estimator(WindowedDepthEstimator):
        out_channels = 1

        def __init__(self) -> None:
            torch.nn.Module.__init__(self)
            self.test_cfg = ConfigDict(crop_size=(352, 352), stride=(352, 57))

        def encode_decode(self, inputs: torch.Tensor, metas: Any) -> torch.Tensor:
            seen.append(int(inputs.min()))  # every pixel holds its column
            return inputs[:, :1]

    columns = torch.arange(float(width)).expand(1, 3, 352, width)
    depth = Estimator().slide_flip_inference(columns, [{}])
    assert sorted(set(seen)) == list(starts)
    assert depth.shape == (1, 1, 352, width)
    torch.testing.assert_close(depth[0, 0, 0, :defined], torch.arange(float(defined)))
    assert (depth[..., defined:] == depth[..., defined - 1 : defined]).all()


def _labelled(true: torch.Tensor) -> SimpleNamespace:
    return SimpleNamespace(gt_depth_map=SimpleNamespace(data=true))


def test_resampled_cells_keep_their_pixels() -> None:
    centres = (torch.arange(16) + 0.5) * 14  # of 14 px cells, in pixels
    rows, columns = torch.meshgrid(centres, centres, indexing='ij')
    (resampled,) = ResampledMap(in_stride=14, out_stride=16)((torch.stack([rows, columns])[None],))
    assert resampled.shape == (1, 2, 14, 14)
    wanted = (torch.arange(14) + 0.5) * 16
    torch.testing.assert_close(resampled[0, 0, :, 3], wanted, rtol=0, atol=1e-3)
    torch.testing.assert_close(resampled[0, 1, 3], wanted, rtol=0, atol=1e-3)


@pytest.mark.parametrize('flip', [0.0, 1.0])
def test_depth_stays_with_its_picture(flip: float, tmp_path: Path) -> None:
    write_pictures(tmp_path)
    task = depth_task(tmp_path)
    steps = model_parts(context(task, stride=16)).train_pipeline
    steps = [{**s, 'prob': flip} if s['type'] == 'RandomFlip' else s for s in steps]
    declared = {k: v for k, v in task.datasets[Role.TRAIN].items() if k != 'type'}
    with scope('mmseg'):
        data = DepthFolders(**declared, data_root=str(tmp_path), pipeline=steps)
    assert len(data) == PICTURES
    sample = data[1]
    image, depth = sample['inputs'][0].float(), sample['data_samples'].gt_depth_map.data[0]
    assert depth.shape == SIZE
    is_labelled = depth > 0
    # grey levels are metres times 40
    torch.testing.assert_close(image[is_labelled] / 40, depth[is_labelled], rtol=0, atol=0.06)
    assert is_labelled[0, -1].item() is (flip == 0)
    assert is_labelled[0, 0].item() is (flip == 1)


def test_pictures_without_depth_are_named(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    (tmp_path / 'depth' / '2.png').unlink()
    prefix = {'img_path': 'image', 'depth_path': 'depth'}
    with pytest.raises(DataError, match=r'image/2\.png: has no depth map .*depth/2\.png'):
        DepthFolders(data_root=str(tmp_path), data_prefix=prefix)
    with pytest.raises(DataError, match=r'nothing: contains no pictures'):
        DepthFolders(data_root=str(tmp_path), data_prefix={**prefix, 'img_path': 'nothing'})


@pytest.mark.parametrize(
    'options', [{'max_depth': 0}, {'mean_depth': 9}, {'min_depth': 5, 'mean_depth': 4}]
)
def test_contradicting_depths_are_refused(options: dict[str, float], tmp_path: Path) -> None:
    task = depth_task(tmp_path, **options)
    with pytest.raises(DeclarationError, match=r'tiny\.py: task options need 0 < min_depth'):
        data_parts(task)


def test_the_world_task_counts_the_worlds_scenes() -> None:
    task = find_task('world-depth')
    assert tuple(task.splits[role] for role in Role) == world.WorldSpec().scenes
    assert task.metric.key == 'rmse'


@pytest.mark.parametrize('protocol', ['frozen', 'finetune'])
@pytest.mark.parametrize('architecture', ['test_vit', 'test_resnet'])
def test_trial(architecture: str, protocol: str, tmp_path: Path) -> None:
    write_pictures(tmp_path)
    is_cropped = architecture == 'test_vit'
    options = {'crop': (40, 40), 'photometric': True} if is_cropped else {'flip_test': True}
    task = depth_task(tmp_path, **options, eval_crop=(0.1, 0.9, 0.0, 1.0))
    outcome = Trial(task, architecture, protocol, tmp_path, tmp_path / 'work').run()
    assert {'rmse', 'delta1', 'rmse_pooled', 'log10_pooled'} <= set(outcome.raw)
    assert 0 < outcome.raw['rmse'] < 5
    assert len(outcome.pictures) == PICTURES
    assert len(outcome.curves['decode.loss_silog']) == 2


def test_a_network_learns_that_bright_is_far(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    task = depth_task(tmp_path, mean_depth=3.0, width=16)
    trial = Trial(task, 'test_resnet', 'finetune', tmp_path, tmp_path / 'work', iterations=60)
    # predicting the mean everywhere scores 1.06 m
    assert trial.run().raw['rmse'] < 0.6
