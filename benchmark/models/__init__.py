"""Registered torch modules shared by the kinds: backbones and necks.

Heads that build on one OpenMMLab library live in modules of their own, which the kind
names, so that a run imports only the library that it needs.
"""

from benchmark.models.backbone import FeatureBackbone
from benchmark.models.necks import PooledFeatures, ResampledMap, SimplePyramid

__all__ = ['FeatureBackbone', 'PooledFeatures', 'ResampledMap', 'SimplePyramid']
