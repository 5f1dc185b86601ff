"""Where jobs run: executors by name, ours and those of other packages.

An executor is found by the entry-point group ``transferbench.executors``: a callable that takes
:class:`~benchmark.launching.executors.base.Wanted` and returns an
:class:`~benchmark.launching.executors.base.Executor`.
"""

from __future__ import annotations

from benchmark.launching.executors.base import Executor, Job, MakeExecutor, Reply, Wanted
from benchmark.plugins import Plugins

__all__ = [
    'EXECUTORS', 'Executor', 'Job', 'MakeExecutor', 'Reply', 'Wanted', 'make_executor',
]  # fmt: skip


def _own() -> dict[str, str]:
    return {
        'inline': f'{__name__}.inline:InlineExecutor.of',
        'local': f'{__name__}.local:LocalExecutor.of',
        'ray': f'{__name__}.ray:RayExecutor.of',
        'slurm': f'{__name__}.slurm:SlurmExecutor.of',
    }


def _problem(part: object) -> str:
    return '' if callable(part) else f'it is a {type(part).__name__}, must be callable'


EXECUTORS: Plugins[MakeExecutor] = Plugins('executors', 'executor', _own, _problem)


def make_executor(name: str, wanted: Wanted) -> Executor:
    """Return the executor called ``name``; nothing runs yet.

    Raises:
        UnknownNameError: there is no such executor.
        EnvironmentProblem: there is no such device, or not enough of it.
    """
    return EXECUTORS.load(name)(wanted)
