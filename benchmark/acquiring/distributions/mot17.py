distribution = dict(
    name='mot17',
    title='MOT17',
    tasks=('mot17', 'mot17-bytetrack'),
    root='MOT17',
    page='https://motchallenge.net/data/MOT17/',
    licence='CC BY-NC-SA 3.0',
    files=(
        dict(
            name='MOT17.zip',
            addresses=('https://motchallenge.net/data/MOT17.zip',),
            about=5900000000,
            source='a public project that lists sizes',
        ),
    ),
)
