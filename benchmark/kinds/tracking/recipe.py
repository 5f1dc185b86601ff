"""Fine-tuning on single-object tracking."""

from __future__ import annotations

from benchmark.kinds.marks import adapted, ours, stated
from benchmark.specs import Architecture, Rule

KIND = 'tracking'

_RUNS = 'config/SwinTrack/Base/runs.yaml'
_CONFIG = 'config/SwinTrack/Base/config.yaml'
_TENTH = 'every stage of the backbone at a tenth of the rate'

TRAINED_ON = ('got10k', 'trackingnet', 'lasot')
"""The tasks for which the sources of the general rules state their numbers."""

RULES = (
    Rule(
        KIND,
        stated(
            'swintrack',
            _RUNS,
            lr=5e-4,
            weight_decay=1e-4,
            batch_size=64,
            clip_norm=0.1,
            warmup=0.01,
            schedule='step',
            milestones=(0.7,),
            step_factor=0.1,
        )
        | stated('swintrack', f'{_RUNS}, 300 epochs of 131,072 pairs', iterations=614_400)
        | stated('swintrack', _CONFIG, crop=(224, 224))
        | stated('swintrack', f'{_CONFIG}, none in the backbone', drop_path=0.0),
        networks=('swin-b',),
    ),
    Rule(
        KIND,
        stated('swintrack', f'{_RUNS}, everything', decayed='all'),
        networks=('swin-b',),
        at_full_length=True,
    ),
    Rule(
        KIND,
        adapted(
            'swintrack',
            _RUNS,
            says=_TENTH,
            reason='layer-wise decay as in every other kind, with the tenth as its geometric mean '
            'over 13 steps: 0.72^7',
            layer_decay=0.72,
            decay_steps=13,
        ),
        architecture=Architecture.HIERARCHICAL,
        networks=('swin-b',),
    ),
    Rule(
        KIND,
        ours(
            "the source trains Swin; its tenth for the backbone, as that of OSTrack's plain ViT "
            '(experiments/ostrack/vitb_384_mae_ce_32x4_ep300.yaml), spread as for Swin',
            layer_decay=0.72,
            decay_steps=13,
        ),
        architecture=Architecture.PLAIN_VIT,
    ),
    Rule(
        KIND,
        adapted(
            'swintrack',
            'config/SwinTrack/Tiny/mixin/resnet.yaml',
            says=_TENTH,
            reason='spread over the layers as for Swin',
            layer_decay=0.72,
            decay_steps=13,
        ),
        architecture=Architecture.CONVNET,
    ),
)

DIFFERENCES = (
    (
        'drop path of the fusion',
        '0.1, from half of the training on',
        'none',
        'the fusion of the kind has no drop path',
    ),
    (
        'training films',
        'GOT-10k without the films of VOT (7,086 of 9,335), LaSOT, TrackingNet, and pairs from '
        "COCO's pictures, a quarter each",
        'all of GOT-10k, LaSOT and TrackingNet, a third each',
        'the list of films is no part of the release of GOT-10k; VOT is no task here',
    ),
    (
        'last part of TrackingNet',
        'trained on',
        'tested on, as the labels of the official test split are withheld',
        'what is tested must not train',
    ),
    (
        'colours',
        'pixels from 0 to 1 as real numbers',
        'bytes, rounded after each change',
        'crops are kept as bytes until they are on the device',
    ),
)
