"""Evaluate every complete checkpoint below a folder exactly once, while others are written."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark import api
from benchmark.errors import BenchmarkError, CheckpointError, DataError, DeclarationError
from benchmark.execution.locking import exclusive
from benchmark.launching.executors import Wanted, make_executor
from benchmark.launching.executors.base import Executor
from benchmark.planning.contents import remembered_hash
from benchmark.pretraining.folder import ARCHITECTURE
from benchmark.tracking import CurvesOnly, Subject, Tracker, Tracking, open_tracking
from benchmark.watching.evaluating import Evaluator, UnreadableError, checkpoint_backbone
from benchmark.watching.ledger import Entry, Ledger, State, best_first, without_file
from benchmark.watching.looking import Looks, Seen, step_in_file, step_in_name
from benchmark.watching.tracked import tracked_values, watch_result, watch_subject
from benchmark.watching.writing import outcome_line, write_results
from benchmark.weight_files import locate_weights, weights_hash

LEDGER = 'ledger.json'
"""The file in a folder of results that says what became of each checkpoint."""


@dataclass(frozen=True, kw_only=True)
class Watching:
    """Which checkpoints are evaluated, in which order, and until when.

    Attributes:
        folder: the folder whose checkpoints are evaluated.
        arch: the architecture that they are weights of; by default that of ``architecture.py`` in
            the folder, which ``tbench pretrain --save-every`` writes.
        copy: key of the copy of the weights to take, where a file holds several.
        marker: ending of the file that marks a checkpoint as complete; none is needed unless given.
        step_key: key in the file that holds the step; unless given, the name says the step.
        every: only steps that this number divides.
        newest_first: evaluate the newest of those that wait first.
        max_lag: skip the oldest of more waiting checkpoints than this.
        keep_best: how many of the best checkpoints to keep a copy of.
        once: end when what is there now is evaluated.
        until: end once this file exists and what is there then is evaluated.
        interval: seconds between two looks at the folder.
        final_test: ``'best'`` or ``'last'``: the checkpoint to score on the test splits at the end;
            empty for none.
    """

    folder: Path
    arch: str = ''
    copy: str = ''
    marker: str = ''
    step_key: str = ''
    every: int = 1
    newest_first: bool = False
    max_lag: int | None = None
    keep_best: int = 0
    once: bool = False
    until: Path | None = None
    interval: float = 5.0
    final_test: str = ''

    @property
    def architecture(self) -> str:
        """The architecture as ``ARCH@FILE`` takes it.

        Raises:
            DeclarationError: none is given, and none lies in the folder.
        """
        if self.arch:
            return self.arch.removesuffix('+random')
        found = self.folder / ARCHITECTURE
        if not found.is_file():
            raise DeclarationError(
                f'--arch is needed: {self.folder} holds no {ARCHITECTURE} that says what the '
                'checkpoints are weights of'
            )
        return str(found)


@dataclass
class Watch:
    """A folder of checkpoints, what became of them so far, and what evaluates the next one.

    Attributes:
        watching: which checkpoints are evaluated, and until when.
        evaluator: what evaluates one.
        executor: where its cells run.
        tracking: where scores over steps are sent, if anywhere.
        pause: waits for so many seconds between looks.
        ledger: what became of the checkpoints so far.

    Raises:
        BenchmarkError: the ledger is of other settings.
    """

    watching: Watching
    evaluator: Evaluator
    executor: Executor
    tracking: Tracking | None = None
    pause: Callable[[float], None] = time.sleep
    ledger: Ledger = field(init=False)
    _named: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        """Read the ledger of an earlier watch, if there is one."""
        watching = self.watching
        settings = {
            'arch': watching.architecture,
            'copy': watching.copy,
            **self.evaluator.plain(),
        }
        self.ledger = Ledger(self.evaluator.out / LEDGER, settings)
        self._looks = Looks(watching.folder, watching.marker)

    def run(self) -> None:
        """Look and evaluate until the end that was asked for; forever where none was.

        Raises:
            BenchmarkError: nothing can be evaluated at all: data are missing, a name is wrong.
        """
        watching = self.watching
        looked = 0
        for entry in self.ledger.having(State.EVALUATED):  # killed before they were sent, perhaps
            self._track(entry)
        self._take_up_failed()
        while True:
            is_over = watching.once or (watching.until is not None and watching.until.exists())
            unsettled = self._look()
            looked += 1
            if self._evaluate_next():
                continue
            # with --once what still changes at the second look is left alone
            if is_over and looked > 1 and (not unsettled or watching.once):
                break
            self.pause(watching.interval)
        if unsettled:
            self.evaluator.say(f'{unsettled} checkpoints are still changing and are skipped')
        self._test_finally()
        self._write()
        if self.tracking is not None:
            self.tracking.finish(self._subject, watch_result(self.ledger, self.evaluator.out))

    # looking

    def _look(self) -> int:
        """Take in the complete checkpoints that are new; return how many are not settled yet."""
        stable, unsettled = self._looks.look()
        for seen in stable:
            mark = f'{seen.path.relative_to(self.watching.folder)} {seen.digest}'
            if mark not in self.ledger.seen and mark not in self._named:
                self._take_in(seen, mark)
        self._keep_to_lag()
        return unsettled

    def _take_in(self, seen: Seen, mark: str) -> None:
        """Note a checkpoint as waiting, and hold its files; one without a step is left alone."""
        try:
            step = self._step(seen.path)
            if step is None:
                self._name(
                    mark,
                    f'{seen.path}: its name contains no step; read it from the file with '
                    '--step-key KEY',
                )
                return
            if step % self.watching.every:
                self._named.add(mark)
                return
            sha256 = self._hash(seen.path)
        except CheckpointError as error:
            self._refuse(seen, mark, str(error))
            return
        except (OSError, DataError):  # removed by whoever writes them: the next look finds out
            return
        self.ledger.seen[mark] = sha256
        entry = Entry(step, sha256, seen.path.name, str(seen.path))
        if self.ledger.knows(entry.key):
            self.ledger.write()
            return
        try:
            held = self._hold(entry)
        except OSError as error:
            del self.ledger.seen[mark]
            self._name(mark, f'{seen.path}: cannot be held ({error.strerror or error})')
            return
        self.ledger.put(replace(entry, held=str(held)))

    def _take_up_failed(self) -> None:
        """Let checkpoints with failed cells wait again, if their files are there."""
        for entry in self.ledger.having(State.EVALUATED):
            if not entry.errors:
                continue
            try:
                held = Path(entry.held) if entry.held else self._hold(entry)
                if self._hash(held) != entry.sha256:
                    raise DataError(f'{entry.path}: is another checkpoint now')
            except (OSError, BenchmarkError):  # gone, or written over
                shutil.rmtree(self._place(entry).parent, ignore_errors=True)
                self.ledger.put(without_file(entry))
                continue
            self.ledger.put(replace(entry, state=State.WAITING, held=str(held)))
            self.evaluator.say(f'step {entry.step}: cells that failed are tried again')

    def _step(self, path: Path) -> int | None:
        if self.watching.step_key:
            return step_in_file(path, self.watching.step_key)
        return step_in_name(path, self.watching.folder)

    def _hash(self, path: Path) -> str:
        cache = self.evaluator.out / 'work' / 'cache'
        return weights_hash(locate_weights(path), lambda file: remembered_hash(file, cache))

    def _name(self, mark: str, line: str) -> None:
        self._named.add(mark)
        self.evaluator.say(line)

    def _refuse(self, seen: Seen, mark: str, reason: str) -> None:
        """Note a checkpoint whose step cannot even be read."""
        entry = Entry(-1, seen.digest, seen.path.name, str(seen.path), '', State.UNREADABLE, reason)
        self.ledger.seen[mark] = seen.digest
        self.ledger.put(entry)
        self.evaluator.say(f'skipped: {reason}')

    def _hold(self, entry: Entry) -> Path:
        """Return the checkpoint's place among the results, where nobody removes it.

        It is a second name of the same file where the file system allows it, else a copy. One
        whose step stands in the file may be written over in place, and is copied.
        """
        place = self._place(entry)
        shutil.rmtree(place.parent, ignore_errors=True)
        place.parent.mkdir(parents=True)
        source = Path(entry.path)
        function: Any = shutil.copy2 if self.watching.step_key else _link
        if source.is_dir():
            shutil.copytree(source, place, copy_function=function)
        else:
            function(str(source), str(place))
        return place

    def _place(self, entry: Entry) -> Path:
        folder = f'step_{entry.step:08d}-{entry.sha256[:8]}'
        return self.evaluator.out / 'checkpoints' / folder / entry.name

    def _keep_to_lag(self) -> None:
        """Skip the oldest of too many that wait."""
        lag, waiting = self.watching.max_lag, self.ledger.having(State.WAITING)
        if lag is None or len(waiting) <= lag:
            return
        reason = f'more than {lag} were waiting'
        for entry in waiting[: len(waiting) - lag]:
            self._close(replace(entry, state=State.SKIPPED, reason=reason))
            self.evaluator.say(f'step {entry.step}: skipped, {reason}')

    # evaluating

    def _evaluate_next(self) -> bool:
        """Evaluate one checkpoint that waits; return whether there was one."""
        waiting = self.ledger.having(State.WAITING)
        if not waiting:
            return False
        entry = waiting[-1 if self.watching.newest_first else 0]
        held = Path(entry.held)
        if not held.exists() or self._hash(held) != entry.sha256:
            reason = f'{entry.path}: was changed or removed before it could be evaluated'
            self._close(replace(entry, state=State.SKIPPED, reason=reason))
            self.evaluator.say(f'step {entry.step}: {reason}')
            return True
        try:
            found = self.evaluator.evaluate(self._backbone(entry), self.executor)
        except (UnreadableError, CheckpointError) as error:
            reason = str(error).replace(str(held), entry.path)
            self._close(replace(entry, state=State.UNREADABLE, reason=reason))
            self.evaluator.say(f'step {entry.step}: skipped: {reason}')
            return True
        done = found.enter(entry)
        self.ledger.put(done)
        self._drop_files()
        self.evaluator.say(outcome_line(done))
        self._write()
        self._track(done)
        return True

    @property
    def _subject(self) -> Subject:
        return watch_subject(self.ledger, self.evaluator.out)

    def _track(self, entry: Entry) -> None:
        if self.tracking is not None:
            self.tracking.add(self._subject, entry.step, tracked_values(entry))

    def _backbone(self, entry: Entry) -> Any:
        arch = self.watching.architecture
        return checkpoint_backbone(arch, Path(entry.held), self.watching.copy, entry.step)

    def _close(self, entry: Entry) -> None:
        """Note what became of a checkpoint that is not evaluated, and let go of its files."""
        shutil.rmtree(self._place(entry).parent, ignore_errors=True)
        self.ledger.put(without_file(entry))

    def _drop_files(self) -> None:
        """Delete the files of evaluated checkpoints that are not among the best."""
        evaluated = self.ledger.having(State.EVALUATED)
        wanted = max(self.watching.keep_best, 1 if self.watching.final_test else 0)
        kept = {entry.key for entry in best_first(evaluated)[:wanted]}
        if self.watching.final_test == 'last':
            kept |= {entry.key for entry in evaluated[-1:]}
        dropped = [entry for entry in evaluated if entry.held and entry.key not in kept]
        for entry in dropped:
            shutil.rmtree(self._place(entry).parent, ignore_errors=True)
        if dropped:
            self.ledger.put(*map(without_file, dropped))

    def _test_finally(self) -> None:
        """Score the best or the last checkpoint on the test splits, once."""
        evaluated = self.ledger.having(State.EVALUATED)
        if not self.watching.final_test or self.ledger.final or not evaluated:
            return
        is_best = self.watching.final_test == 'best'
        entry = best_first(evaluated)[0] if is_best else evaluated[-1]
        if not entry.held or not Path(entry.held).exists():
            raise BenchmarkError(
                f'--final-test: the weights of step {entry.step} no longer exist; start  '
                'with --final-test in another --out'
            )
        found = self.evaluator.evaluate(self._backbone(entry), self.executor, is_test=True)
        self.ledger.final = replace(entry, scores=found.scores, errors=found.errors, health={})
        self.ledger.write()
        self.evaluator.say(f'test splits, {outcome_line(self.ledger.final)}')

    def _write(self) -> None:
        write_results(self.ledger, self.evaluator.out)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def watch(
    watching: Watching,
    evaluator: Evaluator,
    *,
    executor: Executor | str | None = None,
    device: str = 'auto',
    jobs: int | None = None,
    processes: int = 1,
    resources: Mapping[str, str] | None = None,
    track: str | Tracker | Sequence[str | Tracker] = (),
) -> Ledger:
    """Evaluate the checkpoints below a folder until the end that is asked for; return the ledger.

    Args:
        watching: which checkpoints, in which order, until when.
        evaluator: by which suite, and where the results go.
        executor: where cells run, as for :func:`benchmark.api.evaluate`.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        jobs: how many cells run at a time.
        processes: how many processes train a cell together.
        resources: what a cluster is asked for, by name.
        track: where scores over steps and loss curves are sent, as for
            :func:`benchmark.api.evaluate`.

    Raises:
        BenchmarkError: the request is wrong, data are missing, or another process watches for the
            same results.
    """
    api.check_folder('--out', evaluator.out)
    if not watching.folder.is_dir():
        raise DataError(f'{watching.folder}: no such folder; give the folder with the checkpoints')
    if evaluator.out.resolve().is_relative_to(watching.folder.resolve()):
        raise DeclarationError(
            f'--out {evaluator.out}: is inside the watched folder {watching.folder}; choose another'
        )
    if isinstance(executor, str) or executor is None:
        work = evaluator.out / 'work'
        wanted = Wanted(device, jobs, processes, None, work, resources or {})
        with make_executor(executor or 'local', wanted) as made:
            return watch(watching, evaluator, executor=made, track=track)
    place = evaluator.out / 'tracking'
    with exclusive(evaluator.out), open_tracking(track, place, evaluator.say) as tracking:
        if tracking is not None:
            evaluator = replace(evaluator, curves=CurvesOnly(tracking))
        found = Watch(watching, evaluator, executor, tracking)
        random = f'{watching.architecture}+random'
        evaluator.check(random, executor, has_test=bool(watching.final_test))
        found.run()
        return found.ledger
