"""The jobs that a worker can run."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from benchmark.compiling import find_procedure
from benchmark.engine.audit import hash_weights
from benchmark.errors import BenchmarkError
from benchmark.execution.answering import Answer, claimed
from benchmark.execution.answering import answer as answer
from benchmark.execution.as_is import execute_as_is
from benchmark.execution.cost import device_name, forward_cost
from benchmark.execution.execute import MapFolder, execute
from benchmark.execution.memory import OutOfMemory, in_parts_that_fit
from benchmark.execution.outcome import Outcome
from benchmark.execution.precision import computed_by
from benchmark.execution.probe import CacheSlot, execute_probe
from benchmark.execution.processes import in_processes, world_size
from benchmark.execution.search import execute_search
from benchmark.execution.torchrun import launch
from benchmark.execution.trivial import execute_trivial
from benchmark.kinds.common.opening import expected
from benchmark.models.inspection import build, inspect_backbone, normalisation_remark
from benchmark.probes.cache import FeatureCache
from benchmark.specs import Backbone, LastBlocks, Pretraining


def inspect_job(request: Answer) -> Answer:
    """Inspect ``request['backbone']`` and return its features; its weights must load.

    Where the architecture ``is_known``, the answer says what depends on the weights alone.
    """
    declared = {**request['backbone']}
    declared['pretraining'] = Pretraining(**declared['pretraining'])
    if declared['last_blocks']:
        declared['last_blocks'] = LastBlocks(**declared['last_blocks'])
    backbone = Backbone(**declared)
    features = None if request.get('is_known') else inspect_backbone(backbone)
    network = build(backbone)
    is_published = not backbone.is_random and backbone.checkpoint is None
    # random or dropped blocks are not part of the published weights
    whole = build(replace(backbone, last_blocks=None)) if backbone.last_blocks else network
    weights = hash_weights(whole) if is_published else None
    if features is None:
        return {'weights': weights}
    remark, is_assumed = normalisation_remark(backbone)
    cost = forward_cost(network)
    return {
        'features': asdict(features),
        'weights': weights,
        'flops': None if cost is None else cost.flops,
        'elements': None if cost is None else cost.elements,
        'assumed': remark if is_assumed else '',
    }


def train_job(request: Answer) -> Answer:
    """Run ``request['config']`` in ``request['folder']`` and return the outcome."""
    folder = Path(request['folder'])
    if world_size() > 1:  # one of the processes that another worker started
        return asdict(execute(request['config'], folder))
    return claimed(request, lambda: in_parts_that_fit(request, _train_here, _trainings('train')))


def _train_here(request: Answer) -> Answer:
    config, count = _with_hooks(request['config'], request), request.get('processes', 1)
    maps = _map_folder(request) if count == 1 else None
    return asdict(_train(config, Path(request['folder']), count, maps))


def _map_folder(request: Answer) -> MapFolder | None:
    asked = request.get('maps')
    return MapFolder(Path(asked['folder']), asked['limit']) if asked else None


def search_job(request: Answer) -> Answer:
    """Return the outcome of searching the grid of ``request['config']``."""
    return claimed(request, lambda: in_parts_that_fit(request, _search_here, _trainings('search')))


def _search_here(request: Answer) -> Answer:
    folder = Path(request['folder'])
    count = request.get('processes', 1)

    def run(config: Answer, own: Path) -> Outcome:
        # trials have their own folders: the hooks are meant for the chosen one
        return _train(_with_hooks(config, request) if own == folder else config, own, count)

    return asdict(execute_search(request['config'], folder, run))


def _trainings(job: str) -> Callable[[Answer], list[Answer]]:
    return find_procedure(job).trainings


def _with_hooks(config: Answer, request: Answer) -> Answer:
    """Return a configuration with the hooks of a request, which do not affect results."""
    hooks = request.get('hooks', [])
    return {**config, 'custom_hooks': [*config['custom_hooks'], *hooks]} if hooks else config


def _train(config: Answer, folder: Path, processes: int, maps: MapFolder | None = None) -> Outcome:
    """Return the outcome of a training by the requested number of processes.

    One alone keeps ``maps`` of a frozen backbone.

    Raises:
        BenchmarkError: it failed.
    """
    if processes == 1:
        return execute(config, folder, maps) if maps else execute(config, folder)
    in_processes(config, processes)  # refused before processes start
    request = {'job': 'train', 'config': config, 'folder': str(folder), 'sizes': expected()}
    found = launch(request, processes)
    reason, lacks_memory = found.pop('error'), found.pop('out_of_memory', False)
    if reason:
        raise OutOfMemory(reason) if lacks_memory else BenchmarkError(reason)
    return Outcome(**found)


def trivial_job(request: Answer) -> Answer:
    """Return the outcome of the trivial predictor of ``request['config']``."""
    folder = Path(request['folder'])
    return claimed(request, lambda: asdict(execute_trivial(request['config'], folder)))


def as_is_job(request: Answer) -> Answer:
    """Return the outcome of scoring the network of ``request['config']`` with its own head."""
    folder = Path(request['folder'])
    return claimed(request, lambda: asdict(execute_as_is(request['config'], folder)))


def canary_job(request: Answer) -> Answer:
    """Return the canary of ``request['config']``, and the device.

    ``request['of']`` is the procedure for which it was compiled.
    """
    compute = pkgutil.resolve_name(find_procedure(request['of']).canary)
    with computed_by({}):
        values = compute(request['config'], request['samples'])
    return {'values': values, 'device': device_name()}


def probe_job(request: Answer) -> Answer:
    """Return the outcome of the probe ``request['config']``, with the feature cache ``'cache'``."""
    asked = request['cache']
    cache = FeatureCache(Path(asked['folder']), asked['limit'])
    slot = CacheSlot(cache, asked['key']) if asked['limit'] else None
    folder = Path(request['folder'])
    return claimed(request, lambda: asdict(execute_probe(request['config'], slot, folder)))


def check_job(request: Answer) -> Answer:
    """Return the findings of a quick check of ``request['data']``, and the sizes of the splits."""
    from benchmark.execution.looking import quick_look

    found = quick_look(request['data'])
    return {'findings': [one._asdict() for one in found.findings], 'sizes': found.sizes}
