"""The procedures that a worker can run: how each is compiled, and which function runs it.

Nothing is listed elsewhere: who plans, dispatches or answers asks this table. Another package's
protocol may name a procedure of its own as ``'module:attribute'``.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.compiling.as_is import compile_as_is
from benchmark.compiling.compile import CellInputs, compile_config
from benchmark.compiling.facts import facts_of, trivial_facts
from benchmark.compiling.options import applicable, apply_options
from benchmark.compiling.probing import compile_probe
from benchmark.compiling.search import compile_search, grid_of
from benchmark.compiling.trivial import compile_trivial
from benchmark.errors import EnvironmentProblem, unknown_name
from benchmark.kinds.base import Config

Compile = Callable[[CellInputs, Mapping[str, Any]], Config]


@dataclass(frozen=True)
class Procedure:
    """One kind of work that a worker can do.

    Attributes:
        name: how requests name it.
        run: ``'module:function'`` from a request to its answer, both plain data; it may import
            torch, this table does not.
        compile: returns the configuration of a cell, given its inputs and the user's options by
            dotted key; ``None`` where no cell is compiled.
        facts: returns what a record says of a cell.
        trainings: returns those parts of a configuration whose batches several processes share.
        takes_processes: whether several processes may run it together.
        keeps_features: whether features of a frozen backbone are kept for the next time.
        writes_submission: whether it trains what can write an archive for an evaluation server.
        canary: ``'module:function'`` from a configuration and a number of samples to numbers that
            must not change, by name; empty if the procedure has no canary.
        uses_gpu: whether it computes on a GPU where there is one.
        uses_libraries: whether it needs torch and the OpenMMLab libraries, which take a worker
            seconds to prepare.
    """

    name: str
    run: str
    compile: Compile | None = None
    facts: Callable[[CellInputs], dict[str, Any]] = facts_of
    trainings: Callable[[Config], list[Config]] = lambda config: []
    takes_processes: bool = False
    keeps_features: bool = False
    writes_submission: bool = False
    canary: str = ''
    uses_gpu: bool = True
    uses_libraries: bool = True


def _train(cell: CellInputs, options: Mapping[str, Any]) -> Config:
    return apply_options(compile_config(cell), options)


def _probe(cell: CellInputs, options: Mapping[str, Any]) -> Config:
    bare = compile_probe(cell)
    return apply_options(bare, applicable(bare, options))


def _as_is(cell: CellInputs, options: Mapping[str, Any]) -> Config:
    bare = compile_as_is(cell)
    return apply_options(bare, applicable(bare, options))


def _trivial(cell: CellInputs, options: Mapping[str, Any]) -> Config:
    bare = compile_trivial(cell.task)
    # options for a model or its training have no place here
    return apply_options(bare, applicable(bare, options))


_JOBS = 'benchmark.execution.jobs'
_CANARIES = 'benchmark.execution.canary'
_PROCEDURES = {
    item.name: item
    for item in (
        Procedure(
            'train',
            f'{_JOBS}:train_job',
            _train,
            trainings=lambda config: [config],
            takes_processes=True,
            writes_submission=True,
            canary=f'{_CANARIES}:compute',
        ),
        Procedure(
            'search',
            f'{_JOBS}:search_job',
            compile_search,
            trainings=lambda config: [trial['config'] for trial in config['trials']],
            takes_processes=True,
            writes_submission=True,
            canary=f'{_CANARIES}:compute_first_trial',
        ),
        Procedure(
            'probe',
            f'{_JOBS}:probe_job',
            _probe,
            keeps_features=True,
            canary='benchmark.execution.probe:compute_canary',
        ),
        Procedure('as-is', f'{_JOBS}:as_is_job', _as_is),
        Procedure(
            'trivial',
            f'{_JOBS}:trivial_job',
            _trivial,
            facts=lambda cell: trivial_facts(cell.task),
            uses_gpu=False,
        ),
        Procedure('canary', f'{_JOBS}:canary_job'),
        # mmpretrain's algorithms take seconds to import and are not needed by other procedures
        Procedure('pretrain', 'benchmark.execution.pretrain:train_weights'),
        Procedure('inspect', f'{_JOBS}:inspect_job'),
        Procedure('check', f'{_JOBS}:check_job'),
        Procedure('health', 'benchmark.analysis.health:health_job'),
    )
}


def find_procedure(name: str) -> Procedure:
    """Return the procedure with the name ``name``, or at ``'module:attribute'``.

    Raises:
        UnknownNameError: no procedure has that name.
        EnvironmentProblem: another package's procedure cannot be imported, or is not a procedure.
    """
    if ':' not in name:
        if name not in _PROCEDURES:
            raise unknown_name('procedure', name, _PROCEDURES)
        return _PROCEDURES[name]
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise EnvironmentProblem(f"procedure '{name}' cannot be imported ({error})") from None
    if not isinstance(found, Procedure):
        raise EnvironmentProblem(
            f"procedure '{name}' is a {type(found).__name__}, must be a Procedure"
        )
    return found


def procedure_of(cell: CellInputs) -> tuple[str, Procedure]:
    """Return the procedure of a cell, and the name by which a worker finds it.

    The protocol names it; a training whose recipe has a grid becomes a search.

    Raises:
        BenchmarkError: the protocol names a procedure that does not exist.
    """
    name = cell.protocol.procedure
    if name == 'train' and grid_of(cell.changes):
        name = 'search'
    return name, find_procedure(name)
