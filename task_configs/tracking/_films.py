# What the tracking tasks on films share: SwinTrack's crops; all data lie in one folder.
task = dict(
    kind='tracking',
    version=1,
    group='geometric-motion',
    # template and search region of SwinTrack-T at 224 px
    input_size=(224, 224),
    classes=('target',),
    options=dict(template_size=112),
)
data = dict(
    root='tracking',
    type='benchmark.GOT10k',
    val=dict(ann_file='got10k/val/list.txt'),
)
