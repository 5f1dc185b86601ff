"""A training whose batch did not fit into memory: half of it at a time, in twice the parts."""

from __future__ import annotations

from typing import Any

from benchmark.kinds.base import Config

HALVINGS = 2
"""Largest number of times that a batch may be halved."""

_COUNTS = ('begin', 'end', 'rise', 'max_iters', 'interval', 'iterations', 'parts')
"""Keys of schedules, loops and hooks that count iterations."""


def halved_batch(config: Config) -> Config | None:
    """Return a compiled training, or search, with half the batch at a time; ``None`` if it is odd.

    Optimiser, schedule and the pictures of a step stay the same. What is computed per part
    changes: means of losses, statistics of batch norm, random masks.
    """
    if 'trials' in config:
        return _halved_trials(config)
    loader = config['train_dataloader']
    if loader['batch_size'] % 2:
        return None
    wrapper = config['optim_wrapper']
    iterations = 2 * config['train_cfg']['max_iters']
    return {
        **config,
        'train_dataloader': {**loader, 'batch_size': loader['batch_size'] // 2},
        'train_cfg': {
            **config['train_cfg'],
            'max_iters': iterations,
            'val_interval': iterations + 1,
        },
        'optim_wrapper': {
            **wrapper,
            'accumulative_counts': 2 * wrapper.get('accumulative_counts', 1),
        },
        'param_scheduler': [_twice(item) for item in config['param_scheduler']],
        'custom_hooks': [_twice(item) for item in config['custom_hooks']],
        'default_hooks': {key: _twice(item) for key, item in config['default_hooks'].items()},
    }


def _halved_trials(config: Config) -> Config | None:
    trials: list[Config] = []
    for trial in config['trials']:
        halved = halved_batch(trial['config'])
        if halved is None:
            return None
        trials.append({**trial, 'config': halved})
    return {**config, 'trials': trials}


def _twice(part: Config) -> Config:
    """Return a part with all its iteration counts doubled."""
    doubled = {key: 2 * part[key] for key in _COUNTS if key in part}
    if 'milestones' in part:
        doubled['milestones'] = [2 * step for step in part['milestones']]
    return {**part, **doubled}


def batch_facts(training: Config) -> dict[str, Any]:
    """Return how the batch was split, for the record of a halved training."""
    at_once = training['train_dataloader']['batch_size']
    parts = training['optim_wrapper'].get('accumulative_counts', 1)
    return {
        'size': at_once * parts,
        'at_once': at_once,
        'parts': parts,
        'why': 'out of memory',
        'effects': 'losses are means over parts; batch norm, where there is any, sees one part; '
        'random masks are drawn per part',
    }
