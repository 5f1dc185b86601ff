"""Pose runs: what is compiled, that key points keep their places, and tiny trainings."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from benchmark import world
from benchmark.catalog.tasks import find_task
from benchmark.errors import DataError, DeclarationError
from benchmark.kinds.base import Config
from benchmark.kinds.pose.kind import data as data_parts
from benchmark.kinds.pose.kind import model as model_parts
from benchmark.kinds.pose.kind import read_keypoints
from benchmark.specs import Role, Task
from tests.support.kind_trials import Trial, context, declare, scope

METAINFO = {
    'keypoints': ('nose', 'left_ear', 'right_ear', 'tail'),
    'skeleton': ((0, 1), (0, 2), (0, 3)),
    'flip_pairs': ((1, 2),),
    'sigmas': 0.05,
}
SIZE = (64, 48)
PICTURES = 4


def pose_task(folder: Path, *, options: Any = None, metainfo: Any = METAINFO) -> Task:
    """Return a declared task; 48 px wide, so that pictures are padded to 64."""
    task = {
        'name': 'tiny-pose',
        'kind': 'pose',
        'input_size': SIZE,
        'classes': ('mouse',),
        'splits': {'train': PICTURES, 'test': PICTURES},
        'metric': 'keypoint_AP',
        'metrics': ('PCK',),
        'options': {'width': 8, **(options or {})},
    }
    data = {
        'root': 'unused',
        'type': 'benchmark.KeypointDataset',
        'metainfo': metainfo,
        'data_prefix': {'img': ''},
        'train': {'ann_file': 'train.json'},
        'test': {'ann_file': 'train.json'},
    }
    return declare(folder, task, data)


def write_pictures(folder: Path, *, names: int = 4) -> None:
    """Write grey pictures of 120 x 100 px, each with one instance."""
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for number in range(1, PICTURES + 1):
        cv2.imwrite(str(folder / f'{number}.png'), rng.integers(0, 255, (100, 120, 3), np.uint8))
        points = rng.uniform((35, 25), (75, 85), (names, 2))
        flat = [float(v) for x, y in points for v in (x, y, 2)]
        images.append({'id': number, 'file_name': f'{number}.png', 'width': 120, 'height': 100})
        annotations.append(
            {
                'id': number,
                'image_id': number,
                'category_id': 1,
                'bbox': [30, 20, 50, 70],
                'area': 3500,
                'iscrowd': 0,
                'num_keypoints': names,
                'keypoints': flat,
            }
        )
    content = {'images': images, 'categories': [{'id': 1, 'name': 'mouse'}]}
    (folder / 'train.json').write_text(json.dumps({**content, 'annotations': annotations}))


def sample(folder: Path, task: Task, pipeline: list[Config]) -> Any:
    """Return the first packed sample of the task."""
    from benchmark.kinds.pose.data import KeypointDataset

    declared = {k: v for k, v in task.datasets[Role.TRAIN].items() if k != 'type'}
    with scope('mmpose'):
        return KeypointDataset(**declared, data_root=str(folder), pipeline=pipeline)[0]


@pytest.mark.parametrize(
    ('stride', 'deconvolutions', 'resampled'),
    [(4, 0, None), (8, 1, None), (14, 2, 16), (16, 2, None), (32, 3, None), (28, 3, 32), (2, 0, 4)],
)
def test_heat_maps_have_stride_4(
    stride: int, deconvolutions: int, resampled: int | None, tmp_path: Path
) -> None:
    from mmpose.models.heads import HeatmapHead

    from benchmark.kinds.common.necks import ResampledMap

    model = model_parts(context(pose_task(tmp_path), stride=stride)).model
    assert len(model['head']['deconv_out_channels']) == deconvolutions
    maps = (torch.zeros(1, 24, -(-64 // stride), -(-64 // stride)),)
    if resampled:
        assert model['neck'].pop('type') == 'benchmark.ResampledMap'
        assert model['neck']['out_stride'] == resampled
        maps = ResampledMap(**model['neck'])(maps)
    else:
        assert 'neck' not in model
    with scope('mmpose'):
        head = HeatmapHead(**{k: v for k, v in model['head'].items() if k != 'type'})
    assert head(maps).shape == (1, 4, 16, 16)
    assert model['head']['decoder']['heatmap_size'] == (16, 16)
    assert model['head']['decoder']['input_size'] == (64, 64)


@pytest.mark.parametrize('udp', [False, True])
def test_key_points_survive_the_way_to_heat_maps_and_back(udp: bool, tmp_path: Path) -> None:
    from mmpose.registry import KEYPOINT_CODECS

    write_pictures(tmp_path)
    task = pose_task(tmp_path, options={'udp': udp, 'flip': False})
    made = model_parts(context(task, stride=16))
    steps = [s for s in made.train_pipeline if s['type'] != 'RandomBBoxTransform']
    data = sample(tmp_path, task, steps)['data_samples']
    with scope('mmpose'):
        codec = KEYPOINT_CODECS.build(made.model['head']['decoder'])
    found, _ = codec.decode(data.gt_fields.heatmaps.numpy())
    scale, centre = data.metainfo['input_scale'], data.metainfo['input_center']
    # as mmpose's estimator brings key points back into the picture
    places = found / data.metainfo['input_size'] * scale + centre - 0.5 * scale
    pixel = scale[0] / SIZE[1]
    limit = (0.2 if udp else 0.5) * 4 * pixel
    gap = np.linalg.norm(places - data.gt_instances.keypoints, axis=-1)
    assert gap.max() < limit * math.sqrt(2)


def test_mirroring_exchanges_left_and_right(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    task = pose_task(tmp_path)
    steps = model_parts(context(task, stride=16)).train_pipeline
    plain = [s for s in steps if s['type'] not in ('RandomBBoxTransform', 'RandomFlip')]
    flip = [{**s, 'prob': 1.0} for s in steps if s['type'] == 'RandomFlip']
    original = sample(tmp_path, task, plain)
    mirrored = sample(tmp_path, task, [*plain[:2], *flip, *plain[2:]])
    before, after = (s['data_samples'].gt_instances.keypoints[0] for s in (original, mirrored))
    swapped = before[[0, 2, 1, 3]]
    np.testing.assert_allclose(after[:, 0], 120 - 1 - swapped[:, 0], atol=1e-4)
    np.testing.assert_allclose(after[:, 1], swapped[:, 1], atol=1e-4)
    assert original['data_samples'].metainfo['flip_indices'] == [0, 2, 1, 3]


@pytest.mark.parametrize(('udp', 'limit'), [(False, 0.5), (True, 0.05)])
def test_a_mirrored_pass_agrees_with_the_plain_one(udp: bool, limit: float, tmp_path: Path) -> None:
    from mmpose.models.utils.tta import flip_heatmaps
    from mmpose.registry import KEYPOINT_CODECS

    model = model_parts(context(pose_task(tmp_path, options={'udp': udp}), stride=16)).model
    with scope('mmpose'):
        codec = KEYPOINT_CODECS.build(model['head']['decoder'])
    columns = np.arange(20.0, 44.0)
    points = np.stack([columns, np.full_like(columns, 30.0)], axis=1)[None].astype(np.float32)
    mirrored = points * [-1, 1] + [63, 0]
    plain, other = (codec.encode(p.astype(np.float32))['heatmaps'] for p in (points, mirrored))
    shift = model['test_cfg']['shift_heatmap']
    back = flip_heatmaps(torch.tensor(other)[None], shift_heatmap=shift)[0].numpy()
    cells = np.arange(16)
    gap = [((b - a).sum(axis=0) * cells).sum() / a.sum() for a, b in zip(plain, back, strict=True)]
    assert abs(np.mean(gap)) < limit


def test_augmentation_can_be_switched_off(tmp_path: Path) -> None:
    task = pose_task(tmp_path, options={'flip': False, 'scale_jitter': (1.0, 1.0), 'rotation': 0})
    made = model_parts(context(task, stride=16))
    assert not any(step['type'] == 'RandomFlip' for step in made.train_pipeline)
    assert made.model['test_cfg']['flip_test'] is False


def test_one_sigma_stands_for_all(tmp_path: Path) -> None:
    keypoints = read_keypoints(pose_task(tmp_path))
    assert keypoints.sigmas == (0.05,) * 4
    assert keypoints.flip_pairs == ((1, 2),)


def test_joint_weights_reach_the_loss(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    task = pose_task(tmp_path, metainfo={**METAINFO, 'joint_weights': (1.0, 2.0, 3.0, 0.5)})
    steps = model_parts(context(task, stride=16)).train_pipeline
    steps = [s for s in steps if s['type'] not in ('RandomBBoxTransform', 'RandomFlip')]
    labels = sample(tmp_path, task, steps)['data_samples'].gt_instance_labels
    assert labels.keypoint_weights.tolist() == [[1.0, 2.0, 3.0, 0.5]]


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'keypoints': ()}, r"metainfo\['keypoints'\] is \(\): must be distinct names"),
        ({'keypoints': ('a', 'a', 'b', 'c')}, 'must be distinct names'),
        ({'skeleton': ((0, 4),)}, r'pairs of indices from 0 to 3'),
        ({'flip_pairs': ((0, 1, 2),)}, r"metainfo\['flip_pairs'\] is .*pairs of indices"),
        ({'sigmas': (0.05, 0.05)}, 'must be 4 positive numbers'),
        ({'sigmas': 0}, 'must be 4 positive numbers'),
        ({'joint_weights': (1.0,)}, 'must be 4 positive numbers'),
    ],
)
def test_wrong_descriptions_are_refused(
    change: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    task = pose_task(tmp_path, metainfo={**METAINFO, **change})
    with pytest.raises(DeclarationError, match=f'tiny.py: data .*{reason}') as caught:
        data_parts(task)
    assert '\n' not in str(caught.value)


def test_a_description_without_sigmas_is_refused(tmp_path: Path) -> None:
    task = pose_task(tmp_path, metainfo={'keypoints': ('nose',)})
    with pytest.raises(DeclarationError, match=r"metainfo\['sigmas'\] is None: must be 1 positive"):
        data_parts(task)


def test_annotations_of_other_key_points_are_refused(tmp_path: Path) -> None:
    write_pictures(tmp_path, names=3)
    with pytest.raises(DataError, match='annotation 1 has 3 key points, the task declares 4'):
        sample(tmp_path, pose_task(tmp_path), [])


def test_a_missing_annotation_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'train\.json: no such annotation file'):
        sample(tmp_path, pose_task(tmp_path), [])


def test_the_world_task_describes_the_world() -> None:
    task = find_task('world-pose')
    keypoints = read_keypoints(task)
    assert keypoints.names == world.KEYPOINTS
    assert keypoints.skeleton == world.SKELETON
    assert keypoints.flip_pairs == world.FLIP_PAIRS
    assert keypoints.sigmas == world.KEYPOINT_SIGMAS
    assert tuple(task.splits[role] for role in Role) == world.WorldSpec().scenes


@pytest.mark.parametrize('protocol', ['frozen', 'finetune'])
@pytest.mark.parametrize('architecture', ['test_vit', 'test_resnet'])
def test_trial(architecture: str, protocol: str, tmp_path: Path) -> None:
    write_pictures(tmp_path)
    task = pose_task(tmp_path, options={'udp': True, 'flip_test': True})
    outcome = Trial(task, architecture, protocol, tmp_path, tmp_path / 'work').run()
    assert set(outcome.raw) == {'keypoint_AP', 'keypoint_AP50', 'keypoint_AP75', 'PCK'}
    assert 0 <= outcome.raw['PCK'] <= 100
    assert len(outcome.pictures) == PICTURES
    assert len(outcome.curves['loss_kpt']) == 2


def test_a_network_learns_where_bright_spots_are(tmp_path: Path) -> None:
    """Four spots of distinct colours in one arrangement: a scratch network can place them."""
    write_pictures(tmp_path)
    content = json.loads((tmp_path / 'train.json').read_text())
    colours = ((255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255))
    for image, annotation in zip(content['images'], content['annotations'], strict=True):
        canvas = np.full((100, 120, 3), 30, np.uint8)
        points = np.reshape(annotation['keypoints'], (4, 3))[:, :2]
        for (x, y), colour in zip(points, colours, strict=True):
            cv2.circle(canvas, (round(x), round(y)), 5, colour, -1)
        cv2.imwrite(str(tmp_path / image['file_name']), canvas)
    options = {'flip': False, 'scale_jitter': (1.0, 1.0), 'rotation': 0, 'pck_threshold': 0.1}
    task = pose_task(tmp_path, options={**options, 'width': 32})
    trial = Trial(task, 'test_resnet', 'finetune', tmp_path, tmp_path / 'work', iterations=60)
    assert trial.run().raw['PCK'] > 60
