"""The procedural world: the benchmark's embedded data, rendered by the project itself."""

from benchmark.world.anatomy import FLIP_PAIRS, KEYPOINT_SIGMAS, KEYPOINTS, SKELETON
from benchmark.world.labels import INSTANCE_CLASSES, SEMANTIC_CLASSES
from benchmark.world.plans import COARSE_CLASSES
from benchmark.world.spec import SPLITS, VERSION, SplitCounts, WorldSpec
from benchmark.world.species import FINE_SPECIES
from benchmark.world.store import (
    ensure_pretraining_split,
    ensure_world,
    find_world,
    world_root,
)

__all__ = [
    'COARSE_CLASSES',
    'FINE_SPECIES',
    'FLIP_PAIRS',
    'INSTANCE_CLASSES',
    'KEYPOINTS',
    'KEYPOINT_SIGMAS',
    'SEMANTIC_CLASSES',
    'SKELETON',
    'SPLITS',
    'VERSION',
    'SplitCounts',
    'WorldSpec',
    'ensure_pretraining_split',
    'ensure_world',
    'find_world',
    'world_root',
]
