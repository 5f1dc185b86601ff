"""Fine-tuning on multi-object tracking."""

from __future__ import annotations

from benchmark.kinds.marks import adapted, ours, stated
from benchmark.specs import Architecture, Rule

KIND = 'mot'

_QDTRACK = 'configs/qdtrack/qdtrack_faster-rcnn_r50_fpn_4e_base.py'
_DATA = 'configs/_base_/datasets/mot_challenge.py, 8 x 2'
_SGD = 'the source trains ResNet-50 alone, by SGD'

TRAINED_ON = ('mot17', 'mot20', 'dancetrack')
"""The tasks for which the sources of the general rules state their numbers."""

RULES = (
    Rule(
        KIND,
        adapted(
            'mmdet',
            _QDTRACK,
            says='SGD at 0.02, decay 1e-4',
            reason="AdamW for other networks, at ViTDet's rate and decay",
            lr=1e-4,
            weight_decay=0.1,
        )
        | adapted(
            'mmdet',
            _QDTRACK,
            says='4 epochs from a detector of persons trained on COCO',
            reason='12 from the pretrained backbone alone: no other data may enter',
            epochs=12,
        )
        | stated('mmdet', _DATA, batch_size=16)
        | adapted(
            'mmdet',
            _QDTRACK,
            says='35, for SGD',
            reason="1, as ViTDet's Adam needs none and early clips do",
            clip_norm=1.0,
        )
        | ours('a twentieth of so short a training', warmup=0.05)
        | ours('no step fits all lengths', schedule='cosine'),
    ),
    Rule(
        KIND,
        ours(f"{_SGD}; ViTDet's for ViT-B", layer_decay=0.7, drop_path=0.1),
        architecture=Architecture.PLAIN_VIT,
    ),
    Rule(
        KIND,
        ours(f"{_SGD}; ViTDet's for Swin-B", drop_path=0.4),
        architecture=Architecture.HIERARCHICAL,
    ),
    Rule(
        KIND,
        ours(f"{_SGD}; ConvNeXt's for detection", layer_decay=0.8),
        architecture=Architecture.CONVNET,
    ),
    Rule(
        KIND,
        stated('mmdet', _QDTRACK, optimizer='sgd', lr=0.02, momentum=0.9, weight_decay=1e-4)
        | stated('mmdet', _DATA, batch_size=16)
        | stated('mmdet', f'{_QDTRACK}, everything', decayed='all')
        | stated('mmdet', _QDTRACK, clip_norm=35.0)
        | stated('mmdet', f'{_QDTRACK}, no layer-wise decay', layer_decay=1.0)
        | stated('mmdet', f'{_QDTRACK}, no drop path', drop_path=0.0),
        architecture=Architecture.CONVNET,
        networks=('resnet-50',),
        is_exclusive=True,
        at_full_length=True,
    ),
)

DIFFERENCES = (
    (
        'detector of QDTrack',
        'ResNet-50 with fixed batch norm, smooth L1 of 1/9 in the region proposal network, boxes '
        'that may leave the picture',
        "Faster R-CNN as the library configures it; the backbone's norms learn",
        'one detector for every backbone',
    ),
    (
        'extra data',
        'ByteTrack and OC-SORT add CrowdHuman, CityPersons and ETHZ',
        "the task's own films alone",
        'a comparison of backbones needs no other data',
    ),
    (
        'detector of ByteTrack',
        'YOLOX',
        'Faster R-CNN on the backbone, as for QDTrack',
        'the detector is what the backbone is compared by',
    ),
)
