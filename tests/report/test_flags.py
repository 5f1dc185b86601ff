"""Suspicious scores are marked, with a legend, in every form of a report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.report.inference.flags import Flag, flag_lines, flagged
from benchmark.report.writing import render_report, write_report
from benchmark.results.learning import loss_fell
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from tests.support.report_fakes import boards, record

FLAT = {'iteration': [1.0, 2.0, 3.0, 4.0], 'loss': [1.58, 1.6, 1.57, 1.59]}
FALLING = {'iteration': [1.0, 2.0, 3.0, 4.0], 'loss': [1.58, 1.3, 1.0, 0.8]}

FLOOR = record('parts', 'trivial:background', 'trivial', score=9.1)


def flags_of(records: list[RunRecord]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the flags of each cell by protocol and backbone."""
    return {
        (board.protocol, cell.backbone): cell.flags
        for board in flagged(boards(records))
        for row in board.rows
        for cell in row.cells
    }


class TestLoss:
    @pytest.mark.parametrize(
        ('losses', 'fell'),
        [
            ([2.0, 1.0], True),
            # a fall by two hundredths is no learning
            ([2.0, 1.97], False),
            ([2.0, 1.95], True),
            ([1.0, 2.0], False),
            # the first and the last tenth of twenty points: 2.0 and 1.0
            ([2.5, 1.5, *[9.0] * 16, 0.5, 1.5], True),
        ],
    )
    def test_it_must_fall_by_a_fiftieth_from_tenth_to_tenth(
        self, losses: list[float], fell: bool
    ) -> None:
        iterations = [float(i) for i in range(len(losses))]
        assert loss_fell({'iteration': iterations, 'loss': losses}) is fell

    def test_terms_are_added_where_there_is_no_total(self) -> None:
        curves = {'iteration': [1.0, 2.0], 'loss_a': [1.0, 1.5], 'loss_b': [2.0, 1.5]}
        assert loss_fell(curves) is False

    def test_one_point_says_nothing(self) -> None:
        assert loss_fell({'iteration': [1.0], 'loss': [1.0]}) is None
        assert loss_fell({}) is None

    @pytest.mark.parametrize(('curves', 'flags'), [(FLAT, (Flag.LOSS,)), (FALLING, ())])
    def test_a_flat_one_is_flagged(
        self, curves: dict[str, list[float]], flags: tuple[str, ...]
    ) -> None:
        found = flags_of([replace(record(), curves=curves)])
        assert found == {('finetune', 'vit-s-mae'): flags}

    def test_what_the_record_says_counts_before_its_curves(self) -> None:
        found = flags_of([replace(record(), curves=FALLING, proof={'loss_fell': False})])
        assert found['finetune', 'vit-s-mae'] == (Flag.LOSS,)


class TestFloor:
    @pytest.mark.parametrize(('score', 'flags'), [(9.1, (Flag.FLOOR,)), (9.2, ())])
    def test_a_score_must_be_above_the_trivial_one(
        self, score: float, flags: tuple[str, ...]
    ) -> None:
        found = flags_of([record(score=score), FLOOR])
        assert found['finetune', 'vit-s-mae'] == flags

    def test_an_error_must_be_below_it(self) -> None:
        floor = record('depth-metric', 'trivial:mean', 'trivial', score=1.4)
        for score, flags in ((1.5, (Flag.FLOOR,)), (1.3, ())):
            found = flags_of([record('depth-metric', score=score), floor])
            assert found['finetune', 'vit-s-mae'] == flags


class TestFeatures:
    @pytest.mark.parametrize('protocol', ['frozen', 'linear', 'linear-fixed', 'logistic', 'knn'])
    def test_training_must_not_lose_what_features_have(self, protocol: str) -> None:
        tuned, kept = record(score=40.0), record(protocol=protocol, score=42.0)
        found = flags_of([tuned, kept])
        assert found['finetune', 'vit-s-mae'] == (Flag.FEATURES,)
        assert found[protocol, 'vit-s-mae'] == ()

    def test_other_backbones_features_do_not_matter(self) -> None:
        other = record(backbone='vit-s-dino', protocol='frozen', score=90.0)
        assert flags_of([record(score=40.0), other])['finetune', 'vit-s-mae'] == ()

    @pytest.mark.parametrize(('kept', 'flags'), [(42.0, ()), (43.0, (Flag.FEATURES,))])
    def test_seeds_may_explain_a_small_difference(
        self, kept: float, flags: tuple[str, ...]
    ) -> None:
        # both means vary by sqrt(8): the standard error of their difference is sqrt(8 / 2 * 2)
        records = [
            record(protocol=protocol, seed=seed, score=mean + step)
            for protocol, mean in (('finetune', 40.0), ('frozen', kept))
            for seed, step in ((0, -2.0), (1, 2.0))
        ]
        assert flags_of(records)['finetune', 'vit-s-mae'] == flags


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    made = ResultStore(tmp_path / 'results', tmp_path / 'work')
    bad = replace(record(score=5.0), curves=FLAT, fingerprint='b' * 64)
    for item in (bad, record(backbone='vit-s-dino', score=50.0), FLOOR):
        made.save(item)
    return made


class TestForms:
    def test_tables_show_signs_with_a_legend(self, store: ResultStore) -> None:
        found = render_report(store, 'quick', formats=['md', 'tex', 'json', 'paper'])
        legend = '† loss did not fall; ‡ not above the trivial predictor.'
        assert '| 5.0†‡ |' in found['quick.md']
        assert legend in found['quick.md']
        assert r'& 5.0\flag{\dag{}\ddag{}} &' in found['quick.tex']
        assert (
            r'\dag{} loss did not fall; \ddag{} not above the trivial predictor.'
            in (found['quick.tex'])
        )
        (board,) = json.loads(found['quick.json'])['boards']
        assert [row['cells'][0]['flags'] for row in board['rows']] == [
            [],
            ['loss did not fall', 'not above the trivial predictor'],
        ]

    def test_a_table_without_flags_has_no_legend(self, tmp_path: Path) -> None:
        made = ResultStore(tmp_path / 'results', tmp_path / 'work')
        made.save(record())
        found = render_report(made, 'quick', formats=['md', 'tex'])
        assert not any(sign in text for text in found.values() for sign in '†‡§')

    def test_the_page_has_them(self, store: ResultStore, tmp_path: Path) -> None:
        (path,) = write_report(store, 'quick', out=tmp_path, formats=['html'])
        page = path.read_text()
        assert 'loss did not fall' in page
        assert '†‡' in page

    def test_lines_name_cell_score_and_reason(self, store: ResultStore) -> None:
        records = [replace(record(score=5.0), curves=FLAT), FLOOR]
        asked = {('finetune', 'parts', 'vit-s-mae')}
        assert list(flag_lines(flagged(boards(records)), asked)) == [
            'parts  ViT-S MAE  finetune  5.0 %: loss did not fall; not above the trivial predictor'
        ]
        assert list(flag_lines(flagged(boards(records)), set())) == []
