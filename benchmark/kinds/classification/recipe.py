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
_MAE_HUGE = 'FINETUNE.md, ViT-Huge'
_SWIN_V1 = 'configs/swin_base__800ep/simmim_finetune__swin_base__img224_window7__800ep.yaml'
_SPARK = 'downstream_imagenet/arg.py, resnet50'
_SWINV2 = 'configs/simmim/simmim_finetune__swinv2_base__img224_window14__800ep.yaml'
_IBOT = 'run.sh, evaluation/eval_cls.py'


def _k12_rate(
    rate: float, of: str, architecture: Architecture | None = None, size: Size | None = None
) -> tuple[Rule, ...]:
    """Return the rule that replaces the search over rates by the rate of ImageNet-1k."""
    numbers = adapted(
        'simclr',
        'appendix, fine-tuning: SGD, a grid of rates and weight decays',
        says='searched per data set',
        reason=f'no search; the rate of fine-tuning on ImageNet-1k per 256 pictures ({of})',
        lr=rate,
    )
    return (Rule(KIND, numbers, architecture, size, K12),)


TRAINED_ON = ('imagenet1k',)
"""The tasks for which the sources of the general rules state their numbers."""

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
        networks=('vit-b',),
    ),
    Rule(
        KIND,
        stated('mae', 'util/lr_sched.py', warmup_start=0.0)
        | stated('mae', 'main_finetune.py, 1e-6 of 2e-3, times the layer', floor=5e-4),
        networks=('vit-b',),
        at_full_length=True,
    ),
    Rule(
        KIND,
        stated('mae', _MAE, layer_decay=0.65, drop_path=0.1),
        architecture=Architecture.PLAIN_VIT,
        networks=('vit-b',),
    ),
    Rule(
        KIND,
        stated('mae', _MAE_LARGE, lr=4e-3, layer_decay=0.75, drop_path=0.2, epochs=50)
        | stated('mae', 'FINETUNE.md, ViT-Large, 5 of 50 epochs', warmup=0.1),
        architecture=Architecture.PLAIN_VIT,
        size=Size.LARGE,
        networks=('vit-l',),
    ),
    Rule(
        KIND,
        stated('mae', _MAE_HUGE, lr=4e-3, layer_decay=0.75, drop_path=0.3, epochs=50)
        | stated('mae', f'{_MAE_HUGE}, 5 of 50 epochs', warmup=0.1),
        architecture=Architecture.PLAIN_VIT,
        size=Size.HUGE,
        networks=('vit-h',),
    ),
    *(
        Rule(
            KIND,
            stated('mae', 'util/lr_sched.py', warmup_start=0.0)
            | stated('mae', 'main_finetune.py, 1e-6 of 4e-3, times the layer', floor=2.5e-4),
            architecture=Architecture.PLAIN_VIT,
            size=size,
            networks=(network,),
            at_full_length=True,
        )
        for size, network in ((Size.LARGE, 'vit-l'), (Size.HUGE, 'vit-h'))
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
        networks=('swinv2-b',),
    ),
    Rule(
        KIND,
        adapted(
            'swin',
            f'{_SWINV2}, main_simmim_ft.py: 2.5e-7 per 512 pictures',
            says='1e-6 for every layer at either end',
            reason="the same share of the head's peak of 5e-3, and so less in lower layers",
            warmup_start=2e-4,
            floor=2e-4,
        ),
        architecture=Architecture.HIERARCHICAL,
        networks=('swinv2-b', 'swin-b', 'swin-l'),
        at_full_length=True,
    ),
    Rule(
        KIND,
        stated('simmim', _SWIN_V1, layer_decay=0.8, drop_path=0.1)
        | stated('simmim', 'optimizer.py, 24 blocks and the stem', decay_steps=25),
        architecture=Architecture.HIERARCHICAL,
        networks=('swin-b',),
        is_exclusive=True,
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
        networks=('swin-l',),
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
        networks=('convnext-b',),
    ),
    Rule(
        KIND,
        stated('convnextv2', 'utils.py', warmup_start=0.0)
        | stated('convnextv2', 'main_finetune.py, 1e-6 of 2.5e-3, times the layer', floor=4e-4),
        architecture=Architecture.CONVNET,
        networks=('convnext-b',),
        at_full_length=True,
    ),
    Rule(
        KIND,
        stated('convnextv2', 'main_finetune.py, model_ema_decay', ema=0.9999),
        architecture=Architecture.CONVNET,
        tasks=('imagenet1k',),
        networks=('convnext-b', 'convnext-t', 'convnext-atto'),
        is_exclusive=True,
    ),
    Rule(
        KIND,
        adapted(
            'spark',
            f'{_SPARK}: LAMB, 2e-3 per 256 pictures',
            says='0.016 at batch 2048 with LAMB',
            reason='short trainings use AdamW; the rate is that of ConvNeXt V2-B',
            lr=2.5e-3,
        )
        | stated('spark', _SPARK, weight_decay=0.02, drop_path=0.05, layer_decay=0.7)
        | adapted(
            'spark',
            _SPARK,
            says='2048',
            reason='the batch that belongs to the rate',
            batch_size=1024,
        )
        | adapted(
            'spark',
            _SPARK,
            says='300',
            reason='as long as the other architectures',
            epochs=100,
        )
        | adapted(
            'spark',
            f'{_SPARK}, 5 of 300 epochs',
            says='0.017',
            reason='5 epochs, as in the source, of 100',
            warmup=0.05,
        )
        | stated(
            'spark', 'downstream_imagenet/models/__init__.py, 6 groups and the stem', decay_steps=7
        ),
        architecture=Architecture.CONVNET,
        size=Size.SMALL,
        networks=('resnet-50',),
    ),
    Rule(
        KIND,
        stated('spark', f'{_SPARK}: 2e-3 per 256 pictures', optimizer='lamb', lr=0.016)
        | stated('spark', _SPARK, batch_size=2048, epochs=300)
        | stated('spark', f'{_SPARK}, 5 of 300 epochs', warmup=5 / 300)
        | stated('spark', 'downstream_imagenet/lr_decay.py', warmup_start=0.005, floor=0.001)
        | stated('spark', _SPARK, ema=0.9999),
        architecture=Architecture.CONVNET,
        tasks=('imagenet1k',),
        networks=('resnet-50',),
        is_exclusive=True,
    ),
    *(
        Rule(
            KIND,
            stated('convnextv2', f'TRAINING.md, {name}: {rate} per 256 pictures', lr=lr)
            | stated('convnextv2', f'TRAINING.md, {name}', batch_size=1024, **numbers)
            | stated(
                'convnextv2', f'optim_factory.py, single: {steps - 1} blocks', decay_steps=steps
            ),
            architecture=Architecture.CONVNET,
            networks=(network,),
            is_exclusive=True,
        )
        for network, name, rate, lr, steps, numbers in (
            (
                'convnext-t',
                'Tiny',
                '8e-4',
                3.2e-3,
                19,
                {
                    'epochs': 300,
                    'warmup': 40 / 300,
                    'layer_decay': 0.9,
                    'weight_decay': 0.05,
                    'drop_path': 0.2,
                },
            ),
            (
                'convnext-atto',
                'Atto',
                '2e-4',
                8e-4,
                13,
                {
                    'epochs': 600,
                    'warmup': 0.0,
                    'layer_decay': 0.9,
                    'weight_decay': 0.3,
                    'drop_path': 0.1,
                },
            ),
        )
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
        | stated('ibot', 'evaluation/eval_cls.py, 1e-6 of 1.125e-5', warmup_start=1e-6 / 1.125e-5)
        | stated(
            'ibot',
            'evaluation/eval_cls.py, 1e-5 of 1.125e-5: nearly constant',
            floor=1e-5 / 1.125e-5,
            schedule='cosine',
        )
        | stated('ibot', f'{_IBOT}, no layer-wise decay', layer_decay=1.0),
        architecture=Architecture.PLAIN_VIT,
        tasks=INATURALIST,
        networks=('vit-s', 'vit-b'),
    ),
    Rule(
        KIND,
        stated('swin', f'{_SWINV2}, last stage 7', window=14),
        architecture=Architecture.HIERARCHICAL,
        tasks=('imagenet1k', *K12, *INATURALIST, *COG),
        trained_on=('imagenet1k',),
        networks=('swinv2-b',),
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
        'augmentation of iBOT on iNaturalist',
        'RandAugment, mixup 0.8, cut-mix 1.0, label smoothing 0.1, random erasing 0.1',
        'random resized crop and flip',
        'as for the other sources',
    ),
    (
        'loss of SparK',
        'binary cross entropy per class, mixup 0.1, cut-mix',
        'cross entropy',
        'it belongs to the mixed labels, which are no part of what is compared',
    ),
    (
        'ends of the rate of SimMIM',
        'the same rate for every layer',
        'the same share of its peak for every layer',
        'one form of the schedule for all sources',
    ),
    (
        'ViT features',
        'mean of the patch tokens without the final norm, then a norm (MAE)',
        'mean of the patch tokens after the final norm, then a norm',
        'the same classifier for every backbone',
    ),
    (
        'weights that are scored beyond ImageNet-1k',
        'moving average (ConvNeXt V2, SparK)',
        'the last ones',
        'the decay of 0.9999 belongs to the length of trainings on ImageNet-1k',
    ),
)
