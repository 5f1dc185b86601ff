distribution = dict(
    name='cifar100',
    title='CIFAR-100, binary version',
    tasks=('cifar100', 'cifar100-1k'),
    root='cifar100',
    page='https://www.cs.toronto.edu/~kriz/cifar.html',
    licence='none stated; research use',
    files=(
        dict(
            name='cifar-100-binary.tar.gz',
            addresses=('https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',),
            size=168513733,
            checksum='58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
            source='tensorflow/datasets, url_checksums/cifar100.txt',
            into='cifar100',
        ),
    ),
    convert=('cifar100',),
)
