# What the tracking tasks on films share: SwinTrack's crops, colours and loss; all data lie in one
# folder.
task = dict(
    kind='tracking',
    version=2,
    group='geometric-motion',
    # template and search region of SwinTrack-T at 224 px
    input_size=(224, 224),
    classes=('target',),
    options=dict(template_size=112, grey=0.05, colour_jitter=0.4, l1_weight=0),
)
data = dict(
    root='tracking',
    type='benchmark.GOT10k',
    val=dict(ann_file='got10k/val/list.txt'),
)
