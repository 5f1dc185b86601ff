"""``tbench analyze``: its parser and what each analysis is called with."""

from __future__ import annotations

import argparse
import importlib
import os
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli.arguments import positive, seed
from benchmark.errors import BenchmarkError
from benchmark.launching.devices import DEVICES
from benchmark.specs import DROP, REINIT

if TYPE_CHECKING:
    from benchmark.analysis.findings import Finding
    from benchmark.analysis.images import ImageSet
    from benchmark.planning import Request
    from benchmark.specs import Backbone, Task


_Subparsers = argparse._SubParsersAction  # argparse gives its type no public name

GEOMETRIC = ('pose', 'depth')
"""Kinds of task on which `layers` looks unless it is told others."""


def add_parser(
    subparsers: _Subparsers,  # type: ignore[type-arg]
    *,
    add_request: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Add the command ``analyze`` with one subcommand per analysis.

    ``add_request`` adds the options of a request for cells.
    """
    parser = subparsers.add_parser('analyze', help='why a backbone transfers')
    kinds = parser.add_subparsers(title='analyses', required=True, metavar='ANALYSIS')
    _add_attention(kinds)
    _add_cka(kinds)
    _add_cam(kinds)
    _add_erf(kinds)
    _add_losses(kinds)
    _add_layers(kinds, add_request)


def _add_attention(kinds: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = kinds.add_parser(
        'attention', help='distance, entropy and divergence of the heads of transformers'
    )
    _add_pictures(parser, count=32, batch_size=8)
    parser.set_defaults(command=attention)


def _add_cka(kinds: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = kinds.add_parser('cka', help='how alike the layers of one backbone or two are')
    _add_pictures(parser, count=128, batch_size=32)
    parser.set_defaults(command=cka)


def _add_cam(kinds: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = kinds.add_parser('cam', help='what backbones look at, on objects and their parts')
    _add_pictures(parser, count=64, batch_size=16)
    parser.add_argument('--method', choices=('eigen', 'grad'), default='eigen')
    parser.set_defaults(command=cam)


def _add_erf(kinds: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = kinds.add_parser('erf', help='how far backbones see: effective receptive fields')
    _add_pictures(parser, count=32, batch_size=8)
    parser.set_defaults(command=erf)


def _add_losses(kinds: _Subparsers) -> None:  # type: ignore[type-arg]
    parser = kinds.add_parser(
        'losses', help='how fast detectors learn to classify and to localise, from records'
    )
    parser.add_argument('--suite', required=True, metavar='NAME|FILE')
    parser.add_argument('--backbones', nargs='+', default=(), metavar='ID', help='default: all')
    _add_out(parser)
    parser.set_defaults(command=losses)


def _add_layers(
    kinds: _Subparsers,  # type: ignore[type-arg]
    add_request: Callable[[argparse.ArgumentParser], None],
) -> None:
    parser = kinds.add_parser(
        'layers', help='transfer with the last blocks dropped or re-initialised; runs the cells'
    )
    add_request(parser)
    parser.add_argument('--seeds', nargs='+', type=seed, default=(), metavar='N')
    parser.add_argument(
        '--last', nargs='+', type=positive, default=(1, 2, 3), metavar='K', help='how many blocks'
    )
    parser.add_argument(
        '--actions', nargs='+', choices=(DROP, REINIT), default=(DROP, REINIT), help='default: both'
    )
    _add_out(parser)
    parser.set_defaults(command=layers)


def _add_pictures(parser: argparse.ArgumentParser, *, count: int, batch_size: int) -> None:
    """Add what every analysis of backbones on pictures takes."""
    parser.add_argument('--backbones', nargs='+', required=True, metavar='ID')
    parser.add_argument(
        '--images',
        default='world',
        metavar='world|photos|DIR',
        help="test scenes of the procedural world, scikit-image's photographs, or a folder",
    )
    parser.add_argument('--count', type=positive, default=count, metavar='N', help='of pictures')
    parser.add_argument(
        '--size', type=positive, metavar='PX', help="default: the world's own size, else 224"
    )
    parser.add_argument('--batch-size', type=positive, default=batch_size, metavar='N')
    parser.add_argument('--device', choices=DEVICES, default='auto')
    parser.add_argument(
        '--data-root', type=Path, default=Path(os.environ.get('TBENCH_DATA', 'data')), metavar='DIR'
    )
    _add_out(parser)


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--results', type=Path, default=Path('results'), metavar='DIR')
    parser.add_argument('--out', type=Path, metavar='DIR', help='default: RESULTS/analysis')


def attention(options: Namespace) -> int:
    """Measure the attention of backbones."""
    return _look(options, 'attention')


def cka(options: Namespace) -> int:
    """Compare the layers of backbones."""
    return _look(options, 'cka')


def erf(options: Namespace) -> int:
    """Measure the effective receptive fields of backbones."""
    return _look(options, 'erf')


def _look(options: Namespace, name: str) -> int:
    """Carry out the analysis ``name`` of backbones on pictures."""
    backbones = _backbones(options)
    _prepare()
    from benchmark.analysis.devices import choose_device

    analysis: Any = importlib.import_module(f'benchmark.analysis.{name}')
    device = choose_device(options.device)
    if name == 'attention':  # before pictures are rendered, which takes minutes
        _check_attention(backbones)
    images = _images(options)
    found = analysis.analyse(backbones, images, batch_size=options.batch_size, device=device)
    return _written(found, options)


def _check_attention(backbones: list[Backbone]) -> None:
    """Refuse backbones without attention.

    Raises:
        IncompatibleError: one has none.
        BenchmarkError: one cannot be built.
    """
    from benchmark.analysis.attention.reading import does_not_apply
    from benchmark.models.inspection import inspect_backbone
    from benchmark.specs import Architecture

    for backbone in backbones:
        if inspect_backbone(backbone).architecture is Architecture.CONVNET:
            raise does_not_apply(backbone.id)


def cam(options: Namespace) -> int:
    """Map what backbones look at."""
    backbones = _backbones(options)
    _prepare()
    from benchmark.analysis.cam import Method, analyse
    from benchmark.analysis.devices import choose_device

    found = analyse(
        backbones,
        _images(options),
        method=Method(options.method),
        batch_size=options.batch_size,
        device=choose_device(options.device),
    )
    return _written(found, options)


def losses(options: Namespace) -> int:
    """Compare the loss curves of a suite's detection runs."""
    from benchmark.catalog import find_suite
    from benchmark.results.store import ResultStore

    suite = find_suite(options.suite).name
    store = ResultStore(options.results, Path('work_dirs'))
    from benchmark.analysis.losses import analyse

    return _written(analyse(store.records(suite), backbones=options.backbones), options)


def layers(options: Namespace) -> int:
    """Run backbones with their last blocks changed; return 1 when some cells failed."""
    from benchmark.analysis.last_blocks import analyse, variants
    from benchmark.cli.commands import campaign_of, carry_out

    if not options.backbones:
        raise BenchmarkError('layers: name the whole backbones: --backbones ID ...')
    whole = list(dict.fromkeys(options.backbones))
    options.backbones = variants(whole, options.actions, sorted(set(options.last)))
    options.protocols = options.protocols or ('finetune',)
    campaign = campaign_of(options, _say, options.seeds)
    request = campaign.request.apart('layers')
    if not options.tasks:
        request = replace(request, tasks=_geometric(request))
    campaign.request = request
    plan, failed = carry_out(campaign, options)
    found = (
        campaign.store.find(request.suite.name, cell.spec, cell.fingerprint)
        for cell in (*plan.done, *plan.to_do)
    )
    _written(analyse(record for record in found if record is not None), options)
    return 1 if failed else 0


def _geometric(request: Request) -> tuple[Task, ...]:
    tasks = tuple(task for task in request.tasks if task.kind in GEOMETRIC)
    if not tasks:
        raise BenchmarkError(
            f"layers: suite '{request.suite.name}' has no task of kind {' or '.join(GEOMETRIC)}: "
            'name others with --tasks'
        )
    return tasks


def _say(line: str) -> None:
    print(line, flush=True)


def _backbones(options: Namespace) -> list[Backbone]:
    from benchmark.catalog import find_backbone

    return [find_backbone(text) for text in dict.fromkeys(options.backbones)]


def _prepare() -> None:
    from benchmark.openmmlab import prepare

    prepare()


def _images(options: Namespace) -> ImageSet:
    from benchmark.analysis.images import load_images

    return load_images(
        options.images, count=options.count, size=options.size, data_root=options.data_root
    )


def _written(finding: Finding, options: Namespace) -> int:
    from benchmark.analysis.writing import write

    for path in write(finding, options.out or options.results / 'analysis'):
        _say(str(path))
    return 0
