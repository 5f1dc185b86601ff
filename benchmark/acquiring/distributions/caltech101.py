distribution = dict(
    name='caltech101',
    title='Caltech-101',
    tasks=('caltech101', 'caltech101-1k'),
    root='caltech-101',
    page='https://data.caltech.edu/records/mzrjq-6wc02',
    licence='CC BY 4.0',
    files=(
        dict(
            name='caltech-101.zip',
            addresses=(('https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip'),),
            size=131740031,
            checksum='3138e1922a9193bfa496528edbbc45d0',
            source=(
                'torchvision, datasets/caltech.py; size: tensorflow/datasets, '
                'url_checksums/caltech101.txt'
            ),
            nested=(('caltech-101/101_ObjectCategories.tar.gz', False),),
        ),
    ),
    convert=('caltech101',),
)
