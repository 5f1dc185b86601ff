# What the five levels of ImageNet-CoG share: 1,000 concepts each that ImageNet-1k lacks.
_base_ = '_folders.py'
task = dict(
    classes=1000,
    # counts: official code, 50 test images and 732 to 1,300 training images per concept; no source
    # read states their sum
    splits=dict(train=1000000, val=20000, test=50000),
    estimated=('train', 'val'),
    citation='ImageNet-CoG (Sariyildiz et al.: ICCV 2021, arXiv 2012.05649)',
    licence='non-commercial research',
    # then `tbench data convert cog`
    origin='image-net.org: winter 2021 release; lists of github.com/naver/cog',
)
data = dict(
    root='imagenet21k',
    type='mmpretrain.CustomDataset',
    data_prefix='images',
    extensions=('.JPEG',),
    val=dict(held_out=50),
)
