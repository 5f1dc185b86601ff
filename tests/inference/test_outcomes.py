"""Metrics of weighted examples, how far each example pulls them, and their files."""

from __future__ import annotations

import io
import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score

from benchmark.errors import RecordError
from benchmark.statistics.outcome_files import Measured, pack, unpack
from benchmark.statistics.outcomes import (
    Association,
    ByClass,
    Form,
    Precision,
    Rankings,
    Ratios,
    without_tail,
)

COUNT = 60
RNG = np.random.default_rng(7)
HITS = RNG.integers(0, 30, (COUNT, 4))
LABELS = RNG.integers(0, 3, COUNT)
SCORES = RNG.random((COUNT, 5)).astype(np.float32)
TRUTH = RNG.integers(0, 2, (COUNT, 5)).astype(np.int8)
TRACKS = RNG.integers(1, 50, (3, COUNT, 19))


def detections() -> Precision:
    """Return a table of random detections, two classes one after the other."""
    n = 120
    label = np.sort(RNG.integers(0, 2, n))
    right = np.sort(RNG.integers(0, 2, (10, n)), axis=0)[::-1]
    bits = (right << np.arange(10)[:, None]).sum(axis=0)
    wanted = np.array([(e, c, 3) for e in range(COUNT) for c in range(2)])
    return Precision(RNG.integers(0, COUNT, n), label, bits, np.zeros(n, int), wanted, COUNT)


FORMS: dict[str, Form] = {
    'ratios': Ratios(HITS, HITS + RNG.integers(1, 9, HITS.shape), 100.0),
    'root': Ratios(HITS[:, 0], is_root=True),
    'accuracy': Ratios(RNG.random(COUNT) < 0.6, scale=100.0),
    'by class': ByClass(RNG.random(COUNT) < 0.6, LABELS, 100.0),
    'detections': detections(),
    'voc': Precision(*(getattr(detections(), f) for f in ('example', 'label', 'right', 'ignored')),
                     detections().wanted, COUNT, is_voc=True),
    'rankings': Rankings(SCORES, TRUTH, scale=100.0),
    'hota': Association(*TRACKS, RNG.random((COUNT, 19))),
}  # fmt: skip


@pytest.mark.parametrize('name', ['ratios', 'root', 'accuracy', 'by class', 'hota'])
def test_influence_is_how_far_leaving_an_example_out_moves_the_metric(name: str) -> None:
    form, groups = FORMS[name], np.arange(COUNT)
    pull = form.influence(groups)
    assert pull.shape == (COUNT,)
    assert pull.sum() == pytest.approx(0, abs=1e-6 * abs(pull).max())
    moved = []
    for place in range(COUNT):
        weights = np.ones(COUNT)
        weights[place] = 1 - 1e-3
        moved.append((form.value() - form.value(weights)) / 1e-3 * COUNT)
    assert np.corrcoef(pull, moved)[0, 1] > 0.97


SMOOTH = [name for name in FORMS if name != 'voc']


@pytest.mark.parametrize('name', SMOOTH)
def test_its_variance_is_that_of_resampled_examples(name: str) -> None:
    form, rng = FORMS[name], np.random.default_rng(3)
    draws = [
        form.value(rng.multinomial(COUNT, np.full(COUNT, 1 / COUNT)).astype(float))
        for _ in range(600)
    ]
    pull = form.influence(np.arange(COUNT))
    assert pull.std(ddof=1) / COUNT**0.5 == pytest.approx(np.std(draws), rel=0.2)


def test_eleven_points_move_in_steps_so_that_their_variance_is_rather_too_large() -> None:
    form, rng = FORMS['voc'], np.random.default_rng(3)
    draws = [
        form.value(rng.multinomial(COUNT, np.full(COUNT, 1 / COUNT)).astype(float))
        for _ in range(600)
    ]
    pull = form.influence(np.arange(COUNT))
    assert 1 < pull.std(ddof=1) / COUNT**0.5 / np.std(draws) < 1.6


@pytest.mark.parametrize('name', SMOOTH)
def test_groups_pull_as_their_examples_together(name: str) -> None:
    form, groups = FORMS[name], np.arange(COUNT) // 3
    alone, together = form.influence(np.arange(COUNT)), form.influence(groups)
    summed = np.bincount(groups, alone) * len(together) / COUNT
    assert np.corrcoef(summed, together)[0, 1] > 0.97
    assert together.std() == pytest.approx(summed.std(), rel=0.2)


def test_metrics_by_class_are_those_of_scikit_learn() -> None:
    predicted = np.where(RNG.random(COUNT) < 0.5, LABELS, (LABELS + 1) % 3)
    found = ByClass(predicted == LABELS, LABELS, 100.0).value()
    assert found == pytest.approx(100 * balanced_accuracy_score(LABELS, predicted))


def test_weights_count_as_repetitions() -> None:
    times = np.arange(COUNT) % 3
    repeated = np.repeat(np.arange(COUNT), times)
    form = FORMS['ratios']
    assert isinstance(form, Ratios)
    other = Ratios(form.hits[repeated], form.of[repeated], 100.0)
    assert form.value(times.astype(float)) == pytest.approx(other.value())
    # the area under the plain curve of scikit-learn, without ties
    one = Rankings(SCORES[:, :1], TRUTH[:, :1])
    steps = average_precision_score(TRUTH[:, 0], SCORES[:, 0])
    assert one.value() >= steps - 1e-9


def test_what_comes_after_the_last_right_detection_changes_nothing() -> None:
    form = detections()
    form = replace(form, right=np.where(np.arange(120) % 60 < 45, form.right, 0))
    kept = without_tail(form.label, form.right, form.ignored)
    assert 0 < kept.sum() < len(kept)
    parts = (getattr(form, f)[kept] for f in ('example', 'label', 'right', 'ignored'))
    shorter = Precision(*parts, form.wanted, COUNT)
    for seed in range(5):
        weights = np.random.default_rng(seed).integers(0, 4, COUNT).astype(float)
        assert shorter.value(weights) == pytest.approx(form.value(weights), abs=1e-12)


def test_outcomes_come_back_as_they_were_written() -> None:
    names = tuple(f'ant/{n}.png' for n in range(COUNT))
    kept = {name: Measured(form, names) for name, form in FORMS.items()}
    content = pack(kept)
    found = unpack(content, 'here')
    assert {key: one.form.value() for key, one in found.items()} == {
        key: form.value() for key, form in FORMS.items()
    }
    assert {one.names for one in found.values()} == {names}
    assert pack(kept) == content


def test_thousands_of_right_and_wrong_answers_take_little_room() -> None:
    right = np.random.default_rng(0).random(5000) < 0.7
    names = tuple(f'n{number % 100:03}/{number}.JPEG' for number in range(5000))
    assert len(pack({'accuracy': Measured(Ratios(right, scale=100.0), names)})) < 30_000


def test_damaged_and_foreign_files_are_one_line() -> None:
    content = pack({'accuracy': Measured(FORMS['accuracy'])})
    buffer = io.BytesIO()
    np.savez(buffer, about=np.array([{'format': 1}], dtype=object), allow_pickle=True)
    for wrong in (content[:50], b'', pickle.dumps(1), buffer.getvalue(), b'PK' + content[2:80]):
        with pytest.raises(RecordError, match='here: no readable outcomes'):
            unpack(wrong, 'here')
