"""Probe a frozen backbone: one pass over the pictures, many predictors; no training runner."""

from __future__ import annotations

import importlib
import math
import pkgutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import torch
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.registry import HOOKS, MODELS, DefaultScope
from torch import Tensor
from torch.utils.data import DataLoader, Subset

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark.engine.audit import hash_weights
from benchmark.errors import BenchmarkError, DataError, IncompatibleError
from benchmark.execution.canary import digest
from benchmark.execution.cost import Meter
from benchmark.execution.loading import loader_workers
from benchmark.execution.outcome import Outcome, keep_outcomes, loading_proof
from benchmark.execution.precision import autocast_by, computed_by, lay_out
from benchmark.execution.seeding import seed_everything
from benchmark.hashing import fingerprint
from benchmark.kinds.common.opening import opened
from benchmark.kinds.common.order import SampleOrder, SeededSamples
from benchmark.probes.cache import Collected, FeatureCache, to_half
from benchmark.probes.logistic import solve_logistic
from benchmark.probes.reading import Read, cells, read_blocks, select_choices, whole
from benchmark.probes.readouts import Readout
from benchmark.probes.solving import Solved, Sweep, solve_linear, solve_neighbours
from benchmark.results.kept_features import note_files
from benchmark.results.live import LiveFile, Pace
from benchmark.results.records import READ_FROM_CACHE

_CANARY_SEED = 0
_CANARY_STEPS = 2
"""Iterations of a canary that trains on batches."""

_COLLECTED_AT_ONCE = 32
_KEPT_AT_ONCE = 512

Config = dict[str, Any]


@dataclass(frozen=True)
class CacheSlot:
    """Where a probe's features are in the cache.

    ``key`` is everything that determines them except the weights and the split.
    """

    cache: FeatureCache
    key: str


def execute_probe(
    config: Config, slot: CacheSlot | None = None, folder: Path | None = None
) -> Outcome:
    """Fit every trial to the training pictures, choose one, and score it on the test split.

    Args:
        config: a compiled probe with local paths.
        slot: where features under fixed views are looked up and kept; nowhere unless given.
        folder: where to write what was found of each test example; nowhere unless given.

    Raises:
        BenchmarkError: the data cannot be read, weights do not fit, every trial diverged, or the
            backbone changed.
    """
    for module in config['custom_imports']:
        importlib.import_module(module)
    seed_everything(config['randomness']['seed'])
    scope = DefaultScope.overwrite_default_scope(config['default_scope'])
    with scope, computed_by(config):
        return _Probe(config, slot, folder).run()


def compute_canary(config: Config, samples: int) -> dict[str, float]:
    """Return the canary of a compiled probe, by name.

    ``input`` and ``features`` sum up what the backbone first gets and gives, ``trial`` the scores
    of all trials, ``metric`` what the evaluators say, everything on evenly spread samples:
    ``samples`` of each split, more of the training split where the slice that selects needs them.
    """
    solver = dict(config['solver'])
    if 'batch_size' in solver:
        solver |= {'iterations': min(solver['iterations'], _CANARY_STEPS)}
        solver |= {'batch_size': min(solver['batch_size'], samples)}
    count = max(samples, round(1 / solver['held_out']))
    # its splits are read by themselves: a pool would be read whole
    short = {k: v for k, v in config.items() if k != 'pool_dataset'} | {'solver': solver}
    for module in config['custom_imports']:
        importlib.import_module(module)
    seed_everything(_CANARY_SEED)
    scope = DefaultScope.overwrite_default_scope(config['default_scope'])
    with scope, tempfile.TemporaryDirectory() as folder:
        short |= {'gallery': {**config['gallery'], 'folder': folder}}
        short |= {'randomness': {**config['randomness'], 'seed': _CANARY_SEED}}
        return _Probe(short, None, None, samples=count).canary()


class _Probe:
    """A compiled probe with its parts built; only on ``samples`` of each split, if given."""

    def __init__(
        self,
        config: Config,
        slot: CacheSlot | None,
        folder: Path | None,
        samples: int | None = None,
    ) -> None:
        self._config = config
        self._samples = samples
        self._folder = folder
        self._kept: dict[str, Any] = {}
        self._device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        self._backbone: Any = MODELS.build(config['backbone']).to(self._device).eval()
        lay_out(self._backbone, config)
        self._preprocessor: Any = MODELS.build(config['preprocessor']).to(self._device)
        self._weights = hash_weights(self._backbone)
        arguments = {k: v for k, v in config['readout'].items() if k != 'type'}
        self._readout: Readout = pkgutil.resolve_name(config['readout']['type'])(**arguments)
        self._slot = slot
        self._found: dict[str, str] = {}
        self._files: set[str | None] = set()
        self._pool: _Pool | None = None
        self._meter = Meter()
        self._first: tuple[Tensor, ...] = ()

    def run(self) -> Outcome:
        test = self._dataset(self._config['test_dataloader']['dataset'])
        with self._meter.phase('train'):
            solved, count = self._solve_online() if self._is_online else self._solve_fixed()
        with self._meter.phase('test'):
            raw, pictures = self._score(solved, test)
        self._note_kept()
        solver = self._config['solver']
        return Outcome(
            raw=raw,
            proof={**self._proof(solved, count), **self._kept},
            cost=self._meter.report(iterations=solver.get('iterations', 0), resumed_at=0),
            curves=solved.curves,
            pictures=pictures,
            trials=solved.trials,
        )

    def canary(self) -> dict[str, float]:
        """Return sums of the backbone's first inputs and outputs, and the scores of a run."""
        found = self.run()
        images, features = self._first
        scores = {
            f'trial {number}': math.nan if trial['score'] is None else float(trial['score'])
            for number, trial in enumerate(found.trials)
        }
        return {
            **digest('input', [images]),
            **digest('features', [features]),
            **scores,
            **{f'metric {key}': value for key, value in found.raw.items()},
        }

    @property
    def _is_online(self) -> bool:
        return 'train_dataset' in self._config

    def _dataset(self, config: Config) -> Any:
        dataset = opened(of=config)
        if len(dataset) == 0:
            raise DataError('a split has no samples')
        return dataset if self._samples is None else _Spread(dataset, self._samples)

    def _pace(self, total: int, batch: int) -> Pace:
        """Return what says how far a loop is, for people."""
        file = None if self._folder is None else LiveFile(self._folder, is_fresh=True)
        return Pace(file, total, batch)

    def _loader(self, dataset: Any, size: int, order: Any = None) -> DataLoader[Any]:
        count = loader_workers(self._config)
        return DataLoader(
            dataset, size, sampler=order, num_workers=count, collate_fn=pseudo_collate
        )

    # --- features -----------------------------------------------------------------------------

    def _read(self, batch: Config, *, pads: bool) -> tuple[Read, Sequence[Any], tuple[int, int]]:
        """Return features of a batch, its samples, and the size of its padded pictures."""
        data = self._preprocessor(batch, training=pads)
        images, reading = data['inputs'], self._config['reading']
        with autocast_by(self._config, self._device):
            blocks = read_blocks(self._backbone, images, reading['deepest'])
        read = (
            cells(blocks, reading['stride'], deepest=reading['deepest'])
            if self._readout.is_dense
            else whole(blocks)
        )
        if self._samples is not None and not self._first:
            self._first = images, read.values
        return read, data['data_samples'], tuple(images.shape[-2:])

    def _pack(self, samples: Sequence[Any], size: tuple[int, int]) -> Tensor:
        return self._readout.pack(samples, size, self._config['reading']['stride'])

    def _collect(self, dataset: Any) -> Collected:
        """Return features and targets of all pictures of the training split, in order.

        Raises:
            IncompatibleError: they do not fit into memory.
        """
        values: list[Tensor] = []
        targets: list[Tensor] = []
        choices = None
        pace = self._pace(-(-len(dataset) // _COLLECTED_AT_ONCE), _COLLECTED_AT_ONCE)
        for batch in self._loader(dataset, _COLLECTED_AT_ONCE):
            read, samples, size = self._read(batch, pads=True)
            values.append(to_half(read.values).cpu())
            targets.append(_compact(self._pack(samples, size)).cpu())
            choices = read.choices
            pace.advance(len(values))
            if len(values) == 1:
                _check_memory(values[0], len(dataset))
        return Collected(_join(values), torch.cat(targets), choices or {})

    def _key(self, slot: CacheSlot, split: str) -> str:
        return fingerprint([slot.key, self._weights, split])[:32]

    def _read_cached(self, split: str) -> Collected | None:
        """Return the cached features of a split; ``None`` if there are none."""
        if self._slot is None:
            self._found[split] = 'not kept'
            return None
        found = self._slot.cache.read(self._key(self._slot, split))
        if found is not None:
            self._found[split] = READ_FROM_CACHE
            self._files.add(self._slot.cache.name_of(self._key(self._slot, split)))
        return found

    def _keep(self, split: str, collected: Collected) -> Collected:
        """Write features to the cache, if there is one, and return them."""
        if self._slot is not None:
            key = self._key(self._slot, split)
            is_kept = self._slot.cache.write(key, collected)
            self._found[split] = 'written to the cache' if is_kept else 'not kept'
            self._files.add(self._slot.cache.name_of(key) if is_kept else None)
        return collected

    def _note_kept(self) -> None:
        """Write down which files hold the features, where all of them are kept."""
        if self._slot is not None and not self._is_online and None not in self._files:
            names = [name for name in self._files if name is not None]
            has_all = self._pool is not None or len(names) > 1  # of training and test
            note_files(self._slot.cache.folder, self._slot.key, names if has_all else ())

    def _collect_pool(self, config: Config) -> _Pool:
        """Return features and labels of all pictures from which the splits are drawn.

        They are kept part by part, so that an interrupted pass continues where it stopped.
        """
        dataset = self._dataset(config)
        parts: list[Collected] = []
        for start in range(0, len(dataset), _KEPT_AT_ONCE):
            name = f'pool from {start}'
            rows = range(start, min(start + _KEPT_AT_ONCE, len(dataset)))
            parts.append(
                self._read_cached(name) or self._keep(name, self._collect(Subset(dataset, rows)))
            )
        self._found = {'pool': ' and '.join(sorted(set(self._found.values())))}
        together = Collected(
            _join([part.values for part in parts]),
            torch.cat([part.targets for part in parts]),
            parts[0].choices,
        )
        return _Pool(together, _named_rows(dataset))

    # --- training -----------------------------------------------------------------------------

    def _solve_fixed(self) -> tuple[Solved, int]:
        """Return the trained trials on fixed views, and the number of held-out pictures."""
        dataset = self._dataset(self._config['views_dataset'])
        with self._meter.phase('feature'):
            if 'pool_dataset' in self._config:
                self._pool = self._collect_pool(self._config['pool_dataset'])
                collected = self._pool.part(dataset)
            else:
                collected = self._read_cached('train') or self._keep(
                    'train', self._collect(dataset)
                )
        solver = dict(self._config['solver'])
        held_out = _held_out(len(collected.values), solver.pop('held_out'))
        named = solver.pop('features', None)
        on_device = Collected(
            collected.values.to(self._device),
            collected.targets.to(self._device),
            select_choices(collected.choices, named),
        )
        kind = solver.pop('type')
        with self._meter.phase('sweep'):
            if kind == 'knn':
                solved = solve_neighbours(on_device, self._readout, held_out=held_out, **solver)
            elif kind == 'logistic':
                solved = solve_logistic(
                    on_device, self._readout, held_out=held_out, is_named=bool(named), **solver
                )
            else:
                seed = self._config['randomness']['seed']
                solved = solve_linear(
                    on_device, self._readout, held_out=held_out, seed=seed, **solver
                )
        return solved, len(held_out)

    def _solve_online(self) -> tuple[Solved, int]:
        """Return the trained trials on augmented pictures, and the number of held-out ones."""
        dataset = self._dataset(self._config['train_dataset'])
        views = self._dataset(self._config['views_dataset'])
        solver, seed = self._config['solver'], self._config['randomness']['seed']
        held_out = _held_out(len(dataset), solver['held_out'])
        kept = sorted(set(range(len(dataset))) - set(held_out))
        order = SampleOrder(kept, seed=seed)
        drawn = SeededSamples(Subset(dataset, kept), seed)
        loader = iter(self._loader(drawn, solver['batch_size'], order))
        sweep: Sweep | None = None
        pace = self._pace(solver['iterations'], solver['batch_size'])
        for done in range(1, solver['iterations'] + 1):
            read, samples, size = self._read(next(loader), pads=True)
            values = read.values.flatten(0, -2)
            targets = self._readout.unpack(self._pack(samples, size).flatten(0, -2))
            sweep = sweep or self._sweep(read)
            sweep.whitening.add(values)
            sweep.step(values, targets)
            pace.advance(done)
        assert sweep is not None, 'a compiled probe has iterations'
        return sweep.solve(self._held_out_batches(views, held_out)), len(held_out)

    def _sweep(self, read: Read) -> Sweep:
        solver = self._config['solver']
        return Sweep(
            read.values.shape[-1],
            select_choices(read.choices, solver.get('features')),
            self._readout,
            rates=solver['rates'],
            momentum=solver['momentum'],
            iterations=solver['iterations'],
            seed=self._config['randomness']['seed'],
            device=self._device,
        )

    def _held_out_batches(
        self, views: Any, held_out: Sequence[int]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in self._loader(views, _COLLECTED_AT_ONCE, held_out):
            read, samples, size = self._read(batch, pads=True)
            yield read.values.flatten(0, -2), self._pack(samples, size).flatten(0, -2)

    # --- testing ------------------------------------------------------------------------------

    def _score(self, solved: Solved, test: Any) -> tuple[dict[str, float], list[str]]:
        """Return the evaluators' numbers, and the drawn predictions, of the chosen trial."""
        evaluator = Evaluator(self._config['test_evaluator'])
        evaluator.dataset_meta = test.metainfo
        gallery = HOOKS.build(self._config['gallery'])
        loader = self._loader(test, self._config['test_dataloader']['batch_size'])
        gallery.before_test(SimpleNamespace(test_dataloader=loader))
        if self._pool is not None:
            known: Collected | None = self._pool.part(test)
        else:
            known = None if self._is_online else self._read_cached('test')
        is_kept = self._slot is not None and not self._is_online and known is None
        read: list[Tensor] = []
        done = 0
        for index, batch in enumerate(loader):
            samples, values = self._read_test_batch(batch, known, done)
            done += len(samples)
            if is_kept:
                read.append(values)
            self._predict(solved, values.to(self._device), samples)
            evaluator.process(list(samples))
            gallery.after_test_iter(None, index, outputs=samples)
        # pictures of several sizes make no matrix
        if len({part.shape[1:] for part in read}) == 1:
            self._keep('test', Collected(_join(read), torch.empty(0), {}))
        found = evaluator.evaluate(len(test))
        self._kept = keep_outcomes(evaluator, test, self._folder)
        return {key: float(value) for key, value in found.items()}, list(gallery.files)

    def _read_test_batch(
        self, batch: Config, known: Collected | None, done: int
    ) -> tuple[Sequence[Any], Tensor]:
        """Return the samples of a batch and their features, from ``known`` ones if given."""
        if known is None:
            found, samples, _ = self._read(batch, pads=False)
            return samples, to_half(found.values).cpu()
        samples = self._preprocessor(batch, training=False)['data_samples']
        return samples, known.values[done : done + len(samples)]

    def _predict(self, solved: Solved, values: Tensor, samples: Sequence[Any]) -> None:
        outputs = solved.predict(values.flatten(0, -2)).view(*values.shape[:-1], -1)
        for output, sample in zip(outputs, samples, strict=True):
            self._readout.predict(
                output,
                sample,
                stride=self._config['reading']['stride'],
                is_vote=self._config['solver']['type'] == 'knn',
            )

    def _proof(self, solved: Solved, held_out: int) -> dict[str, Any]:
        """Return the proof for the record: tensors, features and selection.

        Raises:
            BenchmarkError: the backbone is not what it was.
        """
        if hash_weights(self._backbone) != self._weights:
            raise BenchmarkError('the frozen backbone changed while its features were read')
        tensors = len(self._backbone.state_dict())
        best = solved.trials[solved.chosen]
        return {
            **loading_proof(self._backbone, self._preprocessor),
            'backbone_changed': False,
            'backbone_tensors': f'0 of {tensors} changed',
            'selection': {
                **{key: value for key, value in best.items() if key != 'score'},
                'score': best['score'],
                'metric': self._readout.metric,
                'trials': len(solved.trials),
                'held_out_of_train': held_out,
            },
            **({'features': self._found} if self._found else {}),
        }


class _Spread:
    """N samples of a data set, evenly spread; other attributes are those of the data set."""

    def __init__(self, dataset: Any, count: int) -> None:
        self._dataset = dataset
        size = len(dataset)
        count = min(count, size)
        self._places = [place * size // count for place in range(count)]

    def __getattr__(self, name: str) -> Any:
        # _dataset is asked for while it is unpickled, __getitems__ by loaders
        if name.startswith('__') or name == '_dataset':
            raise AttributeError(name)
        return getattr(self._dataset, name)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, place: int) -> Any:
        return self._dataset[self._places[place]]


@dataclass(frozen=True)
class _Pool:
    """Features of a pool of pictures, and each picture's row with its label by its file."""

    collected: Collected
    rows: Mapping[str, tuple[int, int]]

    def part(self, split: Any) -> Collected:
        """Return the features and targets of the pictures of a split, in its order.

        Raises:
            DataError: one of them is not in the pool, or has another label there.
        """
        found: list[int] = []
        for path, (_, label) in _named_rows(split).items():
            row, known = self.rows.get(path, (-1, label))
            if row < 0 or known != label:
                raise DataError(
                    f'{path}: has label {label} in its split and '
                    f'{f"label {known}" if row >= 0 else "no entry"} in the pool of all pictures'
                )
            found.append(row)
        whole = self.collected
        return Collected(whole.values[found], whole.targets[found], whole.choices)


def _named_rows(dataset: Any) -> dict[str, tuple[int, int]]:
    infos = map(dataset.get_data_info, range(len(dataset)))
    return {info['img_path']: (row, int(info['gt_label'])) for row, info in enumerate(infos)}


def _held_out(count: int, share: float) -> list[int]:
    """Return the held-out indices: evenly spread, so that a sorted set gives some of each class.

    Raises:
        DataError: the split is too small to be divided.
    """
    step = round(1 / share)
    found = list(range(step // 2, count, step))
    if not found or len(found) == count:
        raise DataError(
            f'a training split of {count} is too small to hold out a share of {share:g}'
        )
    return found


def _check_memory(first: Tensor, count: int) -> None:
    """Raise if the features of ``count`` pictures, sized like ``first``, do not fit in memory."""
    # twice: the parts, and the matrix that they are joined to
    needed = 2 * first.nbytes / len(first) * count
    free = psutil.virtual_memory().available
    if needed > free:
        raise IncompatibleError(
            f'features of {count} pictures take {needed / 2**30:.0f} GiB of memory, free: '
            f"{free / 2**30:.0f}: take the protocol 'linear', which keeps none"
        )


def _compact(targets: Tensor) -> Tensor:
    return targets if targets.dtype == torch.long else to_half(targets)


def _join(parts: list[Tensor]) -> Tensor:
    dtypes = {part.dtype for part in parts}
    dtype = torch.bfloat16 if torch.bfloat16 in dtypes else torch.float16
    return torch.cat([part.to(dtype) for part in parts])
