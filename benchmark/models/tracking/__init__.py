"""A Siamese transformer tracker over any backbone, after SwinTrack (arXiv 2112.00995)."""

from benchmark.models.tracking.tracker import SiameseTracker, TrackingPreprocessor

__all__ = ['SiameseTracker', 'TrackingPreprocessor']
