from __future__ import annotations

import pytest

from benchmark.report.literature.grouping import contrasts, coverage, standings, tables

from .rows import OTHER, depth, row, supervised


class TestTables:
    @pytest.mark.parametrize(
        'change', [{'source': OTHER}, {'head': 'Cascade'}, {'recipe': '3x schedule'}]
    )
    def test_sources_heads_and_recipes_never_share_one(self, change: dict[str, object]) -> None:
        assert len(tables([row(), supervised(**change)])) == 2
        assert len(tables([row(), supervised()])) == 1

    def test_data_sets_have_their_own_and_metrics_share_one(self) -> None:
        mask = row(
            45.0, metric=row().metric.__class__('mask_AP', row().metric.unit, True, (0, 100))
        )
        found = tables([row(), mask, row(data_set='LVIS')])
        assert [(table.data_set, len(table.metrics)) for table in found] == [
            ('COCO', 2),
            ('LVIS', 1),
        ]

    def test_the_best_of_a_column_follows_its_direction(self) -> None:
        (up,) = tables([row(50.0), supervised(48.0)])
        assert [entry.pretraining for entry, _ in up.best] == ['MAE']
        (down,) = tables([depth(0.3), depth(0.2, pretraining='supervised', family='supervised')])
        assert [entry.pretraining for entry, _ in down.best] == ['supervised']

    def test_a_single_row_is_not_the_best_of_anything(self) -> None:
        (table,) = tables([row()])
        assert table.best == frozenset()


class TestContrasts:
    def test_a_pair_differs_in_the_pretraining_alone(self) -> None:
        (pair,) = contrasts([row(50.0), supervised(48.0)])
        assert (pair.masked.pretraining, pair.supervised.pretraining) == ('MAE', 'supervised')
        assert pair.gain == pytest.approx(2.0)

    @pytest.mark.parametrize(
        'change',
        [
            {'source': OTHER},
            {'head': 'Cascade'},
            {'recipe': '3x schedule'},
            {'backbone': 'ViT-L/16'},
            {'pretraining_data': 'ImageNet-22K'},
            {'split': 'test-dev'},
            {'data_set': 'LVIS'},
        ],
    )
    def test_whatever_differs_in_more_is_no_pair(self, change: dict[str, object]) -> None:
        assert contrasts([row(), supervised(**change)]) == []

    def test_a_lower_error_is_a_gain(self) -> None:
        better = depth(0.3)
        worse = depth(0.35, pretraining='supervised', family='supervised', labels=True)
        assert contrasts([better, worse])[0].gain == pytest.approx(0.05)

    def test_masked_pretraining_with_labels_or_another_family_is_no_side(self) -> None:
        assert contrasts([row(labels=True), supervised()]) == []
        assert contrasts([row(family='contrastive'), supervised()]) == []


class TestCoverage:
    def test_every_task_is_counted_also_where_nothing_is_known(self) -> None:
        rows = [row(), supervised(), row(source=OTHER), depth(0.3)]
        coco, birds, nyu = coverage(rows, ['coco-detection', 'nabirds', 'nyuv2'])
        assert coco == ('coco-detection', 'COCO', 3, 2, 2, 1)
        assert birds == ('nabirds', '', 0, 0, 0, 0)
        assert nyu[2:] == (1, 1, 1, 0)


class TestStandings:
    TASKS = ('coco-detection', 'nyuv2')

    def test_a_mean_rank_needs_every_data_set_of_the_suite(self) -> None:
        whole = [row(50.0), depth(0.30), supervised(48.0)]
        gap = standings(whole, self.TASKS)
        assert [(item.covered, item.of, item.mean_rank) for item in gap] == [
            (2, 2, None),
            (1, 2, None),
        ]
        other = depth(0.25, pretraining='supervised', family='supervised', labels=True)
        complete = standings([*whole, other], self.TASKS)
        assert [item.mean_rank for item in complete] == [1.5, 1.5]

    def test_direction_counts(self) -> None:
        other = depth(0.35, pretraining='supervised', family='supervised', labels=True)
        found = standings([row(50.0), depth(0.30), supervised(48.0), other], self.TASKS)
        assert [item.mean_rank for item in found] == [1.0, 2.0]

    def test_a_task_without_numbers_leaves_all_incomplete(self) -> None:
        found = standings([row(50.0), supervised(48.0)], ('coco-detection', 'unheard-of'))
        assert [(item.covered, item.of, item.mean_rank) for item in found] == [(1, 2, None)] * 2
