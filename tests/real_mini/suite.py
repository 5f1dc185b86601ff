# Real pictures and real weights: shows that pretraining is visible through the whole harness.
# Recipes are the protocols' defaults.
suite = dict(
    name='real-mini',
    title='Real pictures in small sets',
    tasks=(
        'tasks/flowers5.py',
        'tasks/elpv2.py',
        'tasks/camvid.py',
        'tasks/bccd.py',
        'tasks/hela_tiles.py',
        'tasks/openfield.py',
        'tasks/rgbd.py',
        'tasks/jogging.py',
    ),
    protocols=('frozen', 'finetune', 'trivial'),
    seeds=(0,),
    backbones=(
        'backbones/dinov2_vits14.py',
        'backbones/dinov2_vits14.py+random',
        'backbones/efficientnet_lite0.py',
        'backbones/efficientnet_lite0.py+random',
    ),
)
