distribution = dict(
    name='nabirds',
    title='NABirds',
    tasks=('nabirds',),
    root='nabirds',
    page='https://dl.allaboutbirds.org/nabirds',
    licence='non-commercial terms of the Cornell Lab of Ornithology',
    gate=('accept the terms of use on the page, which then sends the address of nabirds.tar.gz'),
    files=(
        dict(
            name='nabirds.tar.gz',
            checksum='df21a9e4db349a14e2b08adfd45873bd',
            source='a loader in several public projects; not read at the authors',
        ),
    ),
)
