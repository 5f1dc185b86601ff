distribution = dict(
    name='birdsnap',
    title='Birdsnap',
    tasks=('birdsnap',),
    root='birdsnap',
    page='https://thomasberg.org',
    licence='research use; pictures by their owners on Flickr',
    gate=(
        'run get_birdsnap.py of birdsnap.tgz, which fetches the pictures that still exist on '
        'Flickr, and pack its folder download/images as images.tar'
    ),
    files=(
        dict(
            name='birdsnap.tgz',
            addresses=(
                'https://thomasberg.org/datasets/birdsnap/1.1/birdsnap.tgz',
                'http://thomasberg.org/datasets/birdsnap/1.1/birdsnap.tgz',
            ),
            checksum='1788158175f6ae794aebf27bcd7a3f5d',
            source=(
                'a loader in several public projects (METADATA_URL, META_MD5); not read at the '
                'authors'
            ),
            into='.',
        ),
        dict(
            name='images.tar',
            into='birdsnap',
        ),
    ),
    convert=('birdsnap',),
)
