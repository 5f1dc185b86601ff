distribution = dict(
    name='coco-stuff',
    title='COCO-Stuff: pictures of COCO 2017 and label maps',
    tasks=('coco-stuff164k',),
    root='coco_stuff164k',
    page='https://github.com/nightrome/cocostuff',
    licence='CC BY 4.0 (annotations); pictures under the terms of Flickr',
    note=(
        'The pictures are those of coco: put its two archives into the folder of downloads to '
        'fetch them once.'
    ),
    files=(
        dict(
            name='stuffthingmaps_trainval2017.zip',
            addresses=(
                (
                    'http://calvin.inf.ed.ac.uk/wp-content/uploads/data/cocostuffdataset/stuffthingmaps_trainval2017.zip'
                ),
            ),
            into='coco_stuff164k/annotations',
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
            into='coco_stuff164k/images',
        ),
        dict(
            name='train2017.zip',
            addresses=(
                'http://images.cocodataset.org/zips/train2017.zip',
                ('https://s3.amazonaws.com/images.cocodataset.org/zips/train2017.zip'),
            ),
            size=19336861798,
            checksum='69a8bb58ea5f8f99d24875f21416de2e9ded3178e903f1f7603e283b9e06d929',
            source='tensorflow/datasets, url_checksums/coco.txt',
            into='coco_stuff164k/images',
        ),
    ),
    convert=('coco-stuff',),
)
