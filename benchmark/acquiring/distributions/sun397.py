distribution = dict(
    name='sun397',
    title='SUN397',
    tasks=('sun397',),
    root='SUN397',
    page='https://vision.princeton.edu/projects/2010/SUN/',
    licence='none stated; research use',
    files=(
        dict(
            name='SUN397.tar.gz',
            addresses=(
                'https://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz',
                'http://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz',
            ),
            size=39077296924,
            checksum='f404130965a7ad77bed5ececc71e720ab50f3cc1e1bb257257610d38f3b928ec',
            source='tensorflow/datasets, url_checksums/sun397.txt',
            into='SUN397',
        ),
        dict(
            name='Partitions.zip',
            addresses=(
                ('https://vision.princeton.edu/projects/2010/SUN/download/Partitions.zip'),
                ('https://3dvision.princeton.edu/projects/2010/SUN/download/Partitions.zip'),
            ),
            size=18293705,
            checksum='e3311ea5f812d4cc6faef194688343d1111f6cd6f70f2c62f393c2b8d6ba1ec9',
            source='tensorflow/datasets, url_checksums/sun397.txt',
            into='SUN397/Partitions',
        ),
    ),
)
