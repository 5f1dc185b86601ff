"""``tbench analyze``: its parser and what each analysis is called with."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from argparse import Namespace
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark import api
from benchmark.analysis.door import Analysis, Outcome
from benchmark.cli.arguments import Parser, Subparsers, positive
from benchmark.cli.options import (
    add_data_root,
    add_request,
    add_results,
    add_seeds,
    place_of,
    request_of,
)
from benchmark.cli.printing import say
from benchmark.errors import BenchmarkError
from benchmark.launching.devices import DEVICES
from benchmark.plugins import Plugins
from benchmark.specs import DROP, REINIT

if TYPE_CHECKING:
    from benchmark.analysis.images import ImageSet
    from benchmark.planning import Request
    from benchmark.specs import Backbone, Task


def _problem(part: object) -> str:
    return (
        '' if isinstance(part, Analysis) else f'it is a {type(part).__name__}, must be an Analysis'
    )


def _own() -> dict[str, str]:
    return {name: f'{__name__}:{name.upper()}' for name in _NAMES}


_NAMES = ('attention', 'cka', 'cam', 'erf', 'losses', 'layers')
ANALYSES: Plugins[Analysis] = Plugins('analyses', 'analysis', _own, _problem)


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``analyze`` with one subcommand per analysis."""
    parser = subparsers.add_parser('analyze', help='why a backbone transfers')
    # analyses of other packages are imported for this command only
    parser.fill = _fill


def _fill(parser: Parser) -> None:
    kinds = parser.add_subparsers(title='analyses', required=True, metavar='ANALYSIS')
    names = (*_NAMES, *(name for name in ANALYSES.names() if name not in _NAMES))
    for analysis in map(ANALYSES.load, names):
        own = kinds.add_parser(analysis.name, help=analysis.help)
        if analysis.pictures:
            _add_pictures(own, *analysis.pictures)
        if analysis.runs_cells:
            add_request(own)
        analysis.add_options(own)
        _add_out(own)
        own.set_defaults(command=partial(_carry_out, analysis))


def _carry_out(analysis: Analysis, options: Namespace) -> int:
    """Run an analysis and write what it found; return 1 when a part of it failed."""
    finding, is_whole = pkgutil.resolve_name(analysis.run)(options)
    from benchmark.analysis.writing import write

    for path in write(finding, options.out or options.results / 'analysis'):
        say(str(path))
    return 0 if is_whole else 1


def _add_cam(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--method',
        choices=('eigen', 'grad'),
        default='eigen',
        help='eigen: principal component of the maps; grad: weighted by gradients (default: eigen)',
    )


def _add_losses(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--suite', required=True, metavar='NAME|FILE', help='the suite whose records are read'
    )
    parser.add_argument('--backbones', nargs='+', default=(), metavar='ID', help='default: all')


def _add_layers(parser: argparse.ArgumentParser) -> None:
    add_seeds(parser)
    parser.add_argument(
        '--last', nargs='+', type=positive, default=(1, 2, 3), metavar='K', help='how many blocks'
    )
    parser.add_argument(
        '--actions', nargs='+', choices=(DROP, REINIT), default=(DROP, REINIT), help='default: both'
    )


ATTENTION = Analysis(
    'attention',
    'distance, entropy and divergence of the heads of transformers',
    f'{__name__}:attention',
    pictures=(32, 8),
)
CKA = Analysis(
    'cka',
    'how alike the layers of one backbone or two are',
    f'{__name__}:cka',
    pictures=(128, 32),
)
CAM = Analysis(
    'cam',
    'what backbones look at, on objects and their parts',
    f'{__name__}:cam',
    _add_cam,
    pictures=(64, 16),
)
ERF = Analysis(
    'erf',
    'how far backbones see: effective receptive fields',
    f'{__name__}:erf',
    pictures=(32, 8),
)
LOSSES = Analysis(
    'losses',
    'how fast detectors learn to classify and to localise, from records',
    f'{__name__}:losses',
    _add_losses,
)
LAYERS = Analysis(
    'layers',
    'transfer with the last blocks dropped or re-initialised; runs the cells',
    f'{__name__}:layers',
    _add_layers,
    runs_cells=True,
)


def _add_pictures(parser: argparse.ArgumentParser, count: int, batch_size: int) -> None:
    """Add what every analysis of backbones on pictures takes."""
    parser.add_argument(
        '--backbones',
        nargs='+',
        required=True,
        metavar='[NAME=]ID',
        help='as in `tbench run --backbones`',
    )
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
    parser.add_argument(
        '--batch-size',
        type=positive,
        default=batch_size,
        metavar='N',
        help=f'pictures at a time (default: {batch_size})',
    )
    parser.add_argument(
        '--device', choices=DEVICES, default='auto', help='default: auto, a GPU where there is one'
    )
    add_data_root(parser)


def _add_out(parser: argparse.ArgumentParser) -> None:
    add_results(parser)
    parser.add_argument('--out', type=Path, metavar='DIR', help='default: RESULTS/analysis')


def attention(options: Namespace) -> Outcome:
    """Measure the attention of backbones."""
    return _look(options, 'attention')


def cka(options: Namespace) -> Outcome:
    """Compare the layers of backbones."""
    return _look(options, 'cka')


def erf(options: Namespace) -> Outcome:
    """Measure the effective receptive fields of backbones."""
    return _look(options, 'erf')


def _look(options: Namespace, name: str) -> Outcome:
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
    return found, True


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


def cam(options: Namespace) -> Outcome:
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
    return found, True


def losses(options: Namespace) -> Outcome:
    """Compare the loss curves of a suite's detection runs."""
    from benchmark.catalog import find_suite
    from benchmark.results.store import ResultStore

    suite = find_suite(options.suite).name
    store = ResultStore(options.results, Path('work_dirs'))
    from benchmark.analysis.losses import analyse

    return analyse(store.records(suite), backbones=options.backbones), True


def layers(options: Namespace) -> Outcome:
    """Run backbones with their last blocks changed, and compare them with the whole ones."""
    from benchmark.analysis.last_blocks import analyse, variants

    if not options.backbones:
        raise BenchmarkError('layers: name the whole backbones: --backbones ID ...')
    whole = list(dict.fromkeys(options.backbones))
    asked = replace(
        request_of(options, seeds=options.seeds, say=say),
        backbones=variants(whole, options.actions, sorted(set(options.last))),
        protocols=options.protocols or ('finetune',),
    )
    with api.open_campaign(asked) as campaign:
        request = campaign.request.apart('layers')
        if not options.tasks:
            request = replace(request, tasks=_geometric(request))
        campaign = replace(campaign, request=request)
        with api.open_executor(campaign=campaign, **place_of(options)) as executor:
            done = api.run_campaign(campaign, executor)
    return analyse(done.records), not done.failed


def _geometric(request: Request) -> tuple[Task, ...]:
    from benchmark.kinds import all_kinds

    names = [kind.name for kind in all_kinds() if kind.is_geometric]
    tasks = tuple(task for task in request.tasks if task.kind in names)
    if not tasks:
        raise BenchmarkError(
            f"layers: suite '{request.suite.name}' has no task of kind {' or '.join(names)}: "
            'name others with --tasks'
        )
    return tasks


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
