from __future__ import annotations

import pytest

from benchmark.report.boards import build_boards
from benchmark.report.facts import backbone_facts, task_facts
from benchmark.report.frames import newest, tidy
from benchmark.report.views import BoardView, board_views, family_classes, fitted
from benchmark.results.records import RunRecord

from .fakes import record


def view(records: list[RunRecord]) -> BoardView:
    chosen = newest(records)
    backbones = backbone_facts(chosen)
    boards = build_boards(tidy(chosen), task_facts(chosen), backbones)
    (found,) = board_views(boards, family_classes(backbones.values()))
    return found


def test_the_better_side_is_always_on_the_right() -> None:
    up, down = fitted([10.0, 20.0], is_flipped=False), fitted([10.0, 20.0], is_flipped=True)
    assert up.at(20.0) > 90 > 10 > up.at(10.0)
    assert down.at(10.0) > 90 > 10 > down.at(20.0)
    assert up.ends == (9.6, 20.4)
    assert down.ends == (20.4, 9.6)
    assert up.length(5.4) == down.length(5.4) == 50.0


def test_an_axis_without_extent_divides_by_nothing() -> None:
    assert 0 <= fitted([3.0], is_flipped=False).at(3.0) <= 100
    assert fitted([], is_flipped=False).ends == (-0.04, 1.04)


def test_whiskers_reach_one_sd_to_both_sides_in_either_direction() -> None:
    for task, low, high in (('parts', 40.0, 50.0), ('depth-metric', 0.5, 0.7)):
        board = view([record(task, seed=0, score=low), record(task, seed=1, score=high)])
        interval = board.columns[0].cells[0].chart
        assert interval is not None
        assert interval.mean == pytest.approx(50.0)
        assert interval.left + interval.width / 2 == pytest.approx(50.0, abs=0.02)
        # the sd of two values is their distance over the root of two
        seeds = max(interval.seeds) - min(interval.seeds)
        assert interval.width == pytest.approx(seeds * 2**0.5, abs=0.05)


def test_heat_is_full_for_the_best_whatever_the_direction() -> None:
    board = view(
        [
            record('parts', 'a', score=50),
            record('parts', 'b', score=45),
            record('parts', 'c', score=30),
            record('depth-metric', 'a', score=0.5),
            record('depth-metric', 'b', score=0.6),
            record('depth-metric', 'c', score=0.9),
        ]
    )
    for column in board.columns:
        heat = {cell.backbone.id: cell.heat for cell in column.cells}
        assert heat == {'a': 1.0, 'b': 0.75, 'c': 0.0}


def test_heat_is_pale_where_nothing_differs_clearly() -> None:
    board = view(
        [
            *(record(backbone='a', seed=seed, score=score) for seed, score in ((0, 40), (1, 50))),
            *(record(backbone='b', seed=seed, score=score) for seed, score in ((0, 39), (1, 49))),
        ]
    )
    assert min(cell.heat for cell in board.columns[0].cells) > 0.9


def test_the_chart_runs_from_the_best_to_the_missing() -> None:
    board = view(
        [
            record('depth-metric', 'a', score=0.9),
            record('depth-metric', 'b', score=0.5),
            record('parts', 'c'),
            record('parts', 'a'),
            record('parts', 'b'),
        ]
    )
    depth = board.columns[1]
    assert [cell.backbone.id for cell in depth.best_first] == ['b', 'a', 'c']
    missing = depth.best_first[-1]
    assert (missing.mean, missing.strip, missing.problem) == ('', None, '1 of 1 seed not run')


def test_equal_problems_share_a_footnote() -> None:
    board = view([record('parts', 'a'), record('depth-metric', 'b')])
    notes = {cell.note for column in board.columns for cell in column.cells if cell.problem}
    assert notes == {1}
    assert board.notes == ('1 of 1 seed not run',)


def test_unknown_families_get_classes_that_cannot_be_forged() -> None:
    facts = backbone_facts([record(backbone='x')])['x']
    assert family_classes([facts]) == {'unknown': 'family-0'}
