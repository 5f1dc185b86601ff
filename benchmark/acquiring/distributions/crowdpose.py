distribution = dict(
    name='crowdpose',
    title='CrowdPose',
    tasks=('crowdpose',),
    root='crowdpose',
    page='https://github.com/Jeff-sjtu/CrowdPose',
    licence='none stated; research use',
    gate=('download images.zip and the two lists from the Google Drive that the page names'),
    files=(
        dict(
            name='images.zip',
            into='crowdpose',
        ),
        dict(
            name='crowdpose_trainval.json',
            into='crowdpose',
        ),
        dict(
            name='crowdpose_test.json',
            into='crowdpose',
        ),
        dict(
            name='crowdpose_annotations.tar',
            addresses=(
                ('https://download.openmmlab.com/mmpose/datasets/crowdpose_annotations.tar'),
            ),
            into='crowdpose',
        ),
    ),
    convert=('crowdpose',),
)
