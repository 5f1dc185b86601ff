distribution = dict(
    name='mpii',
    title='MPII Human Pose',
    tasks=('mpii',),
    root='mpii',
    page='http://human-pose.mpi-inf.mpg.de',
    licence='simplified BSD (annotations)',
    files=(
        dict(
            name='mpii_human_pose_v1.tar.gz',
            addresses=(
                ('https://datasets.d2.mpi-inf.mpg.de/andriluka14cvpr/mpii_human_pose_v1.tar.gz'),
            ),
            about=12900000000,
            source='readmes of several public projects',
            into='mpii',
        ),
        dict(
            name='mpii_annotations.tar',
            addresses=(('https://download.openmmlab.com/mmpose/datasets/mpii_annotations.tar'),),
            into='mpii',
        ),
    ),
    convert=('mpii',),
)
