distribution = dict(
    name='places205',
    title='Places205',
    tasks=('places205',),
    root='places205',
    page='http://places.csail.mit.edu',
    licence='academic use',
    files=(
        dict(
            name='imagesPlaces205_resize.tar.gz',
            addresses=(
                ('http://data.csail.mit.edu/places/places205/imagesPlaces205_resize.tar.gz'),
            ),
            into='places205',
        ),
        dict(
            name='trainvalsplit_places205.tar.gz',
            addresses=(
                ('http://data.csail.mit.edu/places/places205/trainvalsplit_places205.tar.gz'),
            ),
            into='places205',
        ),
    ),
    convert=('places205',),
)
