"""Carry out a request to pretrain: read what is asked, prepare this process, train in it."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.catalog import find_backbone
from benchmark.errors import DeclarationError, unknown_name
from benchmark.launching.devices import worker_environments
from benchmark.launching.pretraining_request import (
    DEFAULTS,
    PICTURES,
    SIZE,
    PretrainingRequest,
)
from benchmark.pretraining.budget import UNITS, Budget, budget_like
from benchmark.pretraining.folder import Folder, read_facts
from benchmark.pretraining.methods import find_method
from benchmark.specs import Backbone

if TYPE_CHECKING:
    from benchmark.pretraining import Pictures, Settings


@dataclass(frozen=True)
class Pretrained:
    """What a pretraining left behind.

    Attributes:
        declaration: the file that ``tbench run --backbones`` and ``evaluate`` take.
        weights: the file of the network's weights.
        facts: settings, length, cost and loss curves, as in the JSON file beside the weights.
    """

    declaration: Path
    weights: Path
    facts: Mapping[str, Any]


def pretrain(request: PretrainingRequest, say: Callable[[str], None]) -> Pretrained:
    """Pretrain in this process, and return what came out.

    A training that was interrupted in the folder is continued, one that is finished stays.

    Args:
        request: what is asked.
        say: receives one line per event.

    Raises:
        BenchmarkError: the request is wrong, or the loss diverged.
    """
    folder = Folder(request.out, request.name)
    other = _other_side(request)
    asked = _completed(request, other)
    with _prepared(asked):
        with contextlib.redirect_stdout(io.StringIO()):  # libraries print what they miss
            from benchmark.execution.pretrain import run_pretraining

        settings = _settings(asked, other, folder.name)
        facts = run_pretraining(settings, folder, say, save_every=asked.save_every)
    return Pretrained(folder.declaration, folder.weights, facts)


def _other_side(request: PretrainingRequest) -> dict[str, Any]:
    """Return the facts of the pretraining to match; empty if there is none.

    Raises:
        BenchmarkError: the method is unknown, or there is no such pretraining.
    """
    find_method(request.method)
    if request.like is not None:
        return read_facts(request.like)
    if request.match:
        raise DeclarationError(f'--match {request.match} needs --like FOLDER: the other side')
    return {}


def _completed(request: PretrainingRequest, other: Mapping[str, Any]) -> PretrainingRequest:
    """Return the request; what is not given is as on the other side, or else the default.

    Raises:
        BenchmarkError: something needed is missing, or a name is unknown.
    """
    from benchmark.pretraining.pictures import LABELS

    given = {key: getattr(request, key) for key in (*DEFAULTS, 'size')}
    changes: dict[str, Any] = {
        key: other.get(key, DEFAULTS.get(key)) for key, value in given.items() if value is None
    }
    data = request.data or other.get('place')
    if request.arch is None:
        raise DeclarationError('--arch is needed: the architecture to pretrain')
    if data is None:
        raise DeclarationError('--data is needed: world, or a folder of pictures')
    if request.labels not in LABELS:
        raise unknown_name('label of the world', request.labels, LABELS)
    if request.pictures is None:
        changes['pictures'] = other.get('data', {}).get('pictures', PICTURES)
    return replace(request, data=data, **changes)


@contextlib.contextmanager
def _prepared(asked: PretrainingRequest) -> Iterator[None]:
    """Make the chosen device the only one that is seen, and import the libraries.

    Environment, warnings and threads of this process are as before afterwards.

    Raises:
        EnvironmentProblem: there is no such device, or a library is missing.
    """
    wanted = worker_environments(asked.device, 1, processes=asked.processes)[0]
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore')
            import torch

            from benchmark.openmmlab import prepare

            prepare()
            threads = torch.get_num_threads()
            if not torch.cuda.is_available():
                torch.set_num_threads(asked.threads)
            try:
                yield
            finally:
                torch.set_num_threads(threads)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _settings(asked: PretrainingRequest, other: Mapping[str, Any], name: str) -> Settings:
    from benchmark.execution.pretrain import sized
    from benchmark.pretraining import Settings
    from benchmark.world import WorldSpec

    pictures = _pictures(asked)
    if other and other['data']['sha256'] != pictures.sha256:
        raise DeclarationError(
            f'--like {asked.like}: the other side learnt from other pictures '
            f'({other["data"]["title"]})'
        )
    backbone = _architecture(asked)
    native = WorldSpec().size if pictures.world else SIZE
    size = asked.size or backbone.options.get('img_size', native)
    assert asked.batch_size is not None, 'completed'
    assert asked.lr is not None, 'completed'
    return Settings(
        name=name,
        method=asked.method,
        backbone=sized(backbone, size),
        pictures=pictures,
        budget=_budget(asked, other),
        size=size,
        batch_size=asked.batch_size,
        lr=asked.lr,
        mask_ratio=asked.mask_ratio,
        seed=asked.seed,
        processes=asked.processes,
    )


def _pictures(asked: PretrainingRequest) -> Pictures:
    from benchmark.pretraining import WORLD, folder_pictures, world_pictures

    if asked.data == WORLD:
        return world_pictures(asked.data_root, asked.pictures or PICTURES, asked.labels)
    return folder_pictures(Path(str(asked.data)))


def _architecture(asked: PretrainingRequest) -> Backbone:
    text = str(asked.arch).removesuffix('+random')
    if '@' in text:
        raise DeclarationError(
            f"--arch '{asked.arch}': pretraining begins with random weights, not with a checkpoint"
        )
    backbone = find_backbone(f'{text}+random')
    return replace(backbone, id=text, options={**backbone.options, **asked.arch_options})


def _budget(asked: PretrainingRequest, other: Mapping[str, Any]) -> Budget:
    if asked.match:
        if asked.match not in UNITS:
            raise unknown_name('length to match', asked.match, UNITS)
        return budget_like(asked.match, dict(other))
    lengths = {unit: getattr(asked, unit) for unit in UNITS}
    given = [unit for unit, length in lengths.items() if length is not None]
    if len(given) != 1:
        raise DeclarationError(
            'the length is needed once: --epochs, --steps, --seconds, or --match with --like'
        )
    return Budget(given[0], lengths[given[0]])
