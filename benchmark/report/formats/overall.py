"""What the page shows of all tasks together, as JSON: aggregates, pairs, contrasts, agreement."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from benchmark.report.data.boards import Board
from benchmark.report.inference.comparisons import Comparisons, Diagram
from benchmark.report.inference.contrasts import Contrast
from benchmark.report.inference.findings import BoardFindings, Findings
from benchmark.report.inference.standings import Aggregate, Estimate
from benchmark.report.text.sentences import agreement_sentence, contrast_sentence, overall_sentences
from benchmark.statistics.resampling import Interval

Json = dict[str, Any]


def board_overall(board: Board, found: BoardFindings) -> Json:
    """Return the aggregates of a board; backbones are the places of its rows."""
    rows = {row.backbone.id: place for place, row in enumerate(board.rows)}
    labels = {row.backbone.id: row.backbone.label for row in board.rows}
    return {
        'sentences': overall_sentences(board, found),
        'standings': {rows[name]: _standing(item) for name, item in found.standings.items()},
        'improvement': found.comparisons and _improvement_json(found.comparisons, rows),
        'diagram': found.diagram and _diagram(found.diagram, rows),
        'contrasts': [_contrast(item, labels) for item in found.contrasts],
    }


def suite_overall(findings: Findings) -> Json:
    """Return the scale of the aggregates and how alike the protocols rank."""
    return {
        'scale': f'{findings.normaliser.label}: {findings.normaliser.title}',
        'agreements': [
            {
                'protocol': item.protocol,
                'estimate': _estimate(item.tau),
                'sentence': agreement_sentence(item),
            }
            for item in findings.agreements
        ],
    }


def _standing(item: Aggregate) -> Json:
    found = {
        'score': item.score,
        'iqm': item.iqm,
        'rank': item.mean_rank,
        'borda': item.borda,
    }
    return {name: _estimate(estimate) for name, estimate in found.items() if estimate}


def _estimate(estimate: Estimate) -> list[Any]:
    """Return the value, its ends over seeds and its ends over tasks."""
    return [_short(estimate.value), _ends(estimate.seeds), _ends(estimate.tasks)]


def _ends(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [_short(end) for end in interval]


def _short(value: float) -> float | None:
    return float(f'{value:.6g}') if math.isfinite(value) else None


def _improvement_json(found: Comparisons, rows: Mapping[str, int]) -> Json:
    return {
        'rows': [rows[name] for name in found.backbones],
        'shares': [[round(100 * share) for share in line] for line in found.improvement],
        'left_out': found.left_out,
    }


def _diagram(found: Diagram, rows: Mapping[str, int]) -> Json:
    """Return the mean ranks; without a clique and a critical difference where these say nothing."""
    cliques = found.cliques if found.tells_apart else ()
    return {
        'label': found.label,
        'critical': found.critical if found.tells_apart else None,
        'ranks': {rows[name]: rank for name, rank in found.mean_ranks.items()},
        'cliques': [[rows[name] for name in clique] for clique in cliques],
    }


def _contrast(item: Contrast, labels: Mapping[str, str]) -> Json:
    return {
        'group': item.group,
        'estimate': item.effect and _estimate(item.effect),
        'sentence': contrast_sentence(item, labels),
    }
