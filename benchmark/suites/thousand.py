# Classification from a thousand pictures in the manner of VTAB-1k (arXiv 1910.04867), with choices
# of our own: the published ones are orders within TFDS, which cannot be had without it.
suite = dict(
    name='thousand',
    title='Thousand: classification from 1,000 pictures',
    tasks=('caltech101-1k', 'cifar100-1k', 'dtd-1k', 'flowers102-1k', 'oxford-pets-1k'),
    protocols=('knn', 'linear', 'finetune', 'trivial'),
    seeds=(0, 1, 2),
    backbones=('mae-vitb16', 'deit-vitb16'),
    cost=dict(),
)
