"""Compile a cell into one mmengine configuration: plain data, portable, without torch."""

from benchmark.compiling.as_is import compile_as_is
from benchmark.compiling.checking import check_compiles
from benchmark.compiling.compile import (
    CODE,
    FIXED_VIEWS,
    ORDER,
    PACKAGES,
    STEP_DRAWS,
    WEIGHTS,
    WORK,
    CellInputs,
    compile_config,
)
from benchmark.compiling.facts import facts_of, trivial_facts
from benchmark.compiling.identity import (
    files_below,
    fingerprint_of,
    identity_text,
    library_versions,
    names_and_sizes,
    numerics_of,
    reader_versions,
)
from benchmark.compiling.options import LOADERS, applicable, apply_options, localise, parse_options
from benchmark.compiling.precision import PRECISION, choose_policy
from benchmark.compiling.probing import compile_probe, features_of
from benchmark.compiling.procedures import Procedure, find_procedure, procedure_of
from benchmark.compiling.search import compile_search, grid_of, on_validation
from benchmark.compiling.trivial import (
    annotated_splits,
    compile_submission,
    compile_trivial,
    data_request,
    drawn_splits,
    submission_name,
)

__all__ = [
    'CODE',
    'FIXED_VIEWS',
    'LOADERS',
    'ORDER',
    'PACKAGES',
    'PRECISION',
    'STEP_DRAWS',
    'WEIGHTS',
    'WORK',
    'CellInputs',
    'Procedure',
    'annotated_splits',
    'applicable',
    'apply_options',
    'check_compiles',
    'choose_policy',
    'compile_as_is',
    'compile_config',
    'compile_probe',
    'compile_search',
    'compile_submission',
    'compile_trivial',
    'data_request',
    'drawn_splits',
    'facts_of',
    'features_of',
    'files_below',
    'find_procedure',
    'fingerprint_of',
    'grid_of',
    'identity_text',
    'library_versions',
    'localise',
    'names_and_sizes',
    'numerics_of',
    'on_validation',
    'parse_options',
    'procedure_of',
    'reader_versions',
    'submission_name',
    'trivial_facts',
]
