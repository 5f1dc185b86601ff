distribution = dict(
    name='cityscapes',
    title='Cityscapes, fine annotations',
    tasks=('cityscapes', 'cityscapes-linear'),
    root='cityscapes',
    page='https://www.cityscapes-dataset.com/downloads/',
    licence='non-commercial research',
    gate=('register with an academic address, accept the licence, download both archives'),
    files=(
        dict(
            name='leftImg8bit_trainvaltest.zip',
            about=11000000000,
            source='page of downloads, as public projects cite it',
            into='cityscapes',
        ),
        dict(
            name='gtFine_trainvaltest.zip',
            about=241000000,
            source='page of downloads, as public projects cite it',
            into='cityscapes',
        ),
    ),
    convert=('cityscapes',),
)
