distribution = dict(
    name='inat2018',
    title='iNaturalist 2018',
    tasks=('inat2018',),
    root='inat2018',
    page='https://github.com/visipedia/inat_comp/tree/master/2018',
    licence='non-commercial research; per-picture Creative Commons licences',
    files=(
        dict(
            name='train_val2018.tar.gz',
            addresses=(
                ('https://ml-inat-competition-datasets.s3.amazonaws.com/2018/train_val2018.tar.gz'),
            ),
            checksum='b1c6952ce38f31868cc50ea72d066cc3',
            about=120000000000,
            source='visipedia/inat_comp, 2018/README.md',
            into='inat2018',
        ),
        dict(
            name='train2018.json.tar.gz',
            addresses=(
                (
                    'https://ml-inat-competition-datasets.s3.amazonaws.com/2018/train2018.json.tar.gz'
                ),
            ),
            checksum='bfa29d89d629cbf04d826a720c0a68b0',
            about=26000000,
            source='visipedia/inat_comp, 2018/README.md',
            into='inat2018',
        ),
        dict(
            name='val2018.json.tar.gz',
            addresses=(
                ('https://ml-inat-competition-datasets.s3.amazonaws.com/2018/val2018.json.tar.gz'),
            ),
            checksum='f2ed8bfe3e9901cdefceb4e53cd3775d',
            about=26000000,
            source='visipedia/inat_comp, 2018/README.md',
            into='inat2018',
        ),
    ),
)
