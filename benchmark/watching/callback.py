"""A callback that evaluates the network inside a training loop, and adapters for three trainers."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark import api
from benchmark.errors import IncompatibleError
from benchmark.execution.locking import exclusive
from benchmark.launching.executors import Wanted, make_executor
from benchmark.launching.executors.base import Executor
from benchmark.tracking import CurvesOnly, Tracker, Tracking, open_tracking
from benchmark.watching.evaluating import Evaluator, UnreadableError, checkpoint_backbone
from benchmark.watching.ledger import Entry, Ledger, State, best_first, without_file
from benchmark.watching.tracked import tracked_values, watch_subject
from benchmark.watching.writing import outcome_line, write_results

LEDGER = 'ledger.json'

Pick = Callable[[Any], Any]
"""Type: a function from a trainer's model to the network to evaluate."""


class Watcher:
    """Evaluates a network every N steps of your own training loop, on validation splits.

    The weights are saved and evaluated as ``ARCH@FILE``, so that the scores are those of the saved
    checkpoint. The training is not affected: the state of random generators, gradients and the
    mode of the module stay as they were. A step that was evaluated before is not evaluated again.

    Args:
        arch: the architecture of the module, as ``'timm:vit_small_patch16_224'`` or
            ``'my_net.py:Net'``; without one the module itself is evaluated, whose ``forward`` must
            return maps, as for :func:`transferbench.evaluate`.
        suite: name or file of the suite.
        tasks: names of tasks of the suite; all unless given.
        protocols: names of protocols; the suite's probes unless given.
        seeds: random seeds; the suite's unless given.
        every: evaluate only steps divisible by this number.
        out: folder of scores, curves and records.
        data_root: folder of the data sets; ``$TBENCH_DATA``, else ``data``.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        executor: where cells run: this process unless another one is named.
        keep_best: how many of the best checkpoints to keep in ``out``.
        health: whether label-free measures are computed too.
        outcomes: store the outcome of each validation example, for intervals over examples.
        options: changes to every compiled configuration, by dotted key.
        track: where scores over steps and loss curves are sent, as for
            :func:`transferbench.evaluate`.
        say: receives one line per evaluation; printed unless given.

    Raises:
        BenchmarkError: ``out`` was started with other settings, or a name is unknown.

    >>> import tempfile
    >>> watcher = Watcher('timm:resnet18', suite='quick', every=100, out=tempfile.mkdtemp())
    >>> watcher.is_due(200), watcher.is_due(250)
    (True, False)
    """

    def __init__(
        self,
        arch: str | Path | None = None,
        *,
        suite: str | Path,
        tasks: Sequence[str] = (),
        protocols: Sequence[str] = (),
        seeds: Sequence[int] = (),
        every: int = 1,
        out: str | Path = 'watch',
        data_root: str | Path | None = None,
        device: str = 'auto',
        executor: Executor | str = 'inline',
        keep_best: int = 0,
        health: bool = True,
        outcomes: bool = True,
        options: Mapping[str, Any] | None = None,
        track: str | Tracker | Sequence[str | Tracker] = (),
        say: Callable[[str], None] | None = None,
    ) -> None:
        if every < 1:
            raise IncompatibleError(f'every is {every}, must be a number of steps, at least 1')
        api.check_folder('out', Path(out))
        self._arch = '' if arch is None else str(arch).removesuffix('+random')
        self._every, self._keep = every, keep_best
        self._place = (executor, Wanted(device, work=Path(out) / 'work'))
        self._evaluator = Evaluator(
            suite=str(suite),
            out=Path(out),
            tasks=tasks,
            protocols=protocols,
            seeds=seeds,
            options={'data_root': data_root, 'outcomes': outcomes, 'options': options},
            has_health=health,
            say=say or _print,
        )
        settings = {'arch': self._arch, **self._evaluator.plain()}
        self.ledger = Ledger(Path(out) / LEDGER, settings)
        self._track = track
        with self._tracking(is_named=True):  # what is missing is said before the first step
            pass

    def is_due(self, step: int) -> bool:
        """Return whether ``step`` is one of the steps to evaluate."""
        return step % self._every == 0

    def __call__(self, module: Any, step: int) -> Entry | None:
        """Evaluate ``module`` if ``step`` is due, and return the result; ``None`` otherwise.

        Of several processes that train together the first one evaluates.

        Args:
            module: the network (``torch.nn.Module``), wrapped for several processes or not.
            step: how many steps it was trained for.

        Raises:
            BenchmarkError: the request is wrong, data are missing, or the weights do not fit
                ``arch``.
        """
        if not self.is_due(step) or not _is_first_process():
            return None
        bare = _unwrapped(module)
        with exclusive(self._evaluator.out):
            entry = self._held(bare, step) if self._arch else self._in_memory(bare, step)
            known = next((e for e in self.ledger.entries if e.key == entry.key), None)
            if known is not None and known.state is State.EVALUATED:
                return known
            return self._evaluate(bare, entry)

    def _held(self, module: Any, step: int) -> Entry:
        """Return the entry of a module whose weights are written to the results."""
        from benchmark.execution.saving import save_weights
        from benchmark.hashing import file_hash

        folder = self._folder(step)
        path = folder / f'step_{step:08d}.safetensors'
        save_weights(module.state_dict(), path, {'step': str(step)}, is_half=False)
        return Entry(step, file_hash(path), path.name, str(path), held=str(path))

    def _in_memory(self, module: Any, step: int) -> Entry:
        from benchmark.sources.memory import digest

        return Entry(step, digest(module), type(module).__name__, '')

    def _folder(self, step: int) -> Path:
        return self._evaluator.out / 'checkpoints' / f'step_{step:08d}'

    def _evaluate(self, module: Any, entry: Entry) -> Entry:
        backbone = module
        if self._arch:
            backbone = checkpoint_backbone(self._arch, Path(entry.held), '', entry.step)
        with _opened(*self._place) as executor, self._tracking() as tracking:
            evaluator = self._evaluator
            if tracking is not None:
                evaluator = replace(evaluator, curves=CurvesOnly(tracking))
            try:
                found = evaluator.evaluate(backbone, executor)
            except UnreadableError as error:
                raise IncompatibleError(
                    f'step {entry.step}: the weights of the module are not weights of '
                    f'{self._arch or type(module).__name__}: {error}'
                ) from None
            done = found.enter(entry)
            self.ledger.put(done)
            self._drop_files()
            write_results(self.ledger, self._evaluator.out)
            self._evaluator.say(outcome_line(done))
            if tracking is not None:
                subject = watch_subject(self.ledger, self._evaluator.out)
                tracking.add(subject, done.step, tracked_values(done))
        return next(e for e in self.ledger.entries if e.key == done.key)

    def _tracking(self, *, is_named: bool = False) -> AbstractContextManager[Tracking | None]:
        """Return the block in which trackers are fed: nobody says when a loop of yours ends."""
        evaluator = self._evaluator
        folder = evaluator.out / 'tracking'
        return open_tracking(self._track, folder, evaluator.say, is_named=is_named)

    def _drop_files(self) -> None:
        """Remove the weights that were saved of all but the best checkpoints."""
        evaluated = self.ledger.having(State.EVALUATED)
        kept = {entry.key for entry in best_first(evaluated)[: self._keep]}
        dropped = [entry for entry in evaluated if entry.held and entry.key not in kept]
        for entry in dropped:
            shutil.rmtree(Path(entry.held).parent, ignore_errors=True)
        if dropped:
            self.ledger.put(*map(without_file, dropped))

    # adapters: they only call the watcher

    def mmengine_hook(self, pick: Pick | None = None) -> Any:
        """Return a hook for mmengine's runner: ``runner.register_hook(watcher.mmengine_hook())``.

        Args:
            pick: from the runner's model to the network; the model's ``backbone`` unless given.
        """
        from benchmark.watching.adapters import mmengine_hook

        return mmengine_hook(self, pick)

    def lightning_callback(self, pick: Pick | None = None) -> Any:
        """Return a callback for Lightning: ``Trainer(callbacks=[watcher.lightning_callback()])``.

        Args:
            pick: from the LightningModule to the network; the module itself unless given.
        """
        from benchmark.watching.adapters import LightningCallback

        return LightningCallback(self, pick)

    def trainer_callback(self, pick: Pick | None = None) -> Any:
        """Return a callback for transformers: ``Trainer(callbacks=[watcher.trainer_callback()])``.

        Args:
            pick: from the trained model to the network; the model itself unless given.
        """
        from benchmark.watching.adapters import TrainerCallback

        return TrainerCallback(self, pick)


class _opened:  # noqa: N801
    """An executor for a block: a given one stays open, one that is made here is closed."""

    def __init__(self, executor: Executor | str, wanted: Wanted) -> None:
        self._is_own = isinstance(executor, str)
        self._executor = make_executor(executor, wanted) if isinstance(executor, str) else executor

    def __enter__(self) -> Executor:
        return self._executor

    def __exit__(self, *_: object) -> None:
        if self._is_own:
            self._executor.close()


def _unwrapped(module: Any) -> Any:
    """Return the network inside wrappers for several processes or for compilation."""
    while type(module).__name__ in ('DistributedDataParallel', 'DataParallel', 'OptimizedModule'):
        inner = getattr(module, 'module', None)
        module = inner if inner is not None else module._orig_mod
    return module


def _is_first_process() -> bool:
    from torch import distributed

    return not (distributed.is_available() and distributed.is_initialized()) or (
        distributed.get_rank() == 0
    )


def _print(line: str) -> None:
    sys.stdout.write(f'{time.strftime("%H:%M:%S")} {line}\n')
