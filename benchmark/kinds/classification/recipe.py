"""Fine-tuning on image classification."""

from __future__ import annotations

from benchmark.kinds.marks import adapted, ours, stated
from benchmark.specs import Architecture, Rule, Size

KIND = 'classification'

K12 = (
    'food101',
    'cifar10',
    'cifar100',
    'birdsnap',
    'sun397',
    'stanford-cars',
    'fgvc-aircraft',
    'voc2007',
    'dtd',
    'oxford-pets',
    'caltech101',
    'flowers102',
)
"""The twelve sets of Kornblith et al. (arXiv 1805.08974)."""

INATURALIST = ('inat2018', 'inat2019')
COG = tuple(f'cog-l{level}' for level in range(1, 6))

_MAE = 'FINETUNE.md, ViT-Base'
_MAE_LARGE = 'FINETUNE.md, ViT-Large'
_SWINV2 = 'configs/simmim/simmim_finetune__swinv2_base__img224_window14__800ep.yaml'
_IBOT = 'run.sh, evaluation/eval_cls.py'


def _k12_rate(
    rate: float, of: str, architecture: Architecture | None = None, size: Size | None = None
) -> tuple[Rule, ...]:
    """Return the rule that replaces the search over rates by the one of ImageNet-1k."""
    numbers = adapted(
        'simclr',
        'appendix, fine-tuning: SGD, a grid of rates and weight decays',
        says='searched per data set',
        reason=f'no search; the rate of fine-tuning on ImageNet-1k per 256 pictures ({of})',
        lr=rate,
    )
    return (Rule(KIND, numbers, architecture, size, K12),)


TRAINED_ON = ('imagenet1k',)
"""The tasks on whose data the sources of the rules for all tasks state their numbers."""

RULES = (
    Rule(
        KIND,
        stated(
            'mae',
            _MAE,
            lr=2e-3,
            weight_decay=0.05,
            batch_size=1024,
            epochs=100,
            crop=(224, 224),
        )
        | stated('mae', 'main_finetune.py, 5 of 100 epochs', warmup=0.05)
        | stated('mae', 'util/lr_sched.py', schedule='cosine')
        | stated('mae', 'main_finetune.py, no clipping', clip_norm=None),
    ),
    Rule(
        KIND,
        stated('mae', _MAE, layer_decay=0.65, drop_path=0.1),
        architecture=Architecture.PLAIN_VIT,
    ),
    Rule(
        KIND,
        stated('mae', _MAE_LARGE, lr=4e-3, layer_decay=0.75, drop_path=0.2, epochs=50)
        | stated('mae', 'FINETUNE.md, ViT-Large, 5 of 50 epochs', warmup=0.1),
        architecture=Architecture.PLAIN_VIT,
        size=Size.LARGE,
    ),
    Rule(
        KIND,
        stated('simmim', 'README.md, 16 processes of 128 pictures', batch_size=2048)
        | stated('swin', f'{_SWINV2}: 1.25e-3 per 512 pictures', lr=5e-3)
        | stated('swin', _SWINV2, weight_decay=0.05, epochs=100, drop_path=0.1)
        | stated('swin', f'{_SWINV2}, 20 of 100 epochs', warmup=0.2)
        | stated('swin', _SWINV2, layer_decay=0.75)
        | stated('simmim', 'optimizer.py, 24 blocks and the stem', decay_steps=25)
        | stated('simmim', 'config.py', clip_norm=5.0),
        architecture=Architecture.HIERARCHICAL,
    ),
    Rule(
        KIND,
        stated(
            'simmim',
            'configs/swin_large__800ep/simmim_finetune__swin_large__img224_window14__800ep.yaml',
            layer_decay=0.7,
            drop_path=0.2,
        )
        | stated('simmim', 'optimizer.py, 24 blocks and the stem', decay_steps=25),
        architecture=Architecture.HIERARCHICAL,
        size=Size.LARGE,
    ),
    Rule(
        KIND,
        stated('convnextv2', 'TRAINING.md, Base: 6.25e-4 per 256 pictures', lr=2.5e-3)
        | stated(
            'convnextv2',
            'TRAINING.md, Base',
            weight_decay=0.05,
            batch_size=1024,
            epochs=100,
            drop_path=0.1,
            layer_decay=0.6,
        )
        | stated('convnextv2', 'TRAINING.md, Base, 20 of 100 epochs', warmup=0.2)
        | stated('convnextv2', 'optim_factory.py, 12 groups and the stem', decay_steps=13),
        architecture=Architecture.CONVNET,
    ),
    Rule(
        KIND,
        adapted(
            'spark',
            'downstream_imagenet/arg.py, resnet50: LAMB, 2e-3 per 256 pictures',
            says='0.016 at batch 2048 with LAMB',
            reason='one optimiser, AdamW, for every backbone; the rate is that of ConvNeXt V2-B',
            lr=2.5e-3,
        )
        | stated(
            'spark',
            'downstream_imagenet/arg.py, resnet50',
            weight_decay=0.02,
            drop_path=0.05,
            layer_decay=0.7,
        )
        | adapted(
            'spark',
            'downstream_imagenet/arg.py, resnet50',
            says='2048',
            reason='the batch that belongs to the rate',
            batch_size=1024,
        )
        | adapted(
            'spark',
            'downstream_imagenet/arg.py, resnet50',
            says='300',
            reason='as long as the other architectures',
            epochs=100,
        )
        | adapted(
            'spark',
            'downstream_imagenet/arg.py, resnet50, 5 of 300 epochs',
            says='0.017',
            reason='5 epochs, as in the source, of 100',
            warmup=0.05,
        )
        | stated(
            'spark', 'downstream_imagenet/models/__init__.py, 6 groups and the stem', decay_steps=7
        ),
        architecture=Architecture.CONVNET,
        size=Size.SMALL,
    ),
    Rule(
        KIND,
        stated('simclr', 'appendix, fine-tuning', iterations=20_000, batch_size=256)
        | stated('simclr', 'appendix, fine-tuning', crop=(224, 224)),
        tasks=K12,
    ),
    *_k12_rate(5e-4, 'MAE'),
    *_k12_rate(1e-3, 'MAE, ViT-L', Architecture.PLAIN_VIT, Size.LARGE),
    *_k12_rate(6.25e-4, 'SimMIM', Architecture.HIERARCHICAL),
    *_k12_rate(6.25e-4, 'ConvNeXt V2', Architecture.CONVNET),
    Rule(
        KIND,
        stated('ibot', f'{_IBOT}, 8 processes of 96 pictures', batch_size=768)
        | stated('ibot', f'{_IBOT}: 7.5e-6 per 512 pictures', lr=1.125e-5)
        | stated('ibot', _IBOT, epochs=360, weight_decay=0.05, drop_path=0.1, crop=(224, 224))
        | stated('ibot', f'{_IBOT}, 5 of 360 epochs', warmup=5 / 360)
        | stated('ibot', f'{_IBOT}, no layer-wise decay', layer_decay=1.0),
        architecture=Architecture.PLAIN_VIT,
        tasks=INATURALIST,
    ),
    Rule(
        KIND,
        stated('swin', f'{_SWINV2}, last stage 7', window=14),
        architecture=Architecture.HIERARCHICAL,
        tasks=('imagenet1k', *K12, *INATURALIST, *COG),
        trained_on=('imagenet1k',),
    ),
    Rule(
        KIND,
        ours(
            'a level has 1,000 classes and about as many pictures as ImageNet-1k; how arXiv '
            '2205.13543 fine-tunes on it was not found',
            epochs=100,
        ),
        tasks=COG,
    ),
)

DIFFERENCES = (
    (
        'augmentation',
        'RandAugment, mixup 0.8, cut-mix 1.0, label smoothing 0.1, random erasing 0.25 (MAE, '
        'SimMIM, ConvNeXt V2)',
        'random resized crop and flip',
        'one augmentation for data sets of 2,000 to 1.3 million pictures; mixing labels is no part '
        'of what is compared',
    ),
    (
        'lowest rate',
        '1e-6 (MAE), 2.5e-7 per 512 pictures (SimMIM)',
        '0',
        'both are nothing beside the peak',
    ),
    (
        'ViT features',
        'mean of the patch tokens without the final norm, then a norm (MAE)',
        'mean of the patch tokens after the final norm, then a norm',
        'the same classifier for every backbone',
    ),
    (
        'weights that are scored',
        'moving average (ConvNeXt V2, SparK)',
        'the last ones',
        'the same for every backbone',
    ),
)
