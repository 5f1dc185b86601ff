distribution = dict(
    name='cifar10',
    title='CIFAR-10, binary version',
    tasks=('cifar10',),
    root='cifar10',
    page='https://www.cs.toronto.edu/~kriz/cifar.html',
    licence='none stated; research use',
    files=(
        dict(
            name='cifar-10-binary.tar.gz',
            addresses=('https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',),
            size=170052171,
            checksum='c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
            source='tensorflow/datasets, url_checksums/cifar10.txt',
            into='cifar10',
        ),
    ),
    convert=('cifar10',),
)
