distribution = dict(
    name='voc2007',
    title='PASCAL VOC 2007',
    tasks=('voc2007', 'voc-detection', 'voc-detection-1k'),
    root='VOCdevkit/VOC2007',
    page='http://host.robots.ox.ac.uk/pascal/VOC/voc2007/',
    licence='pictures under the terms of Flickr; research use',
    files=(
        dict(
            name='VOCtrainval_06-Nov-2007.tar',
            addresses=(
                ('https://thor.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtrainval_06-Nov-2007.tar'),
                ('http://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtrainval_06-Nov-2007.tar'),
                'http://pjreddie.com/media/files/VOCtrainval_06-Nov-2007.tar',
            ),
            size=460032000,
            checksum='c52e279531787c972589f7e41ab4ae64',
            source=(
                'torchvision, datasets/voc.py; size: tensorflow/datasets, url_checksums/voc.txt'
            ),
        ),
        dict(
            name='VOCtest_06-Nov-2007.tar',
            addresses=(
                ('https://thor.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtest_06-Nov-2007.tar'),
                ('http://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtest_06-Nov-2007.tar'),
                'http://pjreddie.com/media/files/VOCtest_06-Nov-2007.tar',
            ),
            size=451020800,
            checksum='b6e924de25625d8de591ea690078ad9f',
            source=(
                'torchvision, datasets/voc.py; size: tensorflow/datasets, url_checksums/voc.txt'
            ),
        ),
    ),
)
