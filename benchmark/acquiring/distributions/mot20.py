distribution = dict(
    name='mot20',
    title='MOT20',
    tasks=('mot20',),
    root='MOT20',
    page='https://motchallenge.net/data/MOT20/',
    licence='CC BY-NC-SA 3.0',
    files=(
        dict(
            name='MOT20.zip',
            addresses=('https://motchallenge.net/data/MOT20.zip',),
        ),
    ),
)
