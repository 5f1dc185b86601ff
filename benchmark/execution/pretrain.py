"""Pretrain a network and keep its weights."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.compiling import library_versions
from benchmark.errors import UNFIT, BenchmarkError, DataError, IncompatibleError, LostError
from benchmark.execution.execute import train
from benchmark.execution.locking import exclusive
from benchmark.execution.processes import in_processes, is_first
from benchmark.execution.saving import save_weights
from benchmark.execution.torchrun import launch
from benchmark.hashing import file_hash
from benchmark.models.inspection import inspect_backbone
from benchmark.pretraining import Folder, Pretrain, Settings, compile_pretraining
from benchmark.pretraining.choosing import choose_encoder
from benchmark.results.store import write_atomically
from benchmark.sources import BuildRequest, probe
from benchmark.specs import Backbone

Config = dict[str, Any]

_PACE_STEPS = 12
_PAUSES = (5.0, 30.0)
"""Seconds before each new try of a training that lost one of its processes."""

_UNREADABLE = re.compile('failed to load image: ([^\n]*)')
_UNWRITABLE = re.compile('PytorchStreamWriter|unexpected pos|file write failed')


def run_pretraining(
    settings: Settings,
    folder: Folder,
    say: Callable[[str], None],
    *,
    save_every: int | None = None,
) -> Config:
    """Pretrain as ``settings`` say and return the facts; what comes out is in ``folder``.

    A training interrupted there is continued, one that is finished stays as it is.

    Args:
        settings: what determines the result.
        folder: where to write.
        say: receives lines for a person.
        save_every: after how many steps the weights are also written to ``folder.snapshots``,
            beside a declaration of the architecture; ``None`` for never.

    Raises:
        BenchmarkError: the settings do not fit each other, the folder is taken, or the loss
            diverged.
    """
    settings.check()
    features = inspect_backbone(settings.backbone)
    encoder = choose_encoder(settings.method, settings.backbone)

    def request(passes: int) -> Pretrain:
        return settings.request(features, encoder, folder.pictures, passes)

    # refused before anything is written
    in_processes(compile_pretraining(request(settings.batch_size * 4)), settings.processes)
    _refuse_same_name(settings.backbone, folder)
    folder.claim(settings.plain())
    if folder.is_done:
        say(f'{folder.declaration}: is done')
        return folder.read()
    with exclusive(folder.work):
        settings.pictures.write_list(folder.pictures)
        passes = _passes(settings, folder, request)
        final = request(passes)
        say(_plan(settings, final, features.parameters))
        if save_every:
            folder.declare_architecture(settings.pretrained(features, folder.weights, passes))
        found = _carry_out(
            {
                'config': _watched(settings, final, folder, save_every),
                'folder': str(folder.work),
                'weights': str(folder.weights),
                'header': settings.header(passes),
                'half': settings.is_half,
            },
            settings.processes,
        )
        facts = _facts(settings, final, found, folder.weights)
        folder.declare(settings.pretrained(features, folder.weights, passes), facts)
    return facts


def _plan(settings: Settings, request: Pretrain, parameters: int) -> str:
    epochs = request.passes / len(settings.pictures)
    return (
        f'{settings.method} of {settings.backbone.id} ({parameters / 1e6:.1f} M parameters) on '
        f'{settings.pictures.title}: {request.iterations} steps of {settings.batch_size}, '
        f'{epochs:.3g} epochs'
    )


def _refuse_same_name(backbone: Backbone, folder: Folder) -> None:
    if backbone.code is not None and backbone.code.name == folder.declaration.name:
        raise IncompatibleError(
            f'{backbone.code}: the declaration would have the same name; give another as --name'
        )


def _passes(settings: Settings, folder: Folder, request: Callable[[int], Pretrain]) -> int:
    """Return how many pictures are seen in all; decided once per folder."""
    kept = folder.work / 'passes.json'
    if kept.is_file():
        try:
            return int(json.loads(kept.read_text(encoding='utf-8')))
        except (OSError, *UNFIT) as error:
            raise DataError(
                f'{kept}: cannot be read ({error}); delete {folder.work} to begin anew'
            ) from None
    pace = _pace(settings, folder, request) if settings.budget.is_time else 0.0
    passes = settings.budget.passes(len(settings.pictures), settings.batch_size, pace)
    write_atomically(kept, json.dumps(passes))
    return passes


def _pace(settings: Settings, folder: Folder, request: Callable[[int], Pretrain]) -> float:
    """Return the seconds that a step takes here and now, by steps that are thrown away."""
    config = compile_pretraining(request(_PACE_STEPS * settings.batch_size))
    place = folder.work / 'pace'
    # steps of an earlier attempt would not be taken again, and nothing be measured
    shutil.rmtree(place, ignore_errors=True)
    order = {'config': config, 'folder': str(place), 'weights': None}
    pace = _carry_out(order, settings.processes)['pace']
    return float(pace[settings.budget.unit])


def _with_progress(config: Config) -> Config:
    hooks = [*config['custom_hooks'], {'type': 'benchmark.Progress'}]
    return {**config, 'custom_hooks': hooks}


def _watched(settings: Settings, request: Pretrain, folder: Folder, every: int | None) -> Config:
    """Return the configuration with what reports and what writes weights on the way."""
    config = _with_progress(compile_pretraining(request))
    if not every:
        return config
    hook = {
        'type': 'benchmark.Snapshots',
        'folder': str(folder.snapshots),
        'interval': every,
        'header': settings.header(request.passes),
        'is_half': settings.is_half,
    }
    return {**config, 'custom_hooks': [*config['custom_hooks'], hook]}


def _carry_out(order: Config, processes: int) -> Config:
    if processes == 1:
        return train_weights(order)
    found = _launched({'job': 'pretrain', **order}, processes)
    if reason := found.pop('error'):
        raise BenchmarkError(reason)
    return found


def _launched(request: Config, processes: int) -> Config:
    """Return the answer of several processes; where one is lost, they go on from a checkpoint."""
    for pause in _PAUSES:
        try:
            return launch(request, processes)
        except LostError as error:
            logging.getLogger(__name__).warning('%s; it goes on from its checkpoint', error)
            time.sleep(pause)
    return launch(request, processes)


def train_weights(order: Config) -> Config:
    """Train by ``order['config']`` in ``order['folder']``, as one of the processes that share it.

    Returns:
        ``curves``, ``cost``, the ``seconds`` of all steps by the clock and ``cpu_seconds`` by the
        processors, and the ``pace`` of one step, with the same keys. The network is in the file
        ``order['weights']``, with ``order['header']``, unless that is ``None``.

    Raises:
        BenchmarkError: a picture cannot be read, a file not be written, or the loss diverged.
    """
    with _told(order['folder']):
        trained = train({**order['config'], 'log_level': 'ERROR'}, Path(order['folder']))
    if is_first() and order['weights'] is not None:
        weights = trained.model.backbone.named_weights()
        save_weights(weights, Path(order['weights']), order['header'], is_half=order['half'])
    return {
        'curves': trained.curves,
        'cost': trained.cost,
        **trained.spent._asdict(),
        'pace': trained.pace._asdict(),
    }


@contextlib.contextmanager
def _told(folder: str) -> Iterator[None]:
    """Turn what libraries raise on bad files and full disks into one line."""
    try:
        yield
    except OSError as error:
        raise DataError(f'{error.filename or folder}: {error.strerror or error}') from None
    except (AssertionError, RuntimeError) as error:
        if found := _UNREADABLE.search(str(error)):
            raise DataError(f'{found[1]}: cannot be read as a picture') from None
        if _UNWRITABLE.search(str(error)):
            raise DataError(f'{folder}: cannot be written (is the disk full?)') from None
        raise


def _facts(settings: Settings, request: Pretrain, found: Config, weights: Path) -> Config:
    return {
        **settings.header(request.passes),
        **settings.plain(),
        'place': settings.pictures.place,
        'steps': request.iterations,
        'epochs': round(request.passes / len(settings.pictures), 3),
        'seconds': round(found['seconds'], 2),
        'cpu_seconds': round(found['cpu_seconds'], 2),
        'seconds_per_step': round(found['pace']['seconds'], 4),
        'sha256': file_hash(weights),
        'cost': found['cost'],
        'libraries': library_versions(),
        'curves': found['curves'],
    }


def sized(backbone: Backbone, size: int) -> Backbone:
    """Return an architecture whose tables are made for pictures of ``size`` pixels a side.

    Raises:
        IncompatibleError: it is declared for another size.
        BenchmarkError: there is no such architecture.
    """
    declared = backbone.options.get('img_size', size)
    if declared != size:
        raise IncompatibleError(
            f'{backbone.id} is made for pictures of {declared} px (img_size), asked are {size}'
        )
    library, _, name = backbone.source_at(str(backbone.code)).partition(':')
    extractor = probe(library, BuildRequest(name, dict(backbone.options))).extractor
    embedding = getattr(extractor.network, 'patch_embed', None)
    if library != 'timm' or not hasattr(embedding, 'img_size') or extractor.native_size[0] == size:
        return backbone
    return replace(backbone, options={**backbone.options, 'img_size': size})
