"""Predictors on features, compared with scikit-learn's, and the choice among trials."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from benchmark.errors import BenchmarkError
from benchmark.probes.cache import Collected
from benchmark.probes.heads import LinearHeads, LinearHeadsOnRows
from benchmark.probes.neighbours import nearest, votes
from benchmark.probes.readouts import DepthMaps, Labels
from benchmark.probes.solving import Solved, Sweep, choose, solve_linear, solve_neighbours

CLASSES, WIDTH = 5, 12


def blobs(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return overlapping clouds (n, D) around one centre per class, and their labels."""
    centres = torch.randn(CLASSES, WIDTH, generator=torch.Generator().manual_seed(99))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (count,), generator=generator)
    noise = 2.0 * torch.randn(count, WIDTH, generator=generator)
    return centres[labels] + noise, labels


class TestNeighbours:
    BANK, LABELS = blobs(400, 1)
    QUERIES, _ = blobs(150, 2)

    @pytest.mark.parametrize('count', [1, 5, 20, 200])
    @pytest.mark.parametrize('temperature', [0.02, 0.07, 1.0])
    def test_classes_are_those_of_scikit_learn(self, count: int, temperature: float) -> None:
        neighbours = pytest.importorskip('sklearn.neighbors')
        reference = neighbours.KNeighborsClassifier(
            count, metric='cosine', weights=lambda gap: np.exp((1 - gap) / temperature)
        ).fit(self.BANK.double().numpy(), self.LABELS.numpy())
        expected = reference.predict(self.QUERIES.double().numpy())
        one_hot = functional.one_hot(self.LABELS).float()
        found = nearest(self.QUERIES, self.BANK, 200)
        predicted = votes(found, one_hot, [count], [temperature])[:, 0].argmax(dim=1)
        assert predicted.tolist() == expected.tolist()

    def test_values_are_those_of_scikit_learn(self) -> None:
        neighbours = pytest.importorskip('sklearn.neighbors')
        values = self.BANK[:, :1].exp()
        reference = neighbours.KNeighborsRegressor(
            10, metric='cosine', weights=lambda gap: np.exp((1 - gap) / 0.1)
        ).fit(self.BANK.double().numpy(), values.double().numpy())
        expected = reference.predict(self.QUERIES.double().numpy())
        found = votes(nearest(self.QUERIES, self.BANK, 20), values, [10], [0.1])[:, 0]
        assert found.numpy() == pytest.approx(expected, rel=1e-4)

    def test_trials_are_in_order(self) -> None:
        found = nearest(self.QUERIES, self.BANK, 20)
        one_hot = functional.one_hot(self.LABELS).float()
        together = votes(found, one_hot, [1, 20], [0.1, 1.0])
        assert together.shape == (150, 4, CLASSES)
        alone = votes(found, one_hot, [20], [0.1])
        assert torch.equal(together[:, 2], alone[:, 0])


class TestHeads:
    def test_a_step_is_that_of_torch(self) -> None:
        features, labels = blobs(64, 3)
        readout = Labels(classes=CLASSES)
        heads = LinearHeads(
            WIDTH, CLASSES, [0.1, 0.5], momentum=0.9, generator=torch.Generator().manual_seed(0)
        )
        references = []
        for index, rate in enumerate((0.1, 0.5)):
            linear = torch.nn.Linear(WIDTH, CLASSES)
            linear.weight.data = heads.weights[:-1, index].T.clone()
            linear.bias.data = heads.weights[-1, index].clone()
            sgd = torch.optim.SGD(linear.parameters(), lr=rate * 0.5, momentum=0.9)
            for _ in range(3):
                sgd.zero_grad()
                functional.cross_entropy(linear(features), labels).backward()
                sgd.step()
            references.append(linear)
        targets = readout.unpack(labels[:, None])
        for _ in range(3):
            heads.step(features, lambda o: readout.gradient(o, targets), factor=0.5)
        outputs = heads(features)
        for index, linear in enumerate(references):
            assert torch.allclose(outputs[:, index], linear(features), atol=1e-5)
        assert torch.allclose(heads(features, slice(1, 2))[:, 0], outputs[:, 1], atol=1e-5)

    def test_a_head_that_diverges_leaves_the_others_alone(self) -> None:
        features, labels = blobs(64, 3)
        readout = DepthMaps(near=0.1, far=10.0, middle=1.0)
        targets = readout.unpack(torch.stack([torch.ones(64), labels.float()], dim=1))
        both, alone = (
            LinearHeads(WIDTH, 1, r, momentum=0.9, generator=torch.Generator().manual_seed(0))
            for r in ([1e-3, 1e9], [1e-3])
        )
        for heads in (both, alone):
            for _ in range(40):
                heads.step(features, lambda o: readout.gradient(o, targets), factor=1.0)
        assert not both(features)[:, 1].isfinite().all()
        assert torch.allclose(both(features)[:, 0], alone(features)[:, 0], atol=1e-6)

    def test_few_rows_are_trained_on_as_any_others(self) -> None:
        """Coefficients of the rows end in the weights that steps on the weights lead to."""
        features, labels = blobs(WIDTH - 2, 3)
        readout = Labels(classes=CLASSES)
        known, plain = (
            make(
                momentum=0.9,
                generator=torch.Generator().manual_seed(0),
                outputs=CLASSES,
                rates=[1e-3, 1e-1, 1.0],
            )
            for make in (partial(LinearHeadsOnRows, features), partial(LinearHeads, WIDTH))
        )
        order = torch.Generator().manual_seed(1)
        for step in range(30):
            rows = torch.randint(len(features), (5,), generator=order)  # some of them twice
            gradient = partial(readout.gradient, targets=readout.unpack(labels[rows, None]))
            known.step_on(rows, gradient, factor=1 - step / 30)
            plain.step(features[rows], gradient, factor=1 - step / 30)
        known.finish()
        assert torch.allclose(known.weights, plain.weights, atol=1e-5)
        assert torch.allclose(known(features), plain(features), atol=1e-4)


def picture_features(count: int, seed: int) -> Collected:
    features, labels = blobs(count, seed)
    return Collected(features, labels[:, None], {'mean1': slice(0, WIDTH)})


class TestLinear:
    def test_converged_it_is_logistic_regression(self) -> None:
        """Within half a point of accuracy on 4,000 others, and in its probabilities."""
        linear_model = pytest.importorskip('sklearn.linear_model')
        features, labels = blobs(1000, 4)
        others, truth = blobs(4000, 5)
        held_out = list(range(5, 1000, 10))
        kept = sorted(set(range(1000)) - set(held_out))
        reference = linear_model.LogisticRegression(C=np.inf, max_iter=2000)
        reference.fit(features[kept].numpy(), labels[kept].numpy())
        solved = solve_linear(
            Collected(features, labels[:, None], {'mean1': slice(0, WIDTH)}),
            Labels(classes=CLASSES),
            held_out=held_out,
            rates=[0.3],
            momentum=0.9,
            iterations=1500,
            batch_size=900,
            seed=0,
        )
        outputs = solved.predict(others)
        accuracy = 100 * (outputs.argmax(dim=1) == truth).float().mean().item()
        expected = 100 * reference.score(others.numpy(), truth.numpy())
        assert 40 < expected < 90
        assert abs(accuracy - expected) < 0.5
        probabilities = reference.predict_proba(others.numpy())
        assert outputs.softmax(dim=1).numpy() == pytest.approx(probabilities, abs=0.02)

    def test_every_trial_is_scored_on_what_did_not_train(self) -> None:
        collected = picture_features(300, 6)
        held_out = list(range(5, 300, 10))
        solved = solve_linear(
            collected,
            Labels(classes=CLASSES),
            held_out=held_out,
            rates=[1e-3, 0.1, 1.0],
            momentum=0.9,
            iterations=50,
            batch_size=64,
            seed=0,
        )
        assert [(t['features'], t['lr']) for t in solved.trials] == [
            ('mean1', 1e-3),
            ('mean1', 0.1),
            ('mean1', 1.0),
        ]
        best = max(t['score'] for t in solved.trials)
        assert solved.trials[solved.chosen]['score'] == best
        predicted = solved.predict(collected.values[held_out]).argmax(dim=1)
        hits = (predicted == collected.targets[held_out, 0]).float().mean()
        assert best == pytest.approx(100 * hits.item())

    def test_labels_of_the_held_out_do_not_train(self) -> None:
        collected = picture_features(300, 6)
        held_out = list(range(5, 300, 10))
        changed = collected.targets.clone()
        changed[held_out] = (changed[held_out] + 1) % CLASSES
        solve = {
            'held_out': held_out,
            'rates': [0.1],
            'momentum': 0.9,
            'iterations': 20,
            'batch_size': 64,
            'seed': 0,
        }
        first, second = (
            solve_linear(
                Collected(collected.values, targets, collected.choices),
                Labels(classes=CLASSES),
                **solve,  # type: ignore[arg-type]
            )
            for targets in (collected.targets, changed)
        )
        assert torch.equal(first.predict(collected.values), second.predict(collected.values))
        assert first.trials[0]['score'] != second.trials[0]['score']

    def test_depth_finds_the_least_squares(self) -> None:
        generator = torch.Generator().manual_seed(0)
        features = torch.randn(40, 3, 3, 6, generator=generator)
        logarithm = 0.1 * features @ torch.arange(6.0) + 0.3
        targets = torch.stack([torch.ones_like(logarithm), logarithm], dim=-1)
        readout = DepthMaps(near=1e-3, far=1e3, middle=2.0)
        solved = solve_linear(
            Collected(features, targets, {'blocks1': slice(0, 6)}),
            readout,
            held_out=[0, 10],
            rates=[0.05],
            momentum=0.9,
            iterations=400,
            batch_size=38,
            seed=0,
        )
        assert solved.trials[0]['score'] == pytest.approx(0, abs=1e-2)
        predicted = readout.metres(solved.predict(features[0].flatten(0, 1)))
        expected = 2.0 * logarithm[0].flatten().exp()
        assert predicted[:, 0].numpy() == pytest.approx(expected.numpy(), rel=1e-2)


class TestChoice:
    def test_the_slice_chooses_and_the_whole_split_predicts(self) -> None:
        collected = picture_features(200, 7)
        held_out = list(range(0, 200, 10))
        solved = solve_neighbours(
            collected,
            Labels(classes=CLASSES),
            held_out=held_out,
            neighbours=[1, 10, 500],
            temperatures=[0.07, 1.0],
        )
        # 500 neighbours are more than there are
        assert [(t['neighbours'], t['temperature']) for t in solved.trials] == [
            (1, 0.07), (1, 1.0), (10, 0.07), (10, 1.0),
        ]  # fmt: skip
        best = solved.trials[solved.chosen]
        assert best['score'] == max(t['score'] for t in solved.trials)
        one_hot = functional.one_hot(collected.targets[:, 0]).float()
        found = nearest(collected.values, collected.values, best['neighbours'])
        expected = votes(found, one_hot, [best['neighbours']], [best['temperature']])[:, 0]
        assert torch.equal(solved.predict(collected.values), expected)

    @pytest.mark.parametrize(
        ('readout', 'scores', 'chosen'),
        [
            (Labels(classes=2), [1.0, 3.0, None, 3.0], 1),
            (DepthMaps(near=0.1, far=10.0, middle=1.0), [2.0, None, 0.5, 0.5], 2),
        ],
    )
    def test_the_first_of_the_best(
        self, readout: Labels | DepthMaps, scores: list[float | None], chosen: int
    ) -> None:
        assert choose([{'score': score} for score in scores], readout) == chosen

    def test_none_that_converged_is_told(self) -> None:
        with pytest.raises(BenchmarkError, match='every trial'):
            choose([{'score': None}], Labels(classes=2))


def test_few_pictures_of_wide_features_give_the_same_heads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collected = picture_features(WIDTH - 1, 8)

    def solve() -> Solved:
        return solve_linear(
            collected,
            Labels(classes=CLASSES),
            held_out=[1, 4],
            rates=[0.1, 1.0],
            momentum=0.9,
            iterations=30,
            batch_size=4,
            seed=3,
        )

    few = solve()
    monkeypatch.setattr('benchmark.probes.solving._few', lambda *_: None)
    many = solve()
    outputs = few.predict(collected.values)
    assert torch.allclose(outputs, many.predict(collected.values), atol=1e-4)
    assert few.trials == many.trials


def test_online_batches_that_repeat_fixed_ones_give_the_same_heads() -> None:
    collected = picture_features(100, 8)
    readout = Labels(classes=CLASSES)
    about = {'rates': [0.1, 1.0], 'momentum': 0.9, 'iterations': 30, 'seed': 3}
    held_out = [5, 55]
    fixed = solve_linear(
        collected,
        readout,
        held_out=held_out,
        batch_size=98,
        **about,  # type: ignore[arg-type]
    )
    kept = sorted(set(range(100)) - set(held_out))
    sweep = Sweep(WIDTH, collected.choices, readout, **about)  # type: ignore[arg-type]
    for _ in range(30):
        sweep.whitening.add(collected.values[kept])
        sweep.step(collected.values[kept], readout.unpack(collected.targets[kept]))
    online = sweep.solve(_one(collected.values[held_out], collected.targets[held_out]))
    assert torch.allclose(
        online.predict(collected.values), fixed.predict(collected.values), atol=1e-4
    )
    assert online.trials == fixed.trials


def _one(values: Tensor, targets: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    yield values, targets
