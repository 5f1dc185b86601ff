distribution = dict(
    name='sun-rgbd',
    title='SUN RGB-D',
    tasks=('sun-rgbd',),
    root='sunrgbd',
    page='https://rgbd.cs.princeton.edu',
    licence='none stated; research use',
    files=(
        dict(
            name='SUNRGBD.zip',
            addresses=('https://rgbd.cs.princeton.edu/data/SUNRGBD.zip',),
            size=6885481608,
            source='a public project that lists sizes',
            into='sunrgbd',
        ),
        dict(
            name='SUNRGBDtoolbox.zip',
            addresses=('https://rgbd.cs.princeton.edu/data/SUNRGBDtoolbox.zip',),
            size=570324301,
            source='a public project that lists sizes',
            into='sunrgbd',
        ),
    ),
    convert=('sun-rgbd',),
)
