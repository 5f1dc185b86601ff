from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmark.errors import DeclarationError
from benchmark.report.data.facts import backbone_facts
from benchmark.report.data.normaliser import read_normaliser
from benchmark.report.inference.agreements import agreements
from benchmark.report.inference.contrasts import is_matched
from benchmark.report.inference.findings import BoardFindings, find
from benchmark.report.text.sentences import agreement_sentence, contrast_sentence, overall_sentences
from benchmark.results.records import RunRecord
from tests.support.report_fakes import BACKBONES, TASKS, boards, briefs, record, suite


def runs(task: str, backbone: str, *scores: float, protocol: str = 'finetune') -> list[RunRecord]:
    return [record(task, backbone, protocol, seed, score=s) for seed, s in enumerate(scores)]


def floors(*tasks: str) -> list[RunRecord]:
    return [
        record(task, f'trivial:{TASKS[task][4][0]}', 'trivial', score=TASKS[task][4][1])
        for task in tasks
    ]


def found(records: list[RunRecord]) -> BoardFindings:
    (only,) = find(boards(records)).boards
    return only


def table(scores: dict[str, dict[str, Sequence[float]]]) -> list[RunRecord]:
    """Return records of backbones by name, with the scores of their seeds by task."""
    tasks = {task for by_task in scores.values() for task in by_task}
    return [
        *(
            item
            for b, by_task in scores.items()
            for t, s in by_task.items()
            for item in runs(t, b, *s)
        ),
        *floors(*sorted(tasks)),
    ]


THREE_TASKS = {
    'vit-s-mae': {'parts': (50, 52), 'keypoints': (60, 62), 'depth-metric': (0.5, 0.52)},
    'vit-s-supervised': {'parts': (40, 42), 'keypoints': (50, 52), 'depth-metric': (0.6, 0.62)},
    'vit-s-dino': {'parts': (30, 32), 'keypoints': (70, 72), 'depth-metric': (0.7, 0.72)},
}


def test_the_score_runs_from_the_trivial_predictor_to_the_best_bound() -> None:
    standing = found(table(THREE_TASKS)).standings['vit-s-mae']
    parts = 100 * (51 - 9.1) / (100 - 9.1)
    keypoints = 100 * (61 - 3.4) / (100 - 3.4)
    depth = 100 * (0.51 - 1.402) / (0 - 1.402)
    assert standing.score is not None
    assert standing.score.value == pytest.approx((parts + keypoints + depth) / 3)


def test_mean_rank_borda_and_place_are_as_computed_by_hand() -> None:
    standings = found(table(THREE_TASKS)).standings
    # ranks on parts, key points and depth: MAE 1 2 1, supervised 2 3 2, DINO 3 1 3
    assert standings['vit-s-mae'].mean_rank.value == pytest.approx(4 / 3)
    assert standings['vit-s-supervised'].mean_rank.value == pytest.approx(7 / 3)
    assert standings['vit-s-dino'].mean_rank.value == pytest.approx(7 / 3)
    # rivals beaten: MAE 2 1 2, supervised 1 0 1, DINO 0 2 0, of two each time
    assert standings['vit-s-mae'].borda.value == pytest.approx(100 * 5 / 6)
    assert standings['vit-s-dino'].borda.value == pytest.approx(100 / 3)
    assert [standings[b].place.value for b in THREE_TASKS] == [1.0, 2.0, 2.0]


def test_seeds_and_tasks_are_two_intervals() -> None:
    standing = found(table(THREE_TASKS)).standings['vit-s-dino']
    # the seeds never change an order, other tasks might make DINO first or last
    assert standing.place.seeds == (2.0, 2.0)
    assert standing.place.tasks == (1.0, 3.0)


def test_one_seed_or_one_task_leaves_its_interval_unknown() -> None:
    one_seed = {b: {t: s[:1] for t, s in by.items()} for b, by in THREE_TASKS.items()}
    standing = found(table(one_seed)).standings['vit-s-mae']
    assert standing.mean_rank.seeds is None
    assert standing.mean_rank.tasks is not None
    one_task = {b: {'parts': by['parts']} for b, by in THREE_TASKS.items()}
    standing = found(table(one_task)).standings['vit-s-mae']
    assert standing.mean_rank.seeds is not None
    assert standing.mean_rank.tasks is None


def test_a_row_with_a_gap_gets_no_aggregate_and_moves_no_other() -> None:
    whole = found(table(THREE_TASKS))
    gap = found([*table(THREE_TASKS), *runs('parts', 'vit-s-moco', 99, 99)])
    assert gap.standings == whole.standings
    assert gap.comparisons == whole.comparisons
    assert gap.diagram == whole.diagram
    assert gap.contrasts == whole.contrasts
    assert gap.gaps == {'vit-s-moco': '2 of 3 tasks incomplete: depth-metric, keypoints'}


def test_neither_order_nor_the_global_seed_changes_a_bit() -> None:
    records = suite()
    first = find(boards(records))
    np.random.seed(3)
    random.seed(3)
    again = find(boards(random.Random(5).sample(records, len(records))))
    assert again == first


def test_both_kinds_of_tracking_are_one_family() -> None:
    def kind(item: RunRecord, name: str) -> RunRecord:
        return replace(item, task={**item.task, 'kind': name})

    kinds = {'parts': 'tracking', 'depth-metric': 'mot', 'keypoints': 'pose'}
    records = [kind(item, kinds[item.spec.task]) for item in table(THREE_TASKS)]
    # DINO: ranks 3 and 3 in tracking, 1 in pose
    assert found(records).standings['vit-s-dino'].mean_rank.value == pytest.approx(2.0)


def test_a_task_without_a_floor_has_no_scale_and_is_named() -> None:
    records = [item for item in table(THREE_TASKS) if item.spec.backbone != 'trivial:mean pose']
    (board,) = boards(records)
    result = found(records)
    assert result.unscaled == ('keypoints',)
    assert result.comparisons is not None
    assert result.comparisons.tasks == 2
    assert any('they have no scale' in sentence for sentence in overall_sentences(board, result))


def test_too_few_tasks_say_which_p_they_could_reach() -> None:
    (board,) = boards(table(THREE_TASKS))
    sentences = overall_sentences(board, found(table(THREE_TASKS)))
    assert (
        "Wilcoxon over 3 tasks: the smallest attainable p is 0.25, 0.75 after Holm's correction "
        'for 3 pairs: too few tasks for any pair to differ significantly at 0.05.'
    ) in sentences


class TestContrast:
    def test_the_effect_is_the_mean_difference_over_families(self) -> None:
        result = {item.group: item for item in found(table(THREE_TASKS)).contrasts}
        parts, keypoints, depth = 1000 / 90.9, 1000 / 96.6, 10 / 1.402
        effects = {group: item.effect for group, item in result.items()}
        assert all(effect is not None for effect in effects.values())
        assert effects['semantic'].value == pytest.approx(parts)  # type: ignore[union-attr]
        assert effects['geometric-motion'].value == pytest.approx(  # type: ignore[union-attr]
            (keypoints + depth) / 2
        )
        assert effects['all tasks'].value == pytest.approx(  # type: ignore[union-attr]
            (parts + keypoints + depth) / 3
        )
        assert result['all tasks'].wins == 3
        assert result['all tasks'].p == result['all tasks'].smallest_p == pytest.approx(0.25)

    def test_only_matched_pairs_count(self) -> None:
        others = {**THREE_TASKS, 'swin-t-simmim': THREE_TASKS['vit-s-dino']}
        pairs = {item.pairs for item in found(table(others)).contrasts}
        assert pairs == {(('vit-s-mae', 'vit-s-supervised'),)}

    @pytest.mark.parametrize(
        ('key', 'value'),
        [
            ('data', 'other pictures'),
            ('data', ''),
            ('architecture', 'convnet'),
            ('parameters', 23_000_000),
            ('parameters', None),
            ('shape', ((384,), (16,))),
        ],
    )
    def test_a_pair_that_differs_in_more_than_the_method_is_none(
        self, key: str, value: object
    ) -> None:
        facts = backbone_facts(briefs(suite()))
        masked, supervised = facts['vit-s-mae'], facts['vit-s-supervised']
        assert is_matched(masked, supervised)
        assert is_matched(replace(masked, parameters=21_666_000), supervised)
        assert not is_matched(replace(masked, **{key: value}), supervised)  # type: ignore[arg-type]

    def test_without_a_pair_there_is_no_conclusion(self) -> None:
        records = table({b: THREE_TASKS[b] for b in ('vit-s-mae', 'vit-s-dino')})
        (board,) = boards(records)
        sentence = contrast_sentence(found(records).contrasts[0], board.labels)
        assert sentence.startswith('No conclusion: no pair of a masked and a supervised backbone')

    @pytest.mark.parametrize(
        ('masked', 'conclusion'),
        [
            (
                {'parts': (50, 52)},
                'On this task, for this architecture, masked pretraining transfers better',
            ),
            ({'parts': (38, 46)}, 'The difference is within the noise of seeds'),
            ({'parts': (50,)}, 'shown but not judged'),
        ],
    )
    def test_sentences_claim_no_more_than_the_seeds_allow(
        self, masked: dict[str, Sequence[float]], conclusion: str
    ) -> None:
        supervised = {'parts': (40, 42)[: len(masked['parts'])]}
        records = table({'vit-s-mae': masked, 'vit-s-supervised': supervised})
        (board,) = boards(records)
        (contrast,) = found(records).contrasts
        assert conclusion in contrast_sentence(contrast, board.labels)

    def test_the_interval_over_seeds_is_welchs(self) -> None:
        masked, supervised = (50.0, 52.0, 57.0), (40.0, 41.0, 42.0)
        both = {'vit-s-mae': {'parts': masked}, 'vit-s-supervised': {'parts': supervised}}
        (contrast,) = found(table(both)).contrasts
        expected = stats.ttest_ind(masked, supervised, equal_var=False).confidence_interval(0.95)
        assert contrast.effect is not None
        # the scale of the task: from 9.1 to 100 points
        assert contrast.effect.seeds == pytest.approx([100 * end / 90.9 for end in expected])

    def test_architectures_weigh_the_same_however_many_backbones_they_have(self) -> None:
        mask = {'vit-s-mae': 60, 'vit-s-mae-2': 70, 'swin-t-simmim': 30}
        labels = {'vit-s-supervised': 50, 'swin-t-supervised': 40}
        scores = {name: {'parts': (v, v + 1.0)} for name, v in {**mask, **labels}.items()}
        records = [self.of_its_architecture(item) for item in table(scores)]
        (board,) = boards(records)
        (contrast,) = found(records).contrasts
        effects = {side.masked: side.effect for side in contrast.sides}
        assert effects == {
            ('vit-s-mae', 'vit-s-mae-2'): pytest.approx(100 * 15 / 90.9),
            ('swin-t-simmim',): pytest.approx(-100 * 10 / 90.9),
        }
        assert contrast.effect is not None
        assert contrast.effect.value == pytest.approx(100 * 2.5 / 90.9)
        assert not contrast.is_one_way
        assert 'The sign depends on the architecture' in contrast_sentence(contrast, board.labels)

    def of_its_architecture(self, item: RunRecord) -> RunRecord:
        like = 'vit-s-mae' if item.spec.backbone.startswith('vit') else 'swin-t-simmim'
        family = 'supervised' if 'supervised' in item.spec.backbone else 'mim'
        model = record(backbone=like).backbone
        facts = {**model, 'title': item.spec.backbone}
        facts['pretraining'] = {**model['pretraining'], 'family': family}
        return item if item.spec.protocol == 'trivial' else replace(item, backbone=facts)

    def test_two_tasks_are_too_few_to_speak_of_others(self) -> None:
        records = table(THREE_TASKS)
        (board,) = boards(records)
        contrast = next(c for c in found(records).contrasts if c.group == 'geometric-motion')
        assert 'there are too few tasks to generalise to others' in contrast_sentence(
            contrast, board.labels
        )


class TestAgreement:
    def both(self, *, turned: bool) -> list[RunRecord]:
        names = list(BACKBONES)
        order = names[::-1] if turned else names
        cheap = [
            replace(item, cost={'train_seconds': 5.0, 'device': 'cpu'})
            for place, name in enumerate(order)
            for item in runs('parts', name, 30 + place, 30.1 + place, protocol='frozen')
        ]
        dear = [
            replace(item, cost={'train_seconds': 20.0, 'device': 'cpu'})
            for place, name in enumerate(names)
            for item in runs('parts', name, 60 + place, 60.1 + place)
        ]
        return [*cheap, *dear]

    def test_an_equal_order_may_stand_in_at_its_cost(self) -> None:
        (agreement,) = agreements(boards(self.both(turned=False)))
        assert agreement.tau.value == 1.0
        assert agreement.backbones_interval == (1.0, 1.0)
        assert agreement.cost is not None
        assert agreement.cost == (0.25, 6)
        assert agreement_sentence(agreement) == (
            "frozen ranks 6 backbones on 1 task like finetune with Kendall's tau 1.00 (seeds 1.00 "
            'to 1.00; backbones 1.00 to 1.00), at 25 % of its training time. It can replace '
            'finetune.'
        )

    def test_a_turned_order_may_not(self) -> None:
        (agreement,) = agreements(boards(self.both(turned=True)))
        assert agreement.tau.value == -1.0
        assert agreement_sentence(agreement).endswith('It cannot replace finetune.')

    def test_costs_of_different_devices_are_not_compared(self) -> None:
        records = [
            replace(item, cost={**item.cost, 'device': item.spec.protocol})
            for item in self.both(turned=False)
        ]
        (agreement,) = agreements(boards(records))
        assert agreement.cost is None

    def test_without_fine_tuning_there_is_nothing_to_agree_with(self) -> None:
        frozen = [item for item in self.both(turned=False) if item.spec.protocol == 'frozen']
        assert agreements(boards(frozen)) == ()


class TestNormaliser:
    def write(self, folder: Path, tasks: str, others: str = 'none') -> Path:
        path = folder / 'scale.py'
        path.write_text(
            "normaliser = dict(name='mine', version=3, title='t', "
            f'others={others!r}, tasks={tasks})'
        )
        return path

    def test_declared_ends_are_used_and_other_tasks_left_out(self, tmp_path: Path) -> None:
        entry = "{'parts': dict(version=1, metric='mIoU', floor=11, reference=61)}"
        normaliser = read_normaliser(self.write(tmp_path, entry))
        assert normaliser.label == 'mine v3'
        (result,) = find(boards(table(THREE_TASKS)), normaliser).boards
        score = result.standings['vit-s-mae'].score
        assert score is not None
        assert score.value == pytest.approx(80.0)
        assert result.unscaled == ('depth-metric', 'keypoints')

    @pytest.mark.parametrize('entry', ["version=2, metric='mIoU'", "version=1, metric='mAcc'"])
    def test_an_entry_for_another_version_or_metric_is_not_used(
        self, tmp_path: Path, entry: str
    ) -> None:
        path = self.write(tmp_path, f"{{'parts': dict({entry}, floor=0, reference=1)}}")
        (result,) = find(boards(table(THREE_TASKS)), read_normaliser(path)).boards
        assert 'parts' in result.unscaled

    @pytest.mark.parametrize(
        ('tasks', 'complaint'),
        [
            ("{'parts': dict(version=1, metric='mIoU', floor=5)}", "lacks the key 'reference'"),
            (
                "{'parts': dict(version=1, metric='mIoU', floor=5, reference=5)}",
                'two different finite numbers',
            ),
            ("{'parts': 3}", 'must be dict'),
        ],
    )
    def test_a_wrong_declaration_is_named(self, tmp_path: Path, tasks: str, complaint: str) -> None:
        with pytest.raises(DeclarationError, match=complaint):
            read_normaliser(self.write(tmp_path, tasks))

    def test_the_standard_scale_is_what_the_records_of_the_floors_say(self) -> None:
        from benchmark.results.store import ResultStore

        root = Path(__file__).parents[2]
        store = ResultStore(root / 'results', root / 'work_dirs')
        said = {
            item.spec.task: item.scores[item.primary]
            for item in store.records('real-mini')
            if item.spec.protocol == 'trivial'
        }
        standard = read_normaliser()
        frozen = {task: entry['floor'] for task, entry in standard.tasks.items()}
        assert {task: frozen[task] for task in said} == said
