"""``tbench analyze``: the options of each analysis."""

from __future__ import annotations

import argparse
import pkgutil
from argparse import Namespace
from functools import partial
from pathlib import Path

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
from benchmark.launching.devices import DEVICES
from benchmark.plugins import Plugins
from benchmark.specs import DROP, REINIT


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
    for path in api.write_finding(finding, options.out or options.results / 'analysis'):
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


def on_pictures(options: Namespace, *, analysis: str) -> Outcome:
    """Carry out an analysis of backbones on pictures."""
    found = api.analyze(
        analysis,
        options.backbones,
        images=options.images,
        count=options.count,
        size=options.size,
        batch_size=options.batch_size,
        device=options.device,
        data_root=options.data_root,
        **({'method': options.method} if analysis == 'cam' else {}),
    )
    return found, True


def attention(options: Namespace) -> Outcome:
    """Measure the attention of backbones."""
    return on_pictures(options, analysis='attention')


def cka(options: Namespace) -> Outcome:
    """Compare the layers of backbones."""
    return on_pictures(options, analysis='cka')


def erf(options: Namespace) -> Outcome:
    """Measure the effective receptive fields of backbones."""
    return on_pictures(options, analysis='erf')


def cam(options: Namespace) -> Outcome:
    """Map what backbones look at."""
    return on_pictures(options, analysis='cam')


def losses(options: Namespace) -> Outcome:
    """Compare the loss curves of a suite's detection runs."""
    found = api.analyze_losses(options.suite, results=options.results, backbones=options.backbones)
    return found, True


def layers(options: Namespace) -> Outcome:
    """Run backbones with their last blocks changed, and compare them with the whole ones."""
    return api.analyze_layers(
        request_of(options, seeds=options.seeds, say=say),
        last=options.last,
        actions=options.actions,
        **place_of(options),
    )
