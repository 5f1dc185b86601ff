distribution = dict(
    name='trackingnet',
    title='TrackingNet',
    tasks=('lasot', 'otb100', 'trackingnet', 'uav123'),
    root='tracking/trackingnet',
    page='https://tracking-net.org',
    licence='none stated; films by their owners',
    gate=(
        'download the parts with the development kit of the page '
        '(github.com/SilvioGiancola/TrackingNet-devkit), unpack the films in each part, and '
        'pack each folder, TRAIN_0 to TRAIN_11 and TEST, with anno and frames, as a zip of its '
        'name'
    ),
    files=(
        dict(
            name='T*.zip',
            count=13,
            into='tracking/trackingnet',
        ),
    ),
    convert=('trackingnet',),
)
