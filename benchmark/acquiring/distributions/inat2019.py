distribution = dict(
    name='inat2019',
    title='iNaturalist 2019',
    tasks=('inat2019',),
    root='inat2019',
    page='https://github.com/visipedia/inat_comp/tree/master/2019',
    licence='non-commercial research; per-picture Creative Commons licences',
    files=(
        dict(
            name='train_val2019.tar.gz',
            addresses=(
                ('https://ml-inat-competition-datasets.s3.amazonaws.com/2019/train_val2019.tar.gz'),
            ),
            checksum='c60a6e2962c9b8ccbd458d12c8582644',
            about=74000000000,
            source='visipedia/inat_comp, 2019/README.md',
            into='inat2019',
        ),
        dict(
            name='train2019.json.tar.gz',
            addresses=(
                (
                    'https://ml-inat-competition-datasets.s3.amazonaws.com/2019/train2019.json.tar.gz'
                ),
            ),
            checksum='b06a6683537867c0d5c7a45f407a306d',
            about=13000000,
            source='visipedia/inat_comp, 2019/README.md',
            into='inat2019',
        ),
        dict(
            name='val2019.json.tar.gz',
            addresses=(
                ('https://ml-inat-competition-datasets.s3.amazonaws.com/2019/val2019.json.tar.gz'),
            ),
            checksum='5cc5509b0fe495f1c8c1362612448497',
            about=156000,
            source='visipedia/inat_comp, 2019/README.md',
            into='inat2019',
        ),
    ),
)
