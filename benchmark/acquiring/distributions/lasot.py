distribution = dict(
    name='lasot',
    title='LaSOT',
    tasks=('lasot', 'otb100', 'trackingnet', 'uav123'),
    root='tracking/lasot',
    page='http://vision.cs.stonybrook.edu/~lasot/download.html',
    licence='none stated; research use',
    gate=(
        'download the archives of the 70 categories from the drive that the page names or from '
        'huggingface.co/datasets/l-lt/LaSOT, and the lists training_set.txt and testing_set.txt '
        'of github.com/HengLan/LaSOT_Evaluation_Toolkit'
    ),
    note='Sequences must lie as CATEGORY/SEQUENCE below tracking/lasot.',
    files=(
        dict(
            name='*.zip',
            count=70,
            into='tracking/lasot',
        ),
        dict(
            name='training_set.txt',
            into='tracking/lasot',
        ),
        dict(
            name='testing_set.txt',
            into='tracking/lasot',
        ),
    ),
    convert=('lasot',),
)
