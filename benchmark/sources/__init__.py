"""Sources of backbones: one module per library, with the parts that they share.

A source is a module with a function ``open_source(request)`` that returns an
:class:`~benchmark.sources.base.Extractor`. Ids name it before the colon; nothing but that name
connects it to the rest, and it is imported when it is used.
"""

from benchmark.sources.base import BuildRequest, Extractor, Size
from benchmark.sources.blocks import Ending, modules_by_layer
from benchmark.sources.loading import LoadReport, load_file, load_published
from benchmark.sources.shapes import (
    Level,
    Probe,
    architecture_of,
    dense_levels,
    four_levels,
    open_network,
    probe,
    probe_once,
)

__all__ = [
    'BuildRequest',
    'Ending',
    'Extractor',
    'Level',
    'LoadReport',
    'Probe',
    'Size',
    'architecture_of',
    'dense_levels',
    'four_levels',
    'load_file',
    'load_published',
    'modules_by_layer',
    'open_network',
    'probe',
    'probe_once',
]
