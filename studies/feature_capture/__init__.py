"""The theory of arXiv 2206.03826 made runnable: which features a pretraining captures."""

from studies.feature_capture.study import analyse

__all__ = ['analyse']
