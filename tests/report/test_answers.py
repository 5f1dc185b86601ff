from __future__ import annotations

import pytest

from benchmark.report.inference import answers
from benchmark.report.inference.answers import Answer, answer, ordinal, short_titles, sureness
from benchmark.report.inference.comparisons import Diagram
from benchmark.report.inference.findings import find
from benchmark.results.records import RunRecord
from benchmark.statistics.resampling import Interval
from tests.support.report_fakes import boards, record


def answered(records: list[RunRecord]) -> Answer:
    made = boards(records)
    return answer(made[0], find(made).boards[0])


def runs(task: str, *means: float, seeds: int = 2) -> list[RunRecord]:
    """Return the runs of ``a``, ``b`` and so on; seeds are 0.1 apart around the mean."""
    shift = 0.05 * (seeds - 1)
    return [
        record(task, name, seed=seed, score=mean - shift + 0.1 * seed)
        for name, mean in zip('abc', means, strict=False)
        for seed in range(seeds)
    ]


@pytest.mark.parametrize(
    ('number', 'text'),
    [(1, '1st'), (2, '2nd'), (3, '3rd'), (4, '4th'), (11, '11th'), (12, '12th'), (13, '13th'),
     (21, '21st'), (102, '102nd'), (112, '112th')],
)  # fmt: skip
def test_places_in_words(number: int, text: str) -> None:
    assert ordinal(number) == text


def test_a_shared_beginning_is_left_out_and_the_rest_begins_large() -> None:
    titles = ['World: depth of scenes', 'World: key points']
    assert list(short_titles(titles).values()) == ['Depth of scenes', 'Key points']


@pytest.mark.parametrize(
    'titles', [['World: depth'], ['World: depth', 'Cars'], ['A: depth', 'B: pose'], ['X', 'Y'], []]
)
def test_titles_without_a_shared_beginning_stay(titles: list[str]) -> None:
    assert list(short_titles(titles).values()) == titles


def test_the_leader_with_its_rank_places_and_tasks() -> None:
    # ranks of a: 1, 1 and 2; each task is a kind of its own, so the mean is 4 / 3
    found = answered(
        [
            *runs('parts', 60, 50, 40),
            *runs('creatures-detection', 30, 20, 10),
            *runs('keypoints', 40, 50, 30),
        ]
    )
    assert (found.protocol, found.leaders) == ('finetune', 'a')
    assert found.rank == (
        'transfers best to these 3 tasks (mean rank 1.33 among 3). With other tasks of these '
        'kinds it could be 1st to 2nd; with other seeds it would stay 1st.'
    )
    assert found.leads == 'Best mean on 2 of 3 tasks: creatures and body parts.'


def test_a_lead_on_one_seed_is_said_not_to_be_judged() -> None:
    found = answered([*runs('parts', 60, 50), *runs('keypoints', 40, 30, seeds=1)])
    assert found.rank.endswith('with other seeds its place is unknown.')
    assert found.leads == (
        'Best mean on 2 of 2 tasks: body parts and key points; 1 of these with too few seeds '
        'to judge.'
    )


@pytest.mark.parametrize(
    ('title', 'text'),
    [
        ('Key points', 'key points'),
        ('CamVid, 11 classes', 'CamVid, 11 classes'),
        ('RGB-D', 'RGB-D'),
    ],
)
def test_a_title_in_a_sentence_begins_small_unless_it_is_a_name(title: str, text: str) -> None:
    assert answers._lower(title) == text


def test_a_tie_names_both() -> None:
    found = answered([*runs('parts', 60, 50), *runs('keypoints', 30, 40)])
    assert found.leaders == 'a and b'
    assert found.rank == (
        'transfer best to these 2 tasks, and equally well (mean rank 1.50 among 2).'
    )


def test_without_a_row_without_a_gap_there_is_no_leader() -> None:
    found = answered([*runs('parts', 60), *runs('keypoints', 30)])
    assert found.leaders == ''
    assert found.rank.startswith('Which backbone transfers best is open')


def test_more_tasks_than_can_be_named_are_counted_by_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, '_MOST_TITLES', 1)
    # of depths the lower error is better: b leads there
    found = answered(
        [*runs('parts', 60, 50), *runs('keypoints', 60, 50), *runs('depth-metric', 2.0, 1.0)]
    )
    assert found.leads == 'Best mean on 2 of 3 tasks: segmentation (1 of 1) and pose (1 of 1).'


def test_the_label_of_a_diagram_says_what_it_weighs_and_whether_it_tells_apart() -> None:
    def label(p: float) -> str:
        return Diagram({'a': 1.0, 'b': 2.0, 'c': 3.0}, 1.5, (), p, 4).label

    assert label(0.2).startswith('No significant differences: Friedman p = 0.2 over 4 tasks')
    assert 'Nemenyi' not in label(0.2)
    assert label(0.01).startswith('Pool-dependent')
    for p in (0.01, 0.2):
        assert 'Every task weighs the same here' in label(p)


@pytest.mark.parametrize(
    ('leader', 'others', 'text'),
    [
        ((1.0, 1.0), [(2.0, 2.0), (2.0, 3.0)], 'other seeds it would stay 1st'),
        ((1.0, 1.0), [(2.0, 2.0), (1.0, 2.0)], 'other seeds it could share 1st place'),
        ((1.0, 2.0), [(1.0, 2.0)], 'other seeds it could be 1st to 2nd'),
        ((1.0, 1.0), [None], 'other seeds it would stay 1st'),
        (None, [(1.0, 1.0)], 'other seeds its place is unknown'),
    ],
)
def test_a_first_place_is_certain_only_if_nobody_else_could_have_it(
    leader: tuple[float, float] | None, others: list[tuple[float, float] | None], text: str
) -> None:
    ends = [None if one is None else Interval(*one) for one in (leader, *others)]
    assert sureness('other seeds', ends[0], ends[1:]) == text
