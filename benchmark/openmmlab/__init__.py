"""What the OpenMMLab libraries need to run, whole and safely, on a current torch.

Call :func:`prepare` once per process before importing mmcv, mmdet, mmpose, mmpretrain or mmseg.
Importing this package changes nothing and imports neither torch nor any of those libraries.
"""

from benchmark.openmmlab.environment import Backends, keypoints_backend, ops_backend, prepare

__all__ = ['Backends', 'keypoints_backend', 'ops_backend', 'prepare']
