distribution = dict(
    name='voc2010',
    title='PASCAL VOC 2010, pictures of Pascal Context',
    tasks=('pascal-context',),
    root='VOCdevkit/VOC2010',
    page='https://cs.stanford.edu/~roozbeh/pascal-context/',
    licence='none stated; pictures under the terms of Flickr',
    gate=(
        "make label maps and lists with mmseg's converter pascal_context.py (needs "
        'trainval_merged.json of the page and the package detail) and pack '
        'SegmentationClassContext and ImageSets/SegmentationContext as '
        'pascal_context_labels.zip'
    ),
    files=(
        dict(
            name='VOCtrainval_03-May-2010.tar',
            addresses=(
                ('https://thor.robots.ox.ac.uk/pascal/VOC/voc2010/VOCtrainval_03-May-2010.tar'),
                ('http://host.robots.ox.ac.uk/pascal/VOC/voc2010/VOCtrainval_03-May-2010.tar'),
            ),
            checksum='da459979d0c395079b5c75ee67908abb',
            source='torchvision, datasets/voc.py',
        ),
        dict(
            name='pascal_context_labels.zip',
            into='VOCdevkit/VOC2010',
        ),
    ),
)
