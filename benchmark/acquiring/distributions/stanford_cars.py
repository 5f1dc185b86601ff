distribution = dict(
    name='stanford-cars',
    title='Stanford Cars',
    tasks=('stanford-cars',),
    root='stanford_cars',
    page='https://github.com/pytorch/vision/issues/7545',
    licence='non-commercial research',
    gate=(
        "the authors' address has answered 404 since 2023: the page names copies; pack other "
        'forms of the pictures as cars_train.tgz and cars_test.tgz only if their checksums '
        'agree, else use `tbench data link`'
    ),
    files=(
        dict(
            name='cars_train.tgz',
            size=979269282,
            checksum='512b227b30e2f0a8aab9e09485786ab4479582073a144998da74d64b801fd288',
            source='tensorflow/datasets, url_checksums/cars196.txt',
            into='stanford_cars',
        ),
        dict(
            name='cars_test.tgz',
            size=977350468,
            checksum='bffea656d6f425cba3c91c6d83336e4c5f86c6cffd8975b0f375d3a10da8e243',
            source='tensorflow/datasets, url_checksums/cars196.txt',
            into='stanford_cars',
        ),
        dict(
            name='car_devkit.tgz',
            addresses=(('https://github.com/pytorch/vision/files/11644847/car_devkit.tgz'),),
            size=330960,
            checksum='b97deb463af7d58b6bfaa18b2a4de9829f0f79e8ce663dfa9261bf7810e9accd',
            source=(
                'tensorflow/datasets, url_checksums/cars196.txt; address: pytorch/vision, issue '
                '7545'
            ),
            into='stanford_cars',
        ),
        dict(
            name='cars_test_annos_withlabels.mat',
            size=185758,
            checksum='790f75be8ea34eeded134cc559332baf23e30e91367e9ddca97d26ed9b895f05',
            source='tensorflow/datasets, url_checksums/cars196.txt',
            into='stanford_cars/devkit',
        ),
    ),
)
