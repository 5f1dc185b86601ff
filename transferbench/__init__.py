"""Which pretrained backbone transfers best, to what, and how sure are we?

The Python face of the benchmark::

    import transferbench as tb

    run = tb.evaluate(my_module, suite='quick', tasks=['world-covered'], protocols=['knn'])
    run.leaderboard()

Everything named in ``__all__`` is public; importing this package loads none of the libraries.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from transferbench import _shadowing

_shadowing.refuse_foreign_package()

if TYPE_CHECKING:
    from benchmark import __version__
    from benchmark.api import (
        Check,
        Results,
        Run,
        check,
        compare,
        evaluate,
        get_backbone,
        get_protocol,
        get_suite,
        get_task,
        leaderboard,
        list_backbones,
        list_protocols,
        list_suites,
        list_tasks,
        load_results,
        pretrain,
        regress,
        site,
        submit,
        verify,
    )
    from benchmark.errors import (
        BenchmarkError,
        CheckpointError,
        DataError,
        DeclarationError,
        EnvironmentProblem,
        IncompatibleError,
        RecordError,
        UnknownNameError,
    )
    from benchmark.launching.executors.base import Executor
    from benchmark.launching.executors.inline import InlineExecutor
    from benchmark.launching.executors.local import LocalExecutor
    from benchmark.watching.callback import Watcher

__all__ = [
    'BenchmarkError',
    'Check',
    'CheckpointError',
    'DataError',
    'DeclarationError',
    'EnvironmentProblem',
    'Executor',
    'IncompatibleError',
    'InlineExecutor',
    'LocalExecutor',
    'RecordError',
    'Results',
    'Run',
    'UnknownNameError',
    'Watcher',
    '__version__',
    'check',
    'compare',
    'evaluate',
    'get_backbone',
    'get_protocol',
    'get_suite',
    'get_task',
    'leaderboard',
    'list_backbones',
    'list_protocols',
    'list_suites',
    'list_tasks',
    'load_results',
    'pretrain',
    'regress',
    'site',
    'submit',
    'verify',
]

_ELSEWHERE = {
    '__version__': 'benchmark',
    'Executor': 'benchmark.launching.executors.base',
    'InlineExecutor': 'benchmark.launching.executors.inline',
    'LocalExecutor': 'benchmark.launching.executors.local',
    'Watcher': 'benchmark.watching.callback',
}


def __getattr__(name: str) -> Any:
    """Return a public name, importing what defines it on first use."""
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    is_error = name.endswith(('Error', 'Problem'))
    home = _ELSEWHERE.get(name, 'benchmark.errors' if is_error else 'benchmark.api')
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
