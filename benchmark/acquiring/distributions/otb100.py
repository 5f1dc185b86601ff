distribution = dict(
    name='otb100',
    title='OTB-100',
    tasks=('otb100',),
    root='tracking/otb100',
    page='http://cvlab.hanyang.ac.kr/tracker_benchmark/',
    licence='none stated; research use',
    gate=(
        'download the archive of each of the 98 films (two films have two targets) from the page'
    ),
    files=(
        dict(
            name='*.zip',
            count=98,
            into='tracking/otb100',
        ),
    ),
    convert=('otb100',),
)
