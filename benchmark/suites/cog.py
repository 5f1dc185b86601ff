# ImageNet-CoG (arXiv 2012.05649): five levels of 1,000 concepts, from near to far of ImageNet-1k.
# Its authors train linear classifiers on frozen features; arXiv 2205.13543 compares on it too.
suite = dict(
    name='cog',
    title='CoG: five levels of distance from ImageNet-1k',
    tasks=('cog-l1', 'cog-l2', 'cog-l3', 'cog-l4', 'cog-l5'),
    protocols=('finetune', 'frozen', 'trivial'),
    seeds=(0,),
    backbones=('mae-vitb16', 'deit-vitb16'),
    cost=dict(),
)
