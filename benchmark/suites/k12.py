# The twelve classification sets of Kornblith et al. (arXiv 1805.08974), each with its own metric.
suite = dict(
    name='k12',
    title='K12: twelve classification sets',
    tasks=(
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
    ),
    protocols=('finetune', 'trivial'),
    seeds=(0, 1, 2),
    backbones=('mae-vitb16', 'deit-vitb16'),
    cost=dict(),
)
