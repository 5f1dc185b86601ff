distribution = dict(
    name='fgvc-aircraft',
    title='FGVC-Aircraft 2013b',
    tasks=('fgvc-aircraft',),
    root='fgvc-aircraft-2013b',
    page='https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/',
    licence='non-commercial research',
    files=(
        dict(
            name='fgvc-aircraft-2013b.tar.gz',
            addresses=(
                (
                    'https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz'
                ),
            ),
        ),
    ),
)
