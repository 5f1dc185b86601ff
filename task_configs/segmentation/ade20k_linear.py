# The linear head in place of UPerNet.
_base_ = 'ade20k.py'
task = dict(name='ade20k-linear', title='ADE20K, linear head', head='linear')
