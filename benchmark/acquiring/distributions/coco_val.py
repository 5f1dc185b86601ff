distribution = dict(
    name='coco-val',
    title='COCO val2017: pictures and key points',
    tasks=('coco-val-pose',),
    root='coco',
    page='https://cocodataset.org/#download',
    licence='CC BY 4.0 (annotations); pictures under the terms of Flickr',
    files=(
        dict(
            name='annotations_trainval2017.zip',
            addresses=(
                ('http://images.cocodataset.org/annotations/annotations_trainval2017.zip'),
                (
                    'https://s3.amazonaws.com/images.cocodataset.org/annotations/annotations_trainval2017.zip'
                ),
            ),
            size=252907541,
            checksum='113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268',
            source='tensorflow/datasets, url_checksums/coco.txt',
            into='coco',
        ),
        dict(
            name='val2017.zip',
            addresses=(
                'http://images.cocodataset.org/zips/val2017.zip',
                ('https://s3.amazonaws.com/images.cocodataset.org/zips/val2017.zip'),
            ),
            size=815585330,
            checksum='4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05',
            source='tensorflow/datasets, url_checksums/coco.txt',
            into='coco',
        ),
    ),
    convert=('coco-val-pose',),
)
