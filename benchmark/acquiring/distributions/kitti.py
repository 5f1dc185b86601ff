distribution = dict(
    name='kitti',
    title='KITTI: raw films, depth maps, Eigen lists',
    tasks=('kitti-depth',),
    root='kitti',
    page='https://www.cvlibs.net/datasets/kitti/raw_data.php',
    licence='CC BY-NC-SA 3.0',
    gate=(
        'register and log in, download the synced and rectified films that the lists name, '
        'data_depth_annotated.zip, and the two lists of BTS (github.com/cleinc/bts)'
    ),
    files=(
        dict(
            name='2011_*_sync.zip',
            count=61,
            into='kitti/raw_data',
        ),
        dict(
            name='data_depth_annotated.zip',
            into='kitti/data_depth_annotated',
        ),
        dict(
            name='eigen_train_files_with_gt.txt',
            into='kitti/lists',
        ),
        dict(
            name='eigen_test_files_with_gt.txt',
            into='kitti/lists',
        ),
    ),
    convert=('kitti',),
)
