distribution = dict(
    name='cub200',
    title='CUB-200-2011',
    tasks=('cub200',),
    root='CUB_200_2011',
    page='https://data.caltech.edu/records/65de6-vp158',
    licence='non-commercial research',
    files=(
        dict(
            name='CUB_200_2011.tgz',
            addresses=(('https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz'),),
            checksum='97eceeb196236b17998738112f37df78',
            source=(
                'data.caltech.edu record 65de6-vp158, as loaders in several public projects cite it'
            ),
        ),
    ),
)
