distribution = dict(
    name='dtd',
    title='Describable Textures, release 1.0.1',
    tasks=('dtd', 'dtd-1k'),
    root='dtd',
    page='https://www.robots.ox.ac.uk/~vgg/data/dtd/',
    licence='research use',
    files=(
        dict(
            name='dtd-r1.0.1.tar.gz',
            addresses=(('https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz'),),
            size=625239812,
            checksum='e42855a52a4950a3b59612834602aa253914755c95b0cff9ead6d07395f8e205',
            source='tensorflow/datasets, url_checksums/dtd.txt',
        ),
    ),
)
