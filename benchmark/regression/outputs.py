"""A comparison as text for a terminal, Markdown for a pull request, JUnit XML and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from benchmark.regression.compare import FINE, CellResult, Comparison, Verdict
from benchmark.results.store import write_atomically
from benchmark.statistics.decisions import Correction, Levels
from benchmark.statistics.noise import mean
from benchmark.wording import count_noun

_SHOWN = 12
"""How many cells of a kind fit on one screen."""

_CALM = (Verdict.FINE, Verdict.NEW, Verdict.ACCEPTED)
_MARKS = {
    Verdict.MISSING: '🔴',
    Verdict.FAILED: '🔴',
    Verdict.REGRESSION: '🔴',
    Verdict.DRIFT: '🔴',
    Verdict.UNKNOWN: '🟠',
    Verdict.SUSPICIOUS: '🟡',
    Verdict.CHANGED: '🟡',
    Verdict.ACCEPTED: '⚪',
    Verdict.NEW: '⚪',
    Verdict.FINE: '🟢',
}
_HEADLINES = {
    0: 'nothing got worse',
    1: 'something got worse',
    2: 'could not tell',
}


def headline(comparison: Comparison) -> str:
    """Return the outcome in one line."""
    counts = {
        verdict: sum(result.verdict is verdict for result in comparison.results)
        for verdict in Verdict
    }
    said = ', '.join(f'{count} {verdict}' for verdict, count in counts.items() if count)
    outcome = _HEADLINES[comparison.exit_code]
    if _has_changed(comparison):
        outcome = f'{outcome}, but something changed'
    extra = len(comparison.cost_alarms)
    costs = f', {count_noun(extra, "cost alarm")}' if extra else ''
    return f'{comparison.suite}, {comparison.night}: {outcome} ({said or "no cells"}{costs})'


def _has_changed(comparison: Comparison) -> bool:
    """Whether nothing got worse, but scores rose for no accepted reason."""
    changed = any(result.verdict is Verdict.CHANGED for result in comparison.results)
    return comparison.exit_code == FINE and changed


def summary(comparison: Comparison) -> str:
    """Return what fits on one screen: the outcome, what is red, what changed."""
    lines = [headline(comparison)]
    loud = [result for result in comparison.results if result.verdict not in _CALM]
    lines += [_line(result) for result in loud[:_SHOWN]]
    lines += _more(loud)
    lines += [f'cost        {line}' for line in _cost_lines(comparison)[:_SHOWN]]
    lines += [f'canary      {line}' for line in comparison.canaries[:_SHOWN]]
    if loud and comparison.changes:
        lines.append('what differs from the baseline, with the number of cells:')
        changes = [f'  {line} ({count})' for line, count in comparison.changes.items()]
        lines += [*changes[:_SHOWN], *_more(changes)]
    lines += [f'note        {note}' for note in comparison.notes]
    return '\n'.join(lines) + '\n'


def _more(lines: Sequence[object]) -> list[str]:
    return [f'  ... and {len(lines) - _SHOWN} more'] if len(lines) > _SHOWN else []


def _line(result: CellResult) -> str:
    return f'{result.verdict:<11} {result.cell}  {_scores(result)}  {result.reason}'.rstrip()


def _scores(result: CellResult) -> str:
    if not result.tonight or not result.baseline:
        return ''
    now, before = mean(result.tonight), mean(result.baseline)
    return f'{result.metric.label} {before:.4g} → {now:.4g}'


def _cost_lines(comparison: Comparison) -> list[str]:
    return [
        f'{alarm.cell}  {alarm.title} {alarm.ratio:.2f} x the baseline (limit {alarm.limit:g}) '
        f'on {alarm.device}'
        for alarm in comparison.cost_alarms
    ]


def markdown(comparison: Comparison) -> str:
    """Return a comment for a pull request: red cells in a table, the others folded away."""
    mark = '🟡' if _has_changed(comparison) else {0: '🟢', 1: '🔴', 2: '🟠'}[comparison.exit_code]
    lines = [f'### {mark} {headline(comparison)}', '']
    loud = [result for result in comparison.results if result.verdict not in _CALM]
    calm = [result for result in comparison.results if result.verdict in _CALM]
    if loud:
        lines += [*_table(loud), '']
    if extra := [*_cost_lines(comparison), *comparison.canaries, *comparison.notes]:
        lines += [*(f'- {_escape(line)}' for line in extra), '']
    if comparison.changes:
        changes = [
            f'- {_escape(line)} ({count_noun(count, "cell")})'
            for line, count in comparison.changes.items()
        ]
        lines += _fold('What differs from the baseline', changes)
    if calm:
        lines += _fold(count_noun(len(calm), 'other cell'), _table(calm))
    lines.append(_errors(comparison.levels))
    return '\n'.join(lines) + '\n'


def _errors(levels: Levels) -> str:
    share = f'{levels.night + levels.drift:.0%}'
    if levels.correction is Correction.HOLM:
        return (
            f'Chance of a false alarm in a night: at most {share} over all cells (holm correction).'
        )
    return (
        f'Tests at {share} with {levels.correction} correction: the chance of a false alarm over '
        'all cells is not bounded.'
    )


def _fold(title: str, lines: Sequence[str]) -> list[str]:
    return [f'<details><summary>{title}</summary>', '', *lines, '', '</details>', '']


def _table(results: Sequence[CellResult]) -> list[str]:
    rows = [
        '| | task | backbone | protocol | metric | baseline | now | alarm beyond | |',
        '| --- | --- | --- | --- | --- | ---: | ---: | ---: | --- |',
    ]
    for result in results:
        cells = (
            f'{_MARKS[result.verdict]} {result.verdict}',
            result.cell.task,
            result.cell.backbone,
            result.cell.protocol,
            result.metric.label,
            _mean_and_count(result.baseline),
            _mean_and_count(result.tonight),
            '' if result.threshold is None else f'{_worse_sign(result)}{result.threshold:.3g}',
            result.reason,
        )
        rows.append(f'| {" | ".join(map(_escape, cells))} |')
    return rows


def _worse_sign(result: CellResult) -> str:
    return '\N{MINUS SIGN}' if result.metric.higher_is_better else '+'


def _mean_and_count(values: Sequence[float]) -> str:
    return f'{mean(values):.4g} (n={len(values)})' if values else '\N{EN DASH}'


def _escape(text: str) -> str:
    return text.replace('|', '\\|').replace('\n', ' ').replace('<', '&lt;')


def junit(comparison: Comparison) -> str:
    """Return JUnit XML: a test case per cell, cost alarm and canary that changed.

    The time of a cell is that of its runs, in seconds; a cost alarm and a canary have none of
    their own.
    """
    cases = [*_cell_cases(comparison), *_other_cases(comparison)]
    suite = ElementTree.Element(
        'testsuite',
        name=f'tbench.{comparison.suite}',
        tests=str(len(cases)),
        failures=str(sum(case.find('failure') is not None for case in cases)),
        errors=str(sum(case.find('error') is not None for case in cases)),
        skipped=str(sum(case.find('skipped') is not None for case in cases)),
        time=f'{sum(result.seconds or 0.0 for result in comparison.results):.3f}',
    )
    suite.extend(cases)
    root = ElementTree.Element('testsuites')
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding='unicode', xml_declaration=True) + '\n'


def _cell_cases(comparison: Comparison) -> Iterator[ElementTree.Element]:
    for result in comparison.results:
        name = f'{result.cell.backbone} {result.cell.protocol}'
        case = _case(result.cell.task, name, result.seconds)
        text = f'{_scores(result)}  {result.reason}'.strip()
        if result.verdict in (Verdict.FAILED, Verdict.MISSING, Verdict.UNKNOWN):
            _add(case, 'error', result.verdict, text)
        elif result.is_red:
            _add(case, 'failure', result.verdict, text)
        elif result.verdict in (Verdict.NEW, Verdict.ACCEPTED, Verdict.CHANGED):
            _add(case, 'skipped', result.verdict, text)
        yield case


def _other_cases(comparison: Comparison) -> Iterator[ElementTree.Element]:
    for alarm, line in zip(comparison.cost_alarms, _cost_lines(comparison), strict=True):
        case = _case(alarm.cell.task, f'{alarm.cell.backbone} {alarm.cell.protocol} {alarm.title}')
        _add(case, 'failure', 'cost', line)
        yield case
    for line in comparison.canaries:
        case = _case('canary', line)
        _add(case, 'failure', 'canary', line)
        yield case


def _case(group: str, name: str, seconds: float | None = None) -> ElementTree.Element:
    return ElementTree.Element(
        'testcase',
        classname=_printable(group),
        name=_printable(name),
        time=f'{seconds or 0.0:.3f}',
    )


def _add(case: ElementTree.Element, tag: str, kind: str, text: str) -> None:
    ElementTree.SubElement(case, tag, type=str(kind), message=_printable(text))


def _printable(text: str) -> str:
    """Return ``text`` without the control characters that XML cannot hold."""
    return ''.join(c if c.isprintable() else ' ' for c in text)


def to_json(comparison: Comparison) -> str:
    """Return the comparison as JSON for programs."""
    content = {
        'suite': comparison.suite,
        'night': comparison.night,
        'exit_code': comparison.exit_code,
        'headline': headline(comparison),
        'cells': [_plain(result) for result in comparison.results],
        'costs': [{**cost._asdict(), 'cell': cost.cell._asdict()} for cost in comparison.costs],
        'cost_alarms': _cost_lines(comparison),
        'canaries': list(comparison.canaries),
        'changes': dict(comparison.changes),
        'notes': list(comparison.notes),
        'levels': vars(comparison.levels),
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + '\n'


def _plain(result: CellResult) -> dict[str, object]:
    found = result.judgement
    numbers = {} if found is None else {
        'drop': found.drop,
        'p': found.p,
        'p_corrected': found.adjusted,
        'sd': found.noise.sd,
        'degrees_of_freedom': found.noise.freedom,
        'drift': None if found.drift is None else found.drift._asdict(),
        'drift_p_corrected': found.drift_adjusted,
    }  # fmt: skip
    return {
        **result.cell._asdict(),
        'verdict': result.verdict.value,
        'reason': result.reason,
        'metric': result.metric._asdict(),
        'baseline': list(result.baseline),
        'tonight': list(result.tonight),
        'seconds': result.seconds,
        'alarm_beyond': result.threshold,
        **numbers,
    }


def write_outputs(comparison: Comparison, folder: Path) -> list[Path]:
    """Write a comparison as text, Markdown, JUnit XML and JSON into ``folder``; return the paths.

    Raises:
        RecordError: a file cannot be written.
    """
    texts = {
        'summary.txt': summary(comparison),
        'comment.md': markdown(comparison),
        'junit.xml': junit(comparison),
        'comparison.json': to_json(comparison),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text)
    return [folder / name for name in texts]
