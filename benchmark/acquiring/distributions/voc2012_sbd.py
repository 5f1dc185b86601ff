distribution = dict(
    name='voc2012-sbd',
    title='SBD: more annotations for VOC 2012',
    tasks=('voc2012-aug', 'voc2012-aug-linear'),
    root='VOCdevkit',
    page='http://home.bharathh.info/pubs/codes/SBD/download.html',
    licence='none stated; research use',
    files=(
        dict(
            name='benchmark.tgz',
            addresses=(
                (
                    'https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz'
                ),
            ),
            checksum='82b4d87ceb2ed10f6038a1cba92111cb',
            source='torchvision, datasets/sbd.py',
            into='VOCdevkit',
        ),
    ),
    convert=('sbd',),
)
