_base_ = '_union.py'
task = dict(
    name='otb100',
    version=2,
    title='OTB-100: following any object',
    # OTB (Wu, Lim, Yang: TPAMI 2015): 100 sequences
    splits=dict(test=100),
    metrics=('precision',),
    options=dict(toolkit='otb'),
    citation='OTB-100 (Wu, Lim, Yang: TPAMI 2015)',
    licence='none stated; research use',
    origin='cvlab.hanyang.ac.kr/tracker_benchmark: TB-100; `tbench data convert otb100`',
)
data = dict(
    tree={'otb100/test/list.txt': 1, 'otb100/test/*/groundtruth.txt': 100},
    test=dict(ann_file='otb100/test/list.txt'),
)
