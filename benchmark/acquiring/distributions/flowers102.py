distribution = dict(
    name='flowers102',
    title='Oxford Flowers-102',
    tasks=('flowers102', 'flowers102-1k'),
    root='flowers102',
    page='https://www.robots.ox.ac.uk/~vgg/data/flowers/102/',
    licence='none stated; research use',
    files=(
        dict(
            name='102flowers.tgz',
            addresses=(('https://www.robots.ox.ac.uk/~vgg/data/flowers/102/102flowers.tgz'),),
            size=344862509,
            checksum='2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246',
            source='tensorflow/datasets, url_checksums/oxford_flowers102.txt',
            into='flowers102',
        ),
        dict(
            name='imagelabels.mat',
            addresses=(('https://www.robots.ox.ac.uk/~vgg/data/flowers/102/imagelabels.mat'),),
            size=502,
            checksum='4903e94206bac23bf772aadf06451916df56b58fc483a62db32a97b82656651d',
            source='tensorflow/datasets, url_checksums/oxford_flowers102.txt',
            into='flowers102',
        ),
        dict(
            name='setid.mat',
            addresses=('https://www.robots.ox.ac.uk/~vgg/data/flowers/102/setid.mat',),
            size=14989,
            checksum='46b8678f91fd95d3c8f4feab80d271a6c834a1dd896fe29fd3e6ad9ce5c8dccd',
            source='tensorflow/datasets, url_checksums/oxford_flowers102.txt',
            into='flowers102',
        ),
    ),
)
