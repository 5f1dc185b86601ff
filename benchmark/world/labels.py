"""The name of every label number of the world."""

from __future__ import annotations

from benchmark.world.plans import COARSE_CLASSES

PARTS = ('body', 'head', 'limb')
"""Parts of a creature; the tail counts as a limb."""

CLUTTER = ('rock', 'plant', 'crate')

SEMANTIC_CLASSES = ('sky', 'wall', 'ground', 'hill', 'table', *PARTS, *CLUTTER)
"""Classes of the semantic maps; the index is the pixel's value."""

INSTANCE_CLASSES = (*COARSE_CLASSES, *CLUTTER)
"""Classes of the instances; COCO's category ids are these indices plus 1."""

SKY, WALL, GROUND, HILL, TABLE = range(5)
