# Real pictures of all kinds, for one GPU and an hour: at most a thousand training examples each,
# the whole official test split where it can be fetched without the rest.
suite = dict(
    name='starter',
    title='Starter: real pictures, a thousand training examples',
    tasks=(
        'flowers102-1k',
        'oxford-pets-1k',
        'dtd-1k',
        'voc-detection-1k',
        'voc2012-1k',
        'nyuv2-labelled',
        'coco-val-pose',
        'got10k-val',
    ),
    protocols=('knn', 'linear', 'frozen', 'trivial'),
    seeds=(0, 1, 2),
    backbones=('mae-vitb16', 'deit-vitb16'),
    cost=dict(),
)
