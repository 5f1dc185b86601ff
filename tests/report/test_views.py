from __future__ import annotations

from typing import Any

import pytest

from benchmark.report.data.facts import backbone_facts
from benchmark.report.formats.overall import _diagram
from benchmark.report.formats.views import family_classes, suite_data
from benchmark.report.inference.comparisons import Diagram
from benchmark.report.inference.findings import find
from benchmark.results.records import RunRecord
from tests.support.report_fakes import boards, briefs, failed, record, suite


def data(records: list[RunRecord]) -> dict[str, Any]:
    made, chosen = boards(records), sorted(records, key=lambda item: item.spec)
    return suite_data('quick', chosen, made, find(made), backbone_facts(briefs(records)))


@pytest.fixture(scope='module')
def whole() -> dict[str, Any]:
    return data(suite())


def names(content: dict[str, Any], board: int = 0) -> list[str]:
    return [content['backbones'][place]['id'] for place in content['boards'][board]['rows']]


def test_columns_run_parallel_to_the_rows_of_their_board(whole: dict[str, Any]) -> None:
    for board in whole['boards']:
        rows = len(board['rows'])
        assert len(board['ranks']) == rows
        for column in board['columns']:
            for key in ('means', 'sds', 'texts', 'scores', 'seconds', 'memory'):
                assert len(column[key]) == rows, key
            assert all(len(seeds) == len(column['seeds']) for seeds in column['scores'])


def test_numbers_are_those_of_the_records() -> None:
    content = data(
        [
            record('parts', 'a', seed=0, score=40.0),
            record('parts', 'a', seed=1, score=50.0),
            record('parts', 'b', seed=1, score=44.0),
        ]
    )
    (column,) = content['boards'][0]['columns']
    place = names(content).index('a')
    assert column['means'][place] == 45.0
    assert column['sds'][place] == pytest.approx(50**0.5)
    assert column['texts'][place] == '45.0 ± 7.1'
    assert column['scores'][place] == [40.0, 50.0]
    assert column['scores'][1 - place] == [None, 44.0]
    assert column['sds'][1 - place] is None
    assert column['problems'] == {1 - place: '1 of 2 seeds not run'}
    # the only rival has one seed, so nothing is judged and nobody is marked as best
    assert (column['limit'], column['best']) == (None, [])


def two_seeds(backbone: str, first: float, second: float) -> list[RunRecord]:
    return [
        record('parts', backbone, seed=seed, score=value)
        for seed, value in enumerate((first, second))
    ]


def test_the_best_mean_is_marked_only_where_seeds_support_it() -> None:
    judged = [*two_seeds('a', 40.0, 50.0), *two_seeds('b', 41.0, 43.0)]
    content = data(judged)
    assert content['boards'][0]['columns'][0]['best'] == [names(content).index('a')]
    content = data([*judged, record('parts', 'c', seed=0, score=60.0)])
    assert content['boards'][0]['columns'][0]['best'] == []


def test_titles_are_short_where_all_tasks_share_a_beginning(whole: dict[str, Any]) -> None:
    assert [task['short'] for task in whole['tasks']] == [task['title'] for task in whole['tasks']]


def test_a_diagram_that_tells_nothing_apart_has_no_clique() -> None:
    def drawn(p: float) -> tuple[object, object, int]:
        found = Diagram({'a': 1.0, 'b': 2.0, 'c': 3.0}, 1.5, (('a', 'b'), ('b', 'c')), p, 4)
        said = _diagram(found, {'a': 0, 'b': 1, 'c': 2})
        return said['critical'], said['cliques'], len(said['ranks'])

    assert drawn(0.05) == (1.5, [[0, 1], [1, 2]], 3)
    assert drawn(0.051) == (None, [], 3)


def test_a_failed_cell_has_no_number_and_its_reason() -> None:
    content = data([record('parts', 'a'), failed(record('parts', 'b'), 'out of memory')])
    column = content['boards'][0]['columns'][0]
    place = names(content).index('b')
    assert column['means'][place] is column['texts'][place] is None
    assert column['problems'][place] == '1 of 1 seed failed: out of memory'
    assert [(run['backbone'], run['error']) for run in content['failed']] == [
        ('b', 'out of memory')
    ]


def test_aggregates_refer_to_rows_and_leave_out_those_with_gaps(whole: dict[str, Any]) -> None:
    board = whole['boards'][0]
    found = {names(whole)[row] for row in board['overall']['standings']}
    assert 'swin-t-simmim' not in found
    assert 'vit-s-mae' in found
    for row, standing in board['overall']['standings'].items():
        assert standing['rank'][0] == pytest.approx(board['ranks'][row])
        value, seeds, tasks = standing['score']
        assert seeds[0] <= value <= seeds[1]
        assert tasks[0] <= value <= tasks[1]


def test_the_probability_of_improvement_of_both_directions_sums_to_one(
    whole: dict[str, Any],
) -> None:
    found = whole['boards'][0]['overall']['improvement']
    size = len(found['rows'])
    assert size == 4
    for i in range(size):
        for j in range(i):
            assert found['shares'][i][j] + found['shares'][j][i] == pytest.approx(100, abs=1)


def test_contrasts_and_agreement_are_sentences_with_their_estimate(whole: dict[str, Any]) -> None:
    contrast = whole['boards'][0]['overall']['contrasts'][-1]
    assert contrast['group'] == 'all tasks'
    assert 'ViT-S MAE against ViT-S supervised' in contrast['sentence']
    assert contrast['estimate'][0] > 0
    (agreement,) = whole['agreements']
    assert agreement['protocol'] == 'frozen'
    assert 'tau' in agreement['sentence']


def test_costs_are_means_over_seeds_with_their_devices(whole: dict[str, Any]) -> None:
    column = whole['boards'][0]['columns'][0]
    assert column['devices'] == ['cpu']
    assert all(20 < seconds < 40 for seconds in column['seconds'])
    assert data([record()])['boards'][0]['columns'][0]['seconds'] == [None]


def test_a_floor_has_the_text_of_its_unit(whole: dict[str, Any]) -> None:
    depth = next(
        column
        for column in whole['boards'][0]['columns']
        if whole['tasks'][column['task']]['kind'] == 'depth'
    )
    assert depth['floors'] == [{'name': 'mean depth map', 'value': 1.402, 'text': '1.402'}]


def test_sentences_of_a_crowded_column_are_bounded() -> None:
    crowd = [
        record('parts', f'backbone-number-{i}', seed=seed, score=10 + i + seed)
        for i in range(80)
        for seed in (0, 1)
    ]
    sentences = data(crowd)['boards'][0]['columns'][0]['sentences']
    assert max(map(len, sentences)) < 700
    assert sentences[1].startswith('Not clearly worse than the best: backbone-number-79')


def test_unknown_families_get_classes_that_cannot_be_forged() -> None:
    facts = backbone_facts(briefs([record(backbone='x')]))['x']
    assert family_classes([facts]) == {'unknown': 'family-0'}
