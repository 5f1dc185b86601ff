distribution = dict(
    name='dancetrack',
    title='DanceTrack',
    tasks=('dancetrack',),
    root='DanceTrack',
    page='https://github.com/DanceTrack/DanceTrack',
    licence='non-commercial research; annotations CC BY 4.0',
    files=(
        dict(
            name='train1.zip',
            addresses=(
                ('https://huggingface.co/datasets/noahcao/dancetrack/resolve/main/train1.zip'),
            ),
            size=3606300312,
            source='a loader in a public project that lists sizes',
            into='DanceTrack/parts',
        ),
        dict(
            name='train2.zip',
            addresses=(
                ('https://huggingface.co/datasets/noahcao/dancetrack/resolve/main/train2.zip'),
            ),
            into='DanceTrack/parts',
        ),
        dict(
            name='val.zip',
            addresses=(
                ('https://huggingface.co/datasets/noahcao/dancetrack/resolve/main/val.zip'),
            ),
            size=4209785614,
            source='a loader in a public project that lists sizes',
            into='DanceTrack',
        ),
    ),
    convert=('dancetrack',),
)
