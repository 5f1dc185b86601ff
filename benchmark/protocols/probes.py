"""Probes: what can be read off a frozen backbone's features, by neighbours or by linear heads."""

from __future__ import annotations

from benchmark.kinds import shipped_kinds
from benchmark.kinds.base import Kind, Probed
from benchmark.kinds.marks import adapted, ours, stated
from benchmark.specs import Number, Probe, Protocol, Rule, Solver, Trains, Views

_TRAINED_ON = ('imagenet1k',)
_SLICE = ours(
    'every tenth training picture: enough to rank trials on sets of 400 pictures, and every class '
    'of a sorted set has some',
    held_out=0.1,
)
_MOMENTUM = stated('dinov2', 'dinov2/eval/linear.py, SGD', momentum=0.9)
_RATES = adapted(
    'dinov2',
    'dinov2/eval/linear.py',
    says='13 rates from 1e-5 to 0.1 per 256 pictures',
    reason='features are whitened and budgets are shorter: as many rates, in the same steps, a '
    'hundred times as large',
    learning_rates=(1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
) | stated('dinov2', 'dinov2/eval/linear.py', rates_batch=256)
_DENSE_RATES = ours(
    'the rates of classification, a tenth as large: a regression takes smaller steps; not tuned',
    learning_rates=(1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1.0),
    rates_batch=16,
)

_NEIGHBOURS = adapted(
    'dino',
    'eval_knn.py',
    says='10, 20, 100, 200',
    reason='and fewer, for training splits of a few hundred pictures; more than there are is left '
    'out',
    neighbours=(1, 5, 10, 20, 100, 200),
) | adapted(
    'dino',
    'eval_knn.py',
    says='0.07',
    reason='cosine similarities of other pretraining lie closer together or farther apart',
    temperatures=(0.02, 0.07, 0.2),
)


def neighbour_rule(kind: Kind) -> Rule:
    """Return the rule of the k-NN probe for a kind."""
    return Rule(kind.name, _NEIGHBOURS | _SLICE, trained_on=_trained_on(kind))


def online_rule(kind: Kind) -> Rule:
    """Return the rule of linear probes on augmented views for a kind."""
    if kind.probed is not Probed.PICTURES:
        numbers = ours('as long as DINOv2 trains its classifiers', iterations=12_500, batch_size=16)
    else:
        numbers = stated('dinov2', 'dinov2/eval/linear.py, 10 x 1250', iterations=12_500) | adapted(
            'dinov2',
            'dinov2/eval/linear.py, per process',
            says='128',
            reason='the batch to which its rates belong',
            batch_size=256,
        )
    return Rule(kind.name, _rates(kind) | numbers, trained_on=_trained_on(kind))


def fixed_rule(kind: Kind) -> Rule:
    """Return the rule of linear probes on fixed views for a kind."""
    size = 256 if kind.probed is Probed.PICTURES else 16
    numbers = ours(
        'enough for a linear head, as we expect it; not tuned; the features cost one pass anyway',
        iterations=1000,
        batch_size=size,
    )
    return Rule(kind.name, _rates(kind) | numbers, trained_on=_trained_on(kind))


def logistic_rule(kind: Kind) -> Rule:
    """Return the rule of logistic regression for a kind that predicts whole pictures."""
    numbers = (
        stated(
            'dinov2',
            'dinov2/eval/log_regression.py, C_POWER_RANGE',
            strengths=tuple(float(f'{10 ** (-6 + step / 4):.6g}') for step in range(45)),
        )
        | stated('dinov2', 'dinov2/eval/log_regression.py, DEFAULT_MAX_ITER', iterations=1000)
        | adapted(
            'dinov2',
            'dinov2/eval/log_regression.py',
            says='a random 10 %',
            reason='every tenth: no seed is needed, and every class of a sorted set has some',
            held_out=0.1,
        )
    )
    return Rule(kind.name, numbers, trained_on=_trained_on(kind))


def _rates(kind: Kind) -> dict[str, Number]:
    rates = _RATES if kind.probed is Probed.PICTURES else _DENSE_RATES
    return rates | _MOMENTUM | _SLICE


def _trained_on(kind: Kind) -> tuple[str, ...]:
    return _TRAINED_ON if kind.probed is Probed.PICTURES else ()


_PROBED = tuple(kind for kind in shipped_kinds() if kind.probed)
_PICTURES = tuple(kind for kind in _PROBED if kind.probed is Probed.PICTURES)

KNN = Protocol(
    name='knn',
    title='weighted nearest neighbours',
    trains=Trains.NONE,
    procedure='probe',
    recipes=tuple(map(neighbour_rule, _PROBED)),
    probe=Probe(Solver.NEIGHBOURS, Views.FIXED),
)

LINEAR = Protocol(
    name='linear',
    title='linear heads, augmented views',
    trains=Trains.NONE,
    procedure='probe',
    recipes=tuple(map(online_rule, _PROBED)),
    probe=Probe(Solver.LINEAR, Views.ONLINE),
    numerics=2,
)

LINEAR_FIXED = Protocol(
    name='linear-fixed',
    title='linear heads, fixed views',
    trains=Trains.NONE,
    procedure='probe',
    recipes=tuple(map(fixed_rule, _PROBED)),
    probe=Probe(Solver.LINEAR, Views.FIXED),
)

LOGISTIC = Protocol(
    name='logistic',
    title='logistic regression, penalty chosen',
    trains=Trains.NONE,
    procedure='probe',
    recipes=tuple(map(logistic_rule, _PICTURES)),
    probe=Probe(Solver.LOGISTIC, Views.FIXED),
)
