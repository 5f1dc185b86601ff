"""Logistic regression on features, compared with scikit-learn's and with the loss written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from torch.nn import functional

from benchmark.probes.cache import Collected
from benchmark.probes.logistic import solve_logistic
from benchmark.probes.readouts import Labels
from benchmark.probes.solving import Solved
from tests.probes.test_solving import CLASSES, WIDTH, blobs

VALUES, LABELS = blobs(200, 11)
HELD_OUT = list(range(5, 200, 10))
KEPT = sorted(set(range(200)) - set(HELD_OUT))
STRENGTHS = (1e-4, 1e-2, 1.0, 100.0)
FRESH, TRUE = blobs(300, 12)


def collected(values: Tensor = VALUES, labels: Tensor = LABELS, name: str = 'mean1') -> Collected:
    return Collected(values, labels[:, None], {name: slice(0, values.shape[1])})


def solved(
    data: Collected, classes: int = CLASSES, *, strengths: tuple[float, ...] = STRENGTHS
) -> Solved:
    return solve_logistic(
        data, Labels(classes=classes), held_out=HELD_OUT, strengths=strengths, iterations=1000
    )


def reference(strength: float, rows: list[int], labels: Tensor = LABELS) -> LogisticRegression:
    """Return scikit-learn's regression, fitted from nothing."""
    model = LogisticRegression(C=strength, max_iter=1000, tol=1e-6)
    return model.fit(VALUES[rows].double().numpy(), labels[rows].numpy())


def test_every_trial_has_the_accuracy_of_a_regression_by_scikit_learn_alone() -> None:
    found = solved(collected())
    held_out = VALUES[HELD_OUT].double().numpy()
    expected = [
        100 * float(reference(c, KEPT).score(held_out, LABELS[HELD_OUT].numpy())) for c in STRENGTHS
    ]
    assert [trial['score'] for trial in found.trials] == pytest.approx(expected)
    assert [trial['C'] for trial in found.trials] == list(STRENGTHS)
    assert found.chosen == int(np.argmax(expected))


def test_the_chosen_one_is_fitted_again_to_all_pictures() -> None:
    found = solved(collected())
    best = found.trials[found.chosen]['C']
    expected = reference(best, list(range(200))).predict_proba(FRESH.double().numpy())
    probabilities = found.predict(FRESH).softmax(dim=1).numpy()
    assert probabilities == pytest.approx(expected, abs=2e-4)
    without = reference(best, KEPT).predict_proba(FRESH.double().numpy())
    assert np.abs(probabilities - without).max() > 1e-2


@pytest.mark.parametrize('strength', [1e-2, 1.0])
def test_no_small_step_lowers_the_loss_written_out(strength: float) -> None:
    """The slope of the sum of cross-entropies plus |W|^2 / (2 C), by autograd, vanishes."""
    found = solved(collected(), strengths=(strength,))
    zero = found.predict(torch.zeros(1, WIDTH)).double()
    weights = (found.predict(torch.eye(WIDTH)).double() - zero).requires_grad_()
    bias = zero[0].clone().requires_grad_()
    loss = functional.cross_entropy(VALUES.double() @ weights + bias, LABELS, reduction='sum')
    (loss + weights.square().sum() / (2 * strength)).backward()
    for slope in (weights.grad, bias.grad):
        assert slope is not None
        assert slope.abs().max() < 5e-3 * len(VALUES) / 200


def test_two_classes_and_a_class_without_examples() -> None:
    labels = (LABELS > 1).long() * 2  # of three classes, 1 never occurs
    found = solved(collected(labels=labels), 3)
    best = found.trials[found.chosen]['C']
    expected = reference(best, list(range(200)), labels).predict_proba(FRESH.double().numpy())
    probabilities = found.predict(FRESH).softmax(dim=1).numpy()
    assert probabilities[:, [0, 2]] == pytest.approx(expected, abs=2e-4)
    assert probabilities[:, 1].max() == 0


def test_the_class_token_is_read_where_there_is_one_and_names_widen_the_choice() -> None:
    data = Collected(
        torch.cat([VALUES, FRESH[:200]], dim=1),
        LABELS[:, None],
        {'class1': slice(0, WIDTH), 'mean1': slice(WIDTH, 2 * WIDTH)},
    )
    assert {trial['features'] for trial in solved(data).trials} == {'class1'}
    widened = solve_logistic(
        data,
        Labels(classes=CLASSES),
        held_out=HELD_OUT,
        strengths=(1.0,),
        iterations=100,
        is_named=True,
    )
    assert [trial['features'] for trial in widened.trials] == ['class1', 'mean1']
    assert widened.trials[widened.chosen]['features'] == 'class1'


def test_twice_the_same() -> None:
    first, second = (solved(collected()) for _ in range(2))
    assert first.trials == second.trials
    assert torch.equal(first.predict(FRESH), second.predict(FRESH))
