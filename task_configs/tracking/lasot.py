_base_ = '_union.py'
task = dict(
    name='lasot',
    version=2,
    title='LaSOT: following any object for long',
    # LaSOT (paper): 280 test sequences
    splits=dict(test=280),
    options=dict(toolkit='lasot'),
    citation='LaSOT (Fan et al.: CVPR 2019, arXiv 1809.07845)',
    licence='none stated; research use',
    origin='vision.cs.stonybrook.edu/~lasot: LaSOT, 1,400 sequences; `tbench data convert lasot`',
)
data = dict(
    tree={'lasot/test/list.txt': 1, 'lasot/test/*/groundtruth.txt': 280},
    test=dict(ann_file='lasot/test/list.txt'),
)
