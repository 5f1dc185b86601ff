# Published numbers, reproduced: docs/reproductions.md. Each command runs its own part of it.
suite = dict(
    name='reproductions',
    title='Published numbers, reproduced',
    tasks=(
        'tasks/cifar10_32px.py',
        'tasks/caltech101_draw0.py',
        'tasks/caltech101_draw1.py',
        'tasks/caltech101_draw2.py',
        'tasks/caltech101_draw3.py',
        'tasks/caltech101_draw4.py',
    ),
    protocols=('as-is', 'logistic'),
    seeds=(0,),
    backbones=(
        'backbones/resnet20.py',
        'backbones/resnet32.py',
        'backbones/resnet44.py',
        'backbones/resnet56.py',
        'backbones/dinov2_vits14.py',
    ),
)
