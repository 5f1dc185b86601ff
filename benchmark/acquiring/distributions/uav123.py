distribution = dict(
    name='uav123',
    title='UAV123',
    tasks=('uav123',),
    root='tracking/uav123',
    page='https://cemse.kaust.edu.sa/ivul/uav123',
    licence='none stated; research use',
    gate=(
        'download Dataset_UAV123.zip from the drive that the page names; pack data_seq, anno '
        'and configSeqs.m as its top if it has a folder above them'
    ),
    files=(
        dict(
            name='Dataset_UAV123.zip',
            into='tracking/uav123',
        ),
    ),
    convert=('uav123',),
)
