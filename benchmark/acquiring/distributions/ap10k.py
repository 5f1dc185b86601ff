distribution = dict(
    name='ap10k',
    title='AP-10K',
    tasks=('ap10k',),
    root='ap-10k',
    page='https://github.com/AlexTheBad/AP-10K',
    licence='CC BY 4.0',
    gate=(
        'download ap-10k.zip from the Google Drive that the page names (a page asks before '
        'large files)'
    ),
    files=(
        dict(
            name='ap-10k.zip',
            about=3400000000,
            source='a public project that lists sizes',
        ),
    ),
)
