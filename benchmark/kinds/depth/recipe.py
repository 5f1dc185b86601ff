"""Fine-tuning on monocular depth."""

from __future__ import annotations

from benchmark.kinds.marks import adapted, ours, stated
from benchmark.specs import Architecture, Rule, Size

KIND = 'depth'

_OPTIONS = 'configs/train_options.py'
_BASE = 'README.md, Swin-Base'
_LARGE = 'README.md, Swin-Large'
_ONLY_SWIN = 'the source trains SwinV2 only'
_NETWORKS = ('swinv2-b', 'swinv2-l')

TRAINED_ON = ('nyuv2', 'kitti-depth')
"""The tasks for which the sources of the general rules state their numbers."""

RULES = (
    Rule(
        KIND,
        stated('mim-depth', _OPTIONS, lr=5e-4, weight_decay=0.05, epochs=25)
        | stated('mim-depth', 'configs/base_options.py', batch_size=24)
        | stated('mim-depth', 'train.py, no clipping', clip_norm=None)
        | adapted(
            'mim-depth',
            'train.py',
            says='rises from 3e-5 with power 0.9 over the first 12 of 25 epochs',
            reason='short trainings rise linearly from near 0 to the same peak',
            warmup=12 / 25,
        )
        | adapted(
            'mim-depth',
            'train.py',
            says='falls by 1 - t^0.9 to 3e-5, and each layer to its share of that',
            reason='short trainings fall to 0',
            schedule='poly',
        )
        | stated('mim-depth', 'train.py', power=0.9),
        networks=_NETWORKS,
    ),
    Rule(
        KIND,
        stated('mim-depth', 'train.py, 12 of 25 epochs', warmup=12 / 25)
        | stated('mim-depth', 'train.py', schedule='rise-and-fall', power=0.9)
        | stated('mim-depth', 'train.py, 3e-5 of 5e-4, times the layer', floor=0.06),
        options=ours(f"{_ONLY_SWIN}; SwinV2-B's embed_dim", decoder_width=128),
        networks=_NETWORKS,
        at_full_length=True,
    ),
    Rule(
        KIND,
        stated('mim-depth', _BASE, layer_decay=0.9, drop_path=0.3)
        | stated('mim-depth', 'models/optimizer.py, 29 layers', decay_steps=28),
        architecture=Architecture.HIERARCHICAL,
        networks=('swinv2-b',),
    ),
    Rule(
        KIND,
        stated('mim-depth', _LARGE, layer_decay=0.85, drop_path=0.5)
        | stated('mim-depth', 'models/optimizer.py, 29 layers', decay_steps=28),
        architecture=Architecture.HIERARCHICAL,
        size=Size.LARGE,
        networks=('swinv2-l',),
    ),
    *(
        Rule(
            KIND,
            {},
            architecture=Architecture.HIERARCHICAL,
            size=size,
            options=stated('mim-depth', 'models/model.py, embed_dim', decoder_width=width),
            networks=(network,),
            at_full_length=True,
        )
        for size, network, width in ((None, 'swinv2-b', 128), (Size.LARGE, 'swinv2-l', 192))
    ),
    Rule(
        KIND,
        ours(
            f"{_ONLY_SWIN}; SwinV2-B's rate at the stem",
            layer_decay=0.9,
            decay_steps=28,
        )
        | ours(f"{_ONLY_SWIN}; SwinV2-B's", drop_path=0.3),
        architecture=Architecture.PLAIN_VIT,
    ),
    Rule(
        KIND,
        ours(
            f"{_ONLY_SWIN}; SwinV2-B's rate at the stem",
            layer_decay=0.9,
            decay_steps=28,
        )
        | ours(f'{_ONLY_SWIN}; none, as OpenMMLab trains ResNets', drop_path=0.0),
        architecture=Architecture.CONVNET,
    ),
    Rule(
        KIND,
        stated('mim-depth', f'{_BASE} on NYU Depth V2', crop=(480, 480)),
        tasks=('nyuv2',),
        networks=_NETWORKS,
    ),
    Rule(
        KIND,
        stated('mim-depth', f'{_BASE} on NYU Depth V2, last stage 15', window=30),
        architecture=Architecture.HIERARCHICAL,
        tasks=('nyuv2',),
        networks=_NETWORKS,
    ),
    Rule(
        KIND,
        stated('mim-depth', f'{_BASE} on KITTI', crop=(352, 352)),
        tasks=('kitti-depth',),
        networks=_NETWORKS,
    ),
    Rule(
        KIND,
        stated('mim-depth', f'{_BASE} on KITTI, last stage 11', window=22),
        architecture=Architecture.HIERARCHICAL,
        tasks=('kitti-depth',),
        networks=_NETWORKS,
    ),
)

DIFFERENCES = (
    (
        'input',
        'pixels in [0, 1] without the mean and deviation of pretraining',
        'normalised as the backbone was pretrained',
        'a backbone gets the input that it knows',
    ),
    (
        'vertical strips of depth',
        'in every fourth picture; 16-bit depth is written into bytes and overflows',
        'in a quarter of the pictures at random, 0 to the largest depth as 0 to 255',
        'an overflow is no augmentation that anyone planned',
    ),
    (
        "columns beyond KITTI's last window",
        'undefined, as no window covers the last 9',
        'those of the last column that one covers',
        'they lie outside the pixels that are scored',
    ),
    (
        'test list',
        'scored after every epoch; how the reported one is chosen is not stated',
        'scored once, at the end',
        'test data must not choose',
    ),
)
