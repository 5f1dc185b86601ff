"""What makes two runs the same: which facts enter a fingerprint, and which do not.

A record holds every ingredient, so that its fingerprint can be computed again from it alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from benchmark.hashing import fingerprint

Config = Mapping[str, Any]

WORK = '{work}'
"""Stands for the run's work folder in a compiled configuration."""

_IDLE = frozenset(
    {
        # where files are, how they are fetched and by how many processes
        'backend_args', 'file_client_args', 'num_workers', 'persistent_workers', 'pin_memory',
        'prefetch_factor',
        # what is printed, drawn or continued
        'gallery', 'log_processor', 'resume', 'visualizer',
        # which modules register what the rest names
        'custom_imports',
    }
)  # fmt: skip
_IDLE_HOOKS = frozenset({'checkpoint', 'logger', 'runtime_info', 'timer', 'visualization'})
_WATCHING = frozenset(
    {
        'CheckpointHook', 'IterTimerHook', 'LoggerHook', 'RuntimeInfoHook',
        'benchmark.LossHistory', 'benchmark.ParameterAudit', 'benchmark.RandomStates',
    }
)  # fmt: skip
_CLASS_IN_MODULE = re.compile(r'[A-Za-z_][\w.]*:([A-Za-z_]\w*)')


def identifying(config: Config) -> dict[str, Any]:
    """Return the part of a compiled configuration that determines the numbers of its run.

    This is the one rule for what does not: hooks that only watch, log or write into the work
    folder, continuing an interrupted run, how files are fetched and by how many processes, and in
    which module a class of ours lies.
    """
    found: dict[str, Any] = {}
    for key, value in config.items():
        if key in _IDLE:
            continue
        if isinstance(value, dict):
            if key == 'default_hooks':
                value = _acting(value)
            found[key] = identifying(value)
        elif isinstance(value, list | tuple):
            if key == 'custom_hooks':
                value = [hook for hook in value if not _watches(hook)]
            found[key] = _items(value)
        elif key in ('type', 'predictor') and isinstance(value, str) and ':' in value:
            found[key] = _CLASS_IN_MODULE.sub(r'\1', value)
        else:
            found[key] = value
    return found


def _items(values: list[Any] | tuple[Any, ...]) -> list[Any]:
    return [
        identifying(value)
        if isinstance(value, dict)
        else _items(value)
        if isinstance(value, list | tuple)
        else value
        for value in values
    ]


def _acting(hooks: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: hook for name, hook in hooks.items() if name not in _IDLE_HOOKS and not _watches(hook)
    }


def _watches(hook: Any) -> bool:
    """Whether a hook leaves the training as it is: those that write into the work folder do."""
    return isinstance(hook, dict) and (hook.get('type') in _WATCHING or WORK in hook.values())


def identity_of(
    config: Config,
    *,
    weights: str | None,
    data: str | None,
    task_version: int | None,
    libraries: Mapping[str, str],
    numerics: Mapping[str, int],
) -> dict[str, Any]:
    """Return everything that determines the numbers of a run, as JSON data.

    Args:
        config: the compiled configuration, with placeholders for local paths.
        weights: hash of the backbone's weights, ``None`` where they are random.
        data: digest of the task's data.
        task_version: version that the task declares.
        libraries: versions of the libraries that can change numbers.
        numerics: number of each part of the benchmark that takes part in the run.
    """
    return {
        'config': identifying(config),
        'weights': weights,
        'data': data,
        'task_version': task_version,
        'libraries': dict(libraries),
        'numerics': dict(numerics),
    }


def recorded_identity(
    config: Config, task: Mapping[str, Any], provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the identity of a run from what its record says."""
    return identity_of(
        config,
        weights=provenance.get('weights'),
        data=provenance.get('data_manifest'),
        task_version=task.get('version'),
        libraries=provenance.get('libraries') or {},
        numerics=provenance.get('numerics') or {},
    )


def recorded_fingerprint(
    config: Config, task: Mapping[str, Any], provenance: Mapping[str, Any]
) -> str:
    """Return the fingerprint of a run, computed from what its record says."""
    return fingerprint(recorded_identity(config, task, provenance))


def experiment_of(
    config: Config, task: Mapping[str, Any], provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what all seeds of one experiment share: the identity of a run without its seed."""
    found = recorded_identity(config, task, provenance)
    del_seed = {key: value for key, value in found['config'].items() if key != 'randomness'}
    return {**found, 'config': del_seed}


_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def experiment_mark(config: Config, task: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
    """Return a hash that two runs share exactly if they belong to one experiment."""
    content = experiment_of(config, task, provenance)
    return hashlib.sha256(orjson.dumps(content, option=_SORTED)).hexdigest()


class Marked(NamedTuple):
    """How a compiled configuration shows its procedure, and what of the benchmark that involves.

    ``key`` is one that no other procedure's configurations have; empty where there is none.
    """

    key: str
    parts: tuple[str, ...]


PROCEDURES: Mapping[str, Marked] = {
    'search': Marked('trials', ('reading', 'networks', 'training', 'search')),
    'probe': Marked('solver', ('reading', 'networks', 'probe')),
    'as-is': Marked('own_head', ('reading', 'networks', 'as-is')),
    'trivial': Marked('predictor', ('reading', 'trivial')),
    'train': Marked('', ('reading', 'networks', 'training')),
}
"""By name, as in :mod:`benchmark.compiling.procedures`: what shows each, and its parts.

The parts are those that no kind, protocol or source owns; another package's procedure counts as
the one whose configurations it takes.
"""


def shown_procedure(config: Config) -> str:
    """Return the name of the procedure that a configuration was compiled for, by its keys alone.

    Records know nothing else; of a cell, :func:`benchmark.compiling.procedure_of` knows it.
    """
    return next(
        name for name, marked in PROCEDURES.items() if not marked.key or marked.key in config
    )


def parts_of(config: Config, *, kind: str, protocol: str, source: str) -> tuple[str, ...]:
    """Return the names of the parts whose numerics enter the fingerprint of a cell.

    ``source`` is where the backbone's network comes from, as ``'timm:NAME'``; empty for none.

    Args:
        config: the compiled configuration.
        kind: name of the kind of task.
        protocol: name of the protocol.
        source: source of the network, such as ``'timm:NAME'``; empty for none.
    """
    library = source.partition(':')[0]
    return (
        *PROCEDURES[shown_procedure(config)].parts,
        f'kind {kind}',
        f'protocol {protocol}',
        *([f'source {library}'] if library else []),
    )
