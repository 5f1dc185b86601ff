"""The backbone and its adapter as registered torch modules, shared by all kinds.

Heads that build on one OpenMMLab library live in modules of their own, which the kind
names, so that a run imports only the library that it needs.
"""

from benchmark.models.backbone import FeatureBackbone
from benchmark.models.low_rank import LowRank

__all__ = ['FeatureBackbone', 'LowRank']
