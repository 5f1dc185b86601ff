from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from benchmark.report.data.boards import Board, BoardCell
from benchmark.report.text.sentences import column_sentences, version_notes
from benchmark.results.records import RunRecord
from tests.support.report_fakes import boards, failed, record, suite


def cell(board: Board, backbone: str, task: str) -> BoardCell:
    row = next(row for row in board.rows if row.backbone.id == backbone)
    return next(cell for cell in row.cells if cell.task == task)


def scored(task: str, backbone: str, *scores: float) -> list[RunRecord]:
    return [record(task, backbone, seed=seed, score=score) for seed, score in enumerate(scores)]


def test_cells_have_mean_and_sample_sd_over_seeds() -> None:
    (board,) = boards(scored('parts', 'vit-s-mae', 40.0, 42.0, 47.0))
    found = cell(board, 'vit-s-mae', 'parts')
    assert found.mean == 43.0
    assert found.sd == pytest.approx(math.sqrt((9 + 1 + 16) / 2))


def test_the_best_of_a_lower_is_better_metric_is_the_smallest() -> None:
    (board,) = boards(
        [
            *scored('depth-metric', 'vit-s-mae', 0.60, 0.62),
            *scored('depth-metric', 'vit-s-dino', 0.70, 0.72),
            *scored('parts', 'vit-s-mae', 40.0, 41.0),
            *scored('parts', 'vit-s-dino', 50.0, 51.0),
        ]
    )
    assert [column.best for column in board.columns] == [{'vit-s-dino'}, {'vit-s-mae'}]


def test_near_best_are_those_not_clearly_worse() -> None:
    (board,) = boards(
        [
            *scored('parts', 'vit-s-mae', 50.0, 52.0),
            *scored('parts', 'vit-s-dino', 49.5, 51.5),
            *scored('parts', 'vit-s-random', 20.0, 22.0),
        ]
    )
    assert board.columns[0].best == {'vit-s-mae'}
    assert board.columns[0].near_best == {'vit-s-dino'}


def test_protocols_are_not_mixed() -> None:
    finetune, frozen = boards([record(score=46), record(protocol='frozen', score=30)])
    assert (finetune.protocol, frozen.protocol) == ('finetune', 'frozen')
    assert cell(finetune, 'vit-s-mae', 'parts').mean == 46
    assert cell(frozen, 'vit-s-mae', 'parts').mean == 30


def test_a_board_has_only_tasks_of_its_protocol() -> None:
    knn, _ = boards([record('fine-species', protocol='a-knn'), record('parts', protocol='b')])
    assert [column.task.name for column in knn.columns] == ['fine-species']


def test_failed_and_missing_seeds_say_how_many_and_why() -> None:
    good = scored('parts', 'vit-s-mae', 40.0, 42.0, 44.0)
    partly = scored('parts', 'vit-s-dino', 41.0)
    broken = failed(record('parts', 'vit-s-dino', seed=1), 'out of\nmemory')
    (board,) = boards([*good, *partly, broken])
    found = cell(board, 'vit-s-dino', 'parts')
    assert (found.mean, found.sd, found.is_complete) == (41.0, None, False)
    assert found.problem == '1 of 3 seeds failed: out of memory; 1 of 3 seeds not run'
    assert cell(board, 'vit-s-mae', 'parts').problem == ''


def test_a_task_that_a_backbone_never_met_is_missing_not_forgotten() -> None:
    (board,) = boards([*scored('parts', 'vit-s-mae', 1, 2), record('keypoints', 'vit-s-dino')])
    found = cell(board, 'vit-s-dino', 'parts')
    assert found.mean is None
    assert found.problem == '2 of 2 seeds not run'


def test_mean_rank_lets_families_weigh_equally() -> None:
    # tracking of one and of many objects are one family, pose another
    def backbone(name: str, one: float, many: float, pose: float) -> list[RunRecord]:
        return [
            of_kind('tracking', record('parts', name, score=one)),
            of_kind('mot', record('depth-metric', name, score=many)),
            record('keypoints', name, score=pose),
        ]

    (board,) = boards(
        [
            *backbone('vit-s-mae', 50, 0.5, 30),  # ranks 1, 1 and 3
            *backbone('vit-s-dino', 40, 0.6, 40),  # ranks 2, 2 and 2
            *backbone('vit-s-moco', 30, 0.7, 50),  # ranks 3, 3 and 1
        ]
    )
    assert {row.backbone.id: row.mean_rank for row in board.rows} == {
        'vit-s-mae': 2.0,
        'vit-s-dino': 2.0,
        'vit-s-moco': 2.0,
    }


def of_kind(kind: str, item: RunRecord) -> RunRecord:
    return replace(item, task={**item.task, 'kind': kind})


def test_incomplete_rows_have_no_rank_and_do_not_move_others() -> None:
    complete = [
        *scored('parts', 'vit-s-mae', 40.0),
        *scored('keypoints', 'vit-s-mae', 40.0),
        *scored('parts', 'vit-s-dino', 30.0),
        *scored('keypoints', 'vit-s-dino', 30.0),
    ]
    (board,) = boards([*complete, record('parts', 'vit-s-moco', score=99.0)])
    ranks = {row.backbone.id: row.mean_rank for row in board.rows}
    assert ranks == {'vit-s-mae': 1.0, 'vit-s-dino': 2.0, 'vit-s-moco': None}
    assert board.rows[-1].backbone.id == 'vit-s-moco'


def test_trivial_predictors_are_a_floor_and_never_the_best() -> None:
    (board,) = boards(
        [
            *scored('depth-metric', 'vit-s-mae', 0.6),
            *scored('depth-metric', 'vit-s-random', 1.5),
            record('depth-metric', 'trivial:mean map', 'trivial', score=0.5),
            record('depth-metric', 'trivial:zero', 'trivial', score=2.5),
        ]
    )
    column = board.columns[0]
    assert column.best == {'vit-s-mae'}
    assert [(t.name, t.value) for t in column.trivial] == [('mean map', 0.5), ('zero', 2.5)]
    assert len(board.rows) == 2
    assert column_sentences(board, 0)[-1] == (
        'ViT-S MAE and ViT-S random do not beat the trivial predictor (mean map, 0.500 m).'
    )


def test_order_of_records_changes_nothing() -> None:
    records = suite()
    assert boards(records) == boards(random.Random(1).sample(records, len(records)))


def test_sentences_give_order_and_exceptions() -> None:
    (board,) = boards(
        [
            *scored('parts', 'vit-s-mae', 50.0, 52.0),
            *scored('parts', 'vit-s-dino', 49.5, 51.5),
            *scored('parts', 'vit-s-random', 20.0, 22.0),
            *scored('parts', 'vit-s-moco', 45.0),
        ]
    )
    assert column_sentences(board, 0) == [
        'Clear differences between pairs: 2 of 3, beyond 7.6 points '
        '(Games-Howell test with moderated variances, pooled sd 1.4).',
        'Best first: ViT-S MAE, ViT-S DINO, ViT-S random.',
        'No clear difference between ViT-S MAE and ViT-S DINO.',
        'Shown with a single seed, not judged: ViT-S MoCo v3.',
    ]


def test_where_seeds_change_nothing_no_spread_is_shown_and_nothing_said_to_be_unjudged() -> None:
    (board,) = boards(
        [
            *scored('parts', 'vit-s-mae', 50.0, 50.0, 50.0),
            *scored('parts', 'vit-s-dino', 49.5, 49.5, 49.5),
        ]
    )
    assert column_sentences(board, 0) == [
        'The method is deterministic; seeds give the same score.',
    ]
    assert cell(board, 'vit-s-mae', 'parts').sd is None
    assert board.columns[0].is_judged


def test_sentences_name_the_few_clear_pairs_where_most_are_not() -> None:
    (board,) = boards(
        [
            *scored('depth-metric', 'vit-s-mae', 0.50, 0.60),
            *scored('depth-metric', 'vit-s-dino', 0.70, 0.80),
            *scored('depth-metric', 'vit-s-moco', 0.90, 1.00),
        ]
    )
    assert 'ViT-S MAE is clearly better than ViT-S MoCo v3.' in column_sentences(board, 0)


def test_one_seed_per_backbone_is_shown_not_judged() -> None:
    (board,) = boards([*scored('parts', 'vit-s-mae', 50), *scored('parts', 'vit-s-dino', 10)])
    assert column_sentences(board, 0) == [
        'Shown, not judged: one seed per backbone, so the spread over seeds is unknown.'
    ]


def test_mixed_task_versions_are_reported() -> None:
    new = record(backbone='vit-s-dino')
    (board,) = boards([record(), replace(new, task={**new.task, 'version': 2})])
    assert version_notes(board) == [
        'Body parts: its records are of versions 1 and 2; scores of different versions cannot be '
        'compared.'
    ]


def test_one_run_without_seeds_counts_for_all_seeds_of_a_column() -> None:
    fixed = record('parts', 'vit-s-mae', protocol='knn', score=40.0)
    drawn = [
        record('parts', 'vit-s-random', protocol='knn', seed=seed, score=score)
        for seed, score in enumerate((20.0, 21.0, 22.0))
    ]
    drawn = [replace(one, backbone={**one.backbone, 'is_random': True}) for one in drawn]
    (board,) = boards([fixed, *drawn])
    found = cell(board, 'vit-s-mae', 'parts')
    assert (found.mean, found.sd, found.is_complete) == (40.0, None, True)
    assert board.columns[0].judgement.clear_count == 1
    assert cell(board, 'vit-s-random', 'parts').sd == 1.0


def test_one_run_of_each_is_judged_where_seeds_change_nothing() -> None:
    runs = [
        record('parts', name, protocol='knn', score=score)
        for name, score in (('vit-s-mae', 40.0), ('vit-s-dino', 30.0))
    ]
    (board,) = boards(runs)
    assert board.columns[0].judgement.is_deterministic
    assert board.columns[0].is_judged
    (board,) = boards([replace(one, spec=replace(one.spec, protocol='finetune')) for one in runs])
    assert not board.columns[0].is_judged
