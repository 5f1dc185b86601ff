# What classification tasks share whose images lie in one folder per class.
_base_ = '_k12.py'
data = dict(_delete_=True)
