# The linear head in place of UPerNet.
_base_ = 'cityscapes.py'
task = dict(name='cityscapes-linear', title='Cityscapes, linear head', head='linear')
