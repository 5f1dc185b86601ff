"""Transfer with the last blocks of a backbone dropped or re-initialised, from records.

Reads records only; nothing is trained and no torch is needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmark.analysis.drawing import BASE, COLOURS, grid_of_axes
from benchmark.analysis.findings import Finding
from benchmark.errors import BenchmarkError
from benchmark.kinds import all_kinds
from benchmark.report.data.analyses import KeyNumbers
from benchmark.report.data.units import interval_text
from benchmark.results.counting import counted_records
from benchmark.results.records import RunRecord
from benchmark.specs import DROP, REINIT, LastBlocks, Task
from benchmark.statistics.means import MeanInterval, t_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACTIONS = (DROP, REINIT)

_CAPTION = (
    'Score on the test split after fine-tuning a backbone whose last blocks were dropped, or '
    're-initialised with random weights, before training; 0 blocks is the whole backbone. Dots '
    'are seeds, and lines join their means. Bars are 95 % t-intervals over seeds of the '
    'fine-tuning; how much another pretraining run would differ is not part of them. Where a line '
    'rises to the right, the last blocks do not help.'
)


class Point(NamedTuple):
    """A whole or changed backbone on a task: scores by seed."""

    blocks: int
    scores: Mapping[int, float]


class Line(NamedTuple):
    """A backbone on a task, by how many of its last blocks were changed in one way."""

    task: str
    protocol: str
    backbone: str
    family: str
    action: str
    metric: Mapping[str, Any]
    points: tuple[Point, ...]


def variants(backbones: Sequence[str], actions: Sequence[str], counts: Sequence[int]) -> list[str]:
    """Return the ids of ``backbones`` and of each with its last blocks changed."""
    changes = [LastBlocks(action, count).suffix for action in actions for count in counts]
    return [name + change for name in backbones for change in ('', *changes)]


def only_geometric(suite: str, tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Return those tasks of a suite that ask where things are.

    Raises:
        BenchmarkError: there are none.
    """
    names = [kind.name for kind in all_kinds() if kind.is_geometric]
    found = tuple(task for task in tasks if task.kind in names)
    if not found:
        raise BenchmarkError(
            f"layers: suite '{suite}' has no task of kind {' or '.join(names)}: name others with "
            '--tasks'
        )
    return found


def analyse(records: Iterable[RunRecord]) -> Finding:
    """Return the scores among ``records`` by how many of the last blocks were changed.

    Raises:
        BenchmarkError: no backbone has a finished run whole and one with blocks changed.
    """
    runs = [record for record in records if record.is_ok]
    lines = _lines(runs)
    if not lines:
        raise BenchmarkError(
            'layers: no finished runs of a whole backbone and of one with its last blocks changed'
        )
    shown = {line.backbone for line in lines}
    changes = [summary for line in lines for summary in _changes(line)]
    return Finding(
        analysis='layers',
        key_numbers=_key_numbers(changes),
        title='Transfer with the last blocks dropped or re-initialised',
        caption=_CAPTION,
        rows=tuple(row for line in lines for row in _rows(line)),
        facts={'change': changes},
        draw=partial(_draw, lines),
        subjects=tuple(_subjects(runs, shown)),
    )


def _key_numbers(changes: Sequence[Mapping[str, Any]]) -> KeyNumbers:
    """Return the improvement by number of changed blocks."""
    counts = sorted({change['blocks'] for change in changes})
    table: dict[str, dict[int, str | None]] = defaultdict(dict)
    for change in changes:
        name = f'{change["backbone"]}, {change["task"]}, {change["action"]}'
        digits = 3 if change['metric_unit'] == 'metre' else 1
        table[name][change['blocks']] = interval_text(change['improvement'], digits)
    return KeyNumbers(
        'backbone, task, what is done',
        tuple(f'improvement, last {count}' for count in counts),
        tuple((name, tuple(row.get(c) for c in counts)) for name, row in table.items()),
    )


def _lines(records: Iterable[RunRecord]) -> list[Line]:
    """Return a line per task, protocol, backbone and action, the whole backbone at 0 blocks."""
    runs: dict[tuple[str, str, str], dict[tuple[str, int], dict[int, RunRecord]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for record in counted_records(records):
        place = (record.spec.task, record.spec.protocol, base_of(record))
        runs[place][_change_of(record)][record.spec.seed] = record
    return [
        _line(action, found)
        for _, found in sorted(runs.items())
        for action in ACTIONS
        if ('', 0) in found and any(kind == action for kind, _ in found)
    ]


def base_of(record: RunRecord) -> str:
    """Return the id of the whole backbone."""
    action, count = _change_of(record)
    name = record.spec.backbone
    return name.removesuffix(LastBlocks(action, count).suffix) if count else name


def _change_of(record: RunRecord) -> tuple[str, int]:
    found = record.backbone.get('last_blocks')
    return (str(found['action']), int(found['count'])) if found else ('', 0)


def _line(action: str, found: Mapping[tuple[str, int], Mapping[int, RunRecord]]) -> Line:
    whole = next(iter(found['', 0].values()))
    metric = next(m for m in whole.task['metrics'] if m['key'] == whole.primary)
    return Line(
        task=whole.spec.task,
        protocol=whole.spec.protocol,
        backbone=whole.spec.backbone,
        family=str((whole.backbone.get('pretraining') or {}).get('family') or 'unknown'),
        action=action,
        metric=metric,
        points=tuple(
            Point(count, {seed: run.scores[run.primary] for seed, run in runs.items()})
            for (kind, count), runs in sorted(found.items(), key=lambda item: item[0][1])
            if kind in ('', action)
        ),
    )


def _rows(line: Line) -> Iterator[dict[str, Any]]:
    for point in line.points:
        for seed, score in sorted(point.scores.items()):
            yield {
                'task': line.task,
                'protocol': line.protocol,
                'metric': line.metric['key'],
                'backbone': line.backbone,
                'family': line.family,
                'action': line.action,
                'blocks': point.blocks,
                'seed': seed,
                'score': score,
            }


def _changes(line: Line) -> Iterator[dict[str, Any]]:
    """Yield what each number of blocks changes against the whole backbone, by seeds of both.

    Above 0 is an improvement, whichever side of the metric is better.
    """
    whole = line.points[0].scores
    for point in line.points[1:]:
        gain = improvement(line, whole, point.scores)
        yield {
            'task': line.task,
            'protocol': line.protocol,
            'backbone': line.backbone,
            'family': line.family,
            'action': line.action,
            'blocks': point.blocks,
            'metric_unit': line.metric['unit'],
            'higher_is_better': line.metric['higher_is_better'],
            'improvement': gain._asdict() if gain else None,
        }


def improvement(
    line: Line, whole: Mapping[int, float], changed: Mapping[int, float]
) -> MeanInterval | None:
    """Return the paired improvement over the seeds that both have; ``None`` without any."""
    sign = 1 if line.metric['higher_is_better'] else -1
    return t_interval(sign * (changed[s] - whole[s]) for s in sorted(whole.keys() & changed.keys()))


def _subjects(records: Iterable[RunRecord], names: set[str]) -> Iterator[dict[str, Any]]:
    seen = {r.spec.backbone: r for r in records if base_of(r) in names}
    for name, record in sorted(seen.items()):
        yield {
            'id': name,
            **record.backbone,
            'weights_sha256': record.proof.get('weights_sha256'),
        }


def _draw(lines: Sequence[Line]) -> Figure:
    tasks = list(dict.fromkeys((line.task, line.protocol) for line in lines))
    names = list(dict.fromkeys(line.backbone for line in lines))
    figure, axes = grid_of_axes(len(tasks), len(ACTIONS), share_rows=True, width=3.6, height=2.6)
    for line in lines:
        ax = axes[tasks.index((line.task, line.protocol))][ACTIONS.index(line.action)]
        _curve(ax, line, COLOURS[names.index(line.backbone) % len(COLOURS)])
    for row, (task, protocol) in zip(axes, tasks, strict=True):
        metric = next(line.metric for line in lines if line.task == task)
        arrow = '↑' if metric['higher_is_better'] else '↓'
        row[0].set_ylabel(f'{task}, {protocol}\n{metric["title"] or metric["key"]} {arrow}')
    for ax, action in zip(axes[-1], ACTIONS, strict=True):
        ax.set_xlabel(f'last blocks {LastBlocks(action, 1).done}')
    # a panel without lines has no legend to lend
    first = next(ax for ax in axes.flat if ax.lines)
    first.legend(fontsize=7, frameon=False)
    return figure


def _curve(ax: Any, line: Line, colour: str) -> None:
    found = {point.blocks: t_interval(point.scores.values()) for point in line.points}
    known = {count: value for count, value in found.items() if value is not None}
    means = [value.mean for value in known.values()]
    below = [v.mean - v.low if v.low is not None else 0.0 for v in known.values()]
    above = [v.high - v.mean if v.high is not None else 0.0 for v in known.values()]
    ax.errorbar(
        list(known), means, yerr=[below, above], color=colour, marker='o', markersize=4,
        capsize=2, linewidth=1, label=f'{line.backbone} ({line.family})',
    )  # fmt: skip
    for point in line.points:
        ax.plot([point.blocks] * len(point.scores), list(point.scores.values()), '.', color=BASE,
                markersize=3, alpha=0.5)  # fmt: skip
    ax.set_xticks(sorted(known))
