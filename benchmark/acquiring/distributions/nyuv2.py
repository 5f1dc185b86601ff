distribution = dict(
    name='nyuv2',
    title='NYU Depth v2, as BTS prepares it',
    tasks=('nyuv2', 'sun-rgbd'),
    root='nyu_depth_v2',
    page='https://github.com/cleinc/bts',
    licence='none stated; research use',
    gate=(
        'get sync.zip from the drive that BTS names, pack its official_splits as '
        'official_splits.zip, and take train_list.txt and test_list.txt from where '
        'github.com/SwinTransformer/MIM-Depth-Estimation says'
    ),
    files=(
        dict(
            name='sync.zip',
            into='nyu_depth_v2',
        ),
        dict(
            name='official_splits.zip',
            into='nyu_depth_v2',
        ),
        dict(
            name='train_list.txt',
            into='nyu_depth_v2',
        ),
        dict(
            name='test_list.txt',
            into='nyu_depth_v2',
        ),
    ),
)
