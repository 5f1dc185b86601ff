distribution = dict(
    name='voc2012',
    title='PASCAL VOC 2012',
    tasks=('voc-detection', 'voc2012-aug', 'voc2012-aug-linear', 'voc2012-1k'),
    root='VOCdevkit/VOC2012',
    page='http://host.robots.ox.ac.uk/pascal/VOC/voc2012/',
    licence='pictures under the terms of Flickr',
    files=(
        dict(
            name='VOCtrainval_11-May-2012.tar',
            addresses=(
                ('https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar'),
                ('http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar'),
                'http://pjreddie.com/media/files/VOCtrainval_11-May-2012.tar',
            ),
            size=1999639040,
            checksum='6cd6e144f989b92b3379bac3b3de84fd',
            source=(
                'torchvision, datasets/voc.py; size: tensorflow/datasets, url_checksums/voc.txt'
            ),
        ),
    ),
)
