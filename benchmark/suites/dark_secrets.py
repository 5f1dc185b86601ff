# The downstream comparison of "Revealing the Dark Secrets of Masked Image Modeling" (arXiv
# 2205.13543), in its groups: semantic, geometric and motion, and both combined. Seeds are ours.
suite = dict(
    name='dark-secrets',
    title='Dark secrets: masked against supervised pretraining',
    tasks=(
        'suite:k12.py',
        'suite:cog.py',
        'inat2018',
        'coco-pose',
        'crowdpose',
        'nyuv2',
        'kitti-depth',
        'got10k',
        'trackingnet',
        'lasot',
        'coco-detection-classic',
    ),
    protocols=('finetune', 'trivial'),
    seeds=(0, 1, 2),
    groups=dict(semantic=('suite:k12.py', 'suite:cog.py', 'inat2018')),
    backbones=('mae-vitb16', 'deit-vitb16'),
    cost=dict(),
)
