"""Train every point of a recipe's grid, choose one on the validation split, and test that one."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.compiling import localise
from benchmark.errors import UNFIT, BenchmarkError, LostError
from benchmark.execution.outcome import Outcome
from benchmark.results.checkpoints import remove_checkpoints
from benchmark.results.store import write_atomically

Config = dict[str, Any]
Execute = Callable[[Config, Path], Outcome]


def execute_search(config: Config, folder: Path, execute: Execute) -> Outcome:
    """Return the outcome of the chosen point, trained again and tested, with all trials.

    Scores of finished trials stay in ``folder``, so that an interrupted search continues.

    Raises:
        BenchmarkError: no trial could be scored.
        LostError: a process of one was ended from outside.
    """
    start = time.perf_counter()
    selection = config['selection']
    was_begun = any(_kept(folder, index).is_file() for index in range(len(config['trials'])))
    trials = [
        {**trial['changes'], 'score': _score(trial['config'], folder, index, selection, execute)}
        for index, trial in enumerate(config['trials'])
    ]
    chosen = _best(trials, higher_is_better=selection['higher_is_better'])
    # an earlier attempt's trials were not measured
    seconds = None if was_begun else round(time.perf_counter() - start, 2)
    outcome = execute({**config['trials'][chosen]['config'], **config['testing']}, folder)
    told = {**selection, **trials[chosen], 'trials': len(trials)}
    return replace(
        outcome,
        proof={**outcome.proof, 'selection': told},
        cost={**outcome.cost, 'search_seconds': seconds},
        trials=trials,
    )


def _score(
    config: Config, folder: Path, index: int, selection: Config, execute: Execute
) -> float | None:
    """Return a trial's score, ``None`` where its training failed; a known one is not run again."""
    known = _kept(folder, index)
    own = known.parent
    if known.is_file():
        with contextlib.suppress(OSError, *UNFIT):  # a damaged one is measured again
            return float(json.loads(known.read_text(encoding='utf-8')))
    try:
        # what a trial leaves behind stays apart from what the chosen one does
        outcome = execute(localise(config, {str(folder): str(own)}), own)
    except LostError:  # it says nothing about the rate
        raise
    except BenchmarkError as error:  # a rate that is too large must not end the search
        logging.getLogger(__name__).warning('%s: %s', own, error)
        return None
    score = outcome.raw[selection['metric']]
    if not math.isfinite(score):
        return None  # not kept: another attempt may succeed
    write_atomically(known, json.dumps(score))
    remove_checkpoints(own)
    return score


def _kept(folder: Path, index: int) -> Path:
    """Return the file that keeps the score of a trial."""
    return folder / f'trial_{index}' / 'score.json'


def _best(trials: Sequence[Config], *, higher_is_better: bool) -> int:
    """Return the index of the best trial, the first of equals."""
    sign = 1 if higher_is_better else -1
    scored = [i for i, trial in enumerate(trials) if trial['score'] is not None]
    if not scored:
        raise BenchmarkError("no point of the recipe's grid could be trained: see the log")
    return max(scored, key=lambda i: (sign * trials[i]['score'], -i))
