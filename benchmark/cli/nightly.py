"""``tbench nightly``: run a suite with fresh seeds and compare it with a baseline."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from benchmark import api
from benchmark.cli.arguments import Subparsers, whole
from benchmark.cli.options import add_quiet, add_request, add_tracking, place_of, request_of
from benchmark.cli.printing import say
from benchmark.cli.rules import add_rules, check_margin, night_of, print_comparison, rules_of
from benchmark.cli.run import showing_of

_count = whole(1, 500)


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``nightly``."""
    parser = subparsers.add_parser(
        'nightly', help='run a suite with fresh seeds, compare, confirm, report'
    )
    add_request(parser)
    parser.set_defaults(results=Path('results'))
    parser.add_argument(
        '--out', type=Path, default=Path('nightly'), metavar='DIR',
        help='nights, history and canaries (default: ./nightly)',
    )  # fmt: skip
    parser.add_argument('--baseline', type=Path, metavar='DIR', help='default: OUT/baseline')
    parser.add_argument('--seeds', type=_count, default=2, metavar='N', help='runs of each cell')
    parser.add_argument(
        '--confirm', type=_count, default=4, metavar='N', help='fresh runs of a suspicious cell'
    )
    add_rules(parser)
    add_tracking(parser)
    add_quiet(parser)
    parser.set_defaults(command=nightly)


def nightly(options: Namespace) -> int:
    """Run a night and judge it; return 0 fine, 1 regression, 2 could not tell."""
    from benchmark.launching.nightly import Nightly

    rules = rules_of(options)
    api.check_folder('--out', options.out)
    with (
        showing_of(options) as told,
        api.open_campaign(**request_of(options), track=options.track, say=told) as campaign,
    ):
        check_margin(rules.margin, (task.metric.key for task in campaign.request.tasks))
        night = Nightly(
            campaign=campaign,
            baseline=options.baseline or options.out / 'baseline',
            folder=options.out,
            night=night_of(options),
            seeds=options.seeds,
            fresh=options.confirm,
            rules=rules,
        )
        with api.open_executor(campaign=campaign, **place_of(options)) as executor:
            comparison = night.run(executor)
    print_comparison(comparison, options.junit, is_quiet=False)
    if not options.quiet:
        say(f'written: {night.night_folder}')
    return comparison.exit_code
