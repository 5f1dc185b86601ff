# The linear head in place of UPerNet.
_base_ = 'voc2012_aug.py'
task = dict(
    name='voc2012-aug-linear', title='VOC 2012 with extra annotations, linear head', head='linear'
)
