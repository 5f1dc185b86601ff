distribution = dict(
    name='lvis',
    title='LVIS v1: annotations for the pictures of COCO',
    tasks=('lvis',),
    root='coco/annotations',
    page='https://www.lvisdataset.org/dataset',
    licence='CC BY 4.0 (annotations)',
    files=(
        dict(
            name='lvis_v1_train.json.zip',
            addresses=(
                'https://dl.fbaipublicfiles.com/LVIS/lvis_v1_train.json.zip',
                (
                    'https://s3-us-west-2.amazonaws.com/dl.fbaipublicfiles.com/LVIS/lvis_v1_train.json.zip'
                ),
            ),
            into='coco/annotations',
        ),
        dict(
            name='lvis_v1_val.json.zip',
            addresses=(
                'https://dl.fbaipublicfiles.com/LVIS/lvis_v1_val.json.zip',
                (
                    'https://s3-us-west-2.amazonaws.com/dl.fbaipublicfiles.com/LVIS/lvis_v1_val.json.zip'
                ),
            ),
            into='coco/annotations',
        ),
    ),
)
