"""``tbench plan``: what a run would do, and its cost."""

from __future__ import annotations

import json
from argparse import Namespace

from benchmark import api
from benchmark.cli.arguments import Subparsers
from benchmark.cli.options import add_request, add_results, add_seeds, place_of, request_of
from benchmark.cli.printing import say


def add_parser(subparsers: Subparsers) -> None:
    """Add the command ``plan``."""
    parser = subparsers.add_parser(
        'plan', help='what `run` would do with the same options, and its cost; starts nothing'
    )
    add_request(parser)
    add_results(parser)
    add_seeds(parser)
    parser.add_argument('--json', action='store_true', help='for programs')
    parser.set_defaults(command=plan)


def plan(options: Namespace) -> int:
    """Print what a run would do and cost; return 2 when a run would refuse the request."""
    from benchmark.cli.overviews import plan_lines

    with (
        api.open_campaign(request_of(options, seeds=options.seeds)) as campaign,
        api.open_executor(campaign=campaign, **place_of(options)) as executor,
    ):
        found = api.survey_campaign(campaign, executor)
        workers, device = executor.workers, executor.device
    if options.json:
        print(json.dumps(found.to_plain(), indent=1, ensure_ascii=False))
    else:
        for line in plan_lines(found, workers=workers, device=device):
            say(line)
    return 2 if found.plan.impossible else 0
