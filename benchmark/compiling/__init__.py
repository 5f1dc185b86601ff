"""Compile a cell into one mmengine configuration: plain data, portable, without torch."""

from benchmark.compiling.compile import (
    CODE,
    SPLIT_LOADING,
    WEIGHTS,
    WORK,
    Ingredients,
    compile_config,
)
from benchmark.compiling.facts import facts_of, trivial_facts
from benchmark.compiling.identity import (
    files_below,
    fingerprint_of,
    library_versions,
    names_and_sizes,
    numerics_of,
    reader_versions,
)
from benchmark.compiling.options import applicable, apply_options, localise, parse_options
from benchmark.compiling.probing import compile_probe, features_of
from benchmark.compiling.search import compile_search, grid_of, on_validation
from benchmark.compiling.trivial import (
    annotated_splits,
    compile_trivial,
    data_request,
    drawn_splits,
)

__all__ = [
    'CODE',
    'SPLIT_LOADING',
    'WEIGHTS',
    'WORK',
    'Ingredients',
    'annotated_splits',
    'applicable',
    'apply_options',
    'compile_config',
    'compile_probe',
    'compile_search',
    'compile_trivial',
    'data_request',
    'drawn_splits',
    'facts_of',
    'features_of',
    'files_below',
    'fingerprint_of',
    'grid_of',
    'library_versions',
    'localise',
    'names_and_sizes',
    'numerics_of',
    'on_validation',
    'parse_options',
    'reader_versions',
    'trivial_facts',
]
