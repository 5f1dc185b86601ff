"""Texts of ``tbench plan`` and ``tbench status``, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmark.launching.progress import duration
from benchmark.launching.status import CampaignStatus, State
from benchmark.launching.survey import Survey
from benchmark.planning.estimates import Basis, Estimate
from benchmark.specs import RunSpec
from benchmark.wording import count_noun

_SHOWN = (State.RUNNING, State.FAILED)
"""States whose cells are listed one by one; the others are only counted."""

_QUIET = 30.0
"""Seconds without a heartbeat after which it is mentioned: three heartbeat intervals."""


def plan_lines(survey: Survey, *, workers: int, device: str) -> Iterator[str]:
    """Yield lines on cells done, to do with their cost, and impossible with the reason."""
    plan = survey.plan
    yield (
        f'{count_noun(len(plan.done), "cell")} done, {len(plan.to_do)} to do, '
        f'{len(plan.impossible)} impossible'
    )
    for (task, backbone, protocol), specs in _groups(cell.spec for cell in plan.to_do).items():
        costs = [survey.costs[spec] for spec in specs]
        name = survey.titles.get(backbone, backbone)
        yield f'to do       {task}  {name}  {protocol}  {_seeds(specs)}  {_cost_line(costs)}'
    for name, size in survey.unread.items():
        yield (
            f'not known   {name}: {size / 1e9:.0f} GB of data have never been read here, so its '
            f'cells count as to do; `tbench run` or `tbench check data {name}` reads them once'
        )
    reasons: dict[str, list[RunSpec]] = {}
    for cell in plan.impossible:
        reasons.setdefault(cell.reason, []).append(cell.spec)
    for reason, specs in reasons.items():
        yield f'impossible  {count_noun(len(specs), "cell")}: {reason}'
    yield from survey.warnings
    yield from survey.classes
    yield from _total(list(survey.costs.values()), workers, device)


def _groups(specs: Iterable[RunSpec]) -> dict[tuple[str, str, str], list[RunSpec]]:
    groups: dict[tuple[str, str, str], list[RunSpec]] = {}
    for spec in specs:
        groups.setdefault((spec.task, spec.backbone, spec.protocol), []).append(spec)
    return groups


def _seeds(specs: list[RunSpec]) -> str:
    seeds = ' '.join(str(spec.seed) for spec in specs)
    return f'seed{"s" if len(specs) > 1 else ""} {seeds}'


def _cost_line(costs: list[Estimate]) -> str:
    basis = costs[0].basis
    if all(cost.seconds is None for cost in costs):
        return f'({basis})'
    memory = max(cost.memory_mb or 0.0 for cost in costs)
    return f'{_span(costs)}, {memory / 1024:.1f} GiB ({basis})'


def _span(costs: Iterable[Estimate], share: int = 1) -> str:
    """Return the total time of cells: one duration if all were measured, otherwise a range."""
    costs = list(costs)
    low, high = (
        sum(seconds or 0.0 for seconds in ends) / share
        for ends in ((cost.low for cost in costs), (cost.high for cost in costs))
    )
    first, last = duration(low), duration(high)
    if first == last:
        return first
    number, _, unit = first.partition(' ')
    return f'{number} to {last}' if last.endswith(f' {unit}') else f'{first} to {last}'


def _total(costs: list[Estimate], workers: int, device: str) -> Iterator[str]:
    if not costs:
        return
    seconds = sum(cost.seconds or 0.0 for cost in costs)
    unknown = sum(cost.seconds is None for cost in costs)
    unit = 'GPU-hours' if device == 'gpu' else 'core-hours'
    share = {basis: sum(cost.basis is basis for cost in costs) for basis in Basis}
    spread = min(workers, len(costs))
    yield (
        f'total       {seconds / 3600:.2f} {unit}, about {_span(costs, spread)} with '
        f'{count_noun(spread, "worker")}'
        + (f'; the cost of {count_noun(unknown, "cell")} is unknown' if unknown else '')
    )
    said = ', '.join(f'{count} {basis}' for basis, count in share.items() if count)
    yield f'            estimate: {said}'


def status_lines(campaigns: Iterable[CampaignStatus]) -> Iterator[str]:
    """Yield a heading per campaign, its cells that run or failed, and what is left."""
    for campaign in campaigns:
        counts = ', '.join(f'{count} {state}' for state, count in campaign.counts.items())
        count = len(campaign.processes)
        by = f'process {campaign.process}' if count < 2 else f'{count} processes'
        state = f'running ({by})' if campaign.is_alive else 'not running'
        yield f'{campaign.suite}  {state}, started {campaign.started:%Y-%m-%d %H:%M} UTC'
        yield f'  {counts or "no cells"}'
        for process, seconds in campaign.processes if count > 1 else ():
            yield f'  process {process}, last sign of life {duration(seconds)} ago'
        for cell in campaign.cells:
            if cell.state in _SHOWN:
                spec = cell.spec
                name = f'{spec.task}  {spec.backbone}  {spec.protocol}  seed {spec.seed}'
                time = f'  {duration(cell.seconds)}' if cell.seconds is not None else ''
                by = f'  by {cell.worker}' if cell.worker else ''
                quiet = cell.silence or 0.0
                by += f', no sign of life for {duration(quiet)}' if quiet > _QUIET else ''
                yield f'  {cell.state:<11} {name}{time}{by}  {cell.detail}'.rstrip()
        if State.INTERRUPTED in campaign.counts:
            yield '  interrupted: the same `tbench run` continues'
