"""Heads that tasks may ask for learn and predict: one step and one picture of each."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from benchmark.catalog.tasks import find_task
from benchmark.kinds.detection.kind import two_stage_detector
from tests.support.kind_trials import context, scope

CLASSES = ('a', 'b', 'c')
SMALL = {'width': 16, 'proposals': 20, 'regions': 16, 'mask_convs': 1, 'finest_scale': 28}


@pytest.mark.parametrize('name', ['coco-detection-cascade', 'lvis'])
def test_a_step_of_training_and_a_prediction(name: str, tmp_path: Path) -> None:
    from mmdet.registry import MODELS
    from mmdet.structures import DetDataSample
    from mmdet.structures.mask import BitmapMasks

    import benchmark.kinds.detection.lvis_loss  # noqa: F401  (registers the loss)

    task = find_task(name)
    options = {**task.options, **SMALL, 'training_proposals': 40}
    place = context(replace(task, classes=CLASSES, options=options), stride=16)
    config = two_stage_detector(place, masks=True)
    counts = [{'id': i, 'name': name, 'image_count': 5} for i, name in enumerate(CLASSES)]
    path = tmp_path / 'train.json'
    path.write_text(json.dumps({'categories': counts}))
    config['backbone'] = {'type': 'benchmark.FeatureBackbone', 'source': 'timm:test_vit',
                          'random': True}  # fmt: skip
    config['neck']['in_channels'] = 64
    text = json.dumps(config).replace('{data}/annotations/lvis_v1_train.json', str(path))
    torch.manual_seed(0)
    with scope('mmdet'):
        model = MODELS.build(ConfigDict(json.loads(text)))
        sample = DetDataSample(metainfo={'img_shape': (96, 96), 'ori_shape': (96, 96),
                                         'pad_shape': (96, 96), 'batch_input_shape': (96, 96),
                                         'scale_factor': (1.0, 1.0)})  # fmt: skip
        boxes = torch.tensor([[8.0, 8.0, 60.0, 60.0], [40.0, 30.0, 90.0, 80.0]])
        masks = torch.zeros(2, 96, 96).bool().numpy()
        masks[:, 10:50, 10:50] = True
        sample.gt_instances = InstanceData(
            bboxes=boxes, labels=torch.tensor([0, 2]), masks=BitmapMasks(masks, 96, 96)
        )
        losses = model.loss(torch.rand(1, 3, 96, 96), [sample])
        flat = [
            item
            for loss in losses.values()
            for item in (loss if isinstance(loss, list) else [loss])
        ]
        total = sum(item.mean() for item in flat if item.requires_grad)
        total.backward()
        assert torch.isfinite(total)
        head = model.roi_head.bbox_head
        heads = head if isinstance(head, torch.nn.ModuleList) else [head]
        for stage in heads:
            assert stage.fc_cls.weight.grad.abs().sum() > 0
            assert stage.fc_cls.out_features == (3 if name == 'lvis' else 4)
        model.eval()
        with torch.no_grad():
            (found,) = model.predict(torch.rand(1, 3, 96, 96), [sample])
    scores = found.pred_instances.scores
    assert ((scores >= 0) & (scores <= 1)).all()
