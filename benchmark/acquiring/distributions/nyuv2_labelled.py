distribution = dict(
    name='nyuv2-labelled',
    title='NYU Depth v2: the 1,449 labelled pairs',
    tasks=('nyuv2-labelled',),
    root='nyu_depth_v2_labelled',
    page='https://cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html',
    licence='none stated; research use',
    files=(
        dict(
            name='nyu_depth_v2_labeled.mat',
            addresses=(
                ('http://horatio.cs.nyu.edu/mit/silberman/nyu_depth_v2/nyu_depth_v2_labeled.mat'),
            ),
            size=2972037809,
            checksum='520609c519fba3ba5ac58c8fefcc3530',
            source='loaders in several public projects; not read at the authors',
            into='nyu_depth_v2_labelled',
        ),
        dict(
            name='splits.mat',
            addresses=('http://horatio.cs.nyu.edu/mit/silberman/indoor_seg_sup/splits.mat',),
            checksum='08e3c3aea27130ac7c01ffd739a4535f',
            source='a loader in a public project; not read at the authors',
            into='nyu_depth_v2_labelled',
        ),
    ),
    convert=('nyuv2-labelled',),
)
