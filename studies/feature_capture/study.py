"""All trainings of the theory side by side, and sweeps that show why they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from benchmark.analysis.findings import Finding
from benchmark.report.data.analyses import KeyNumbers
from benchmark.report.data.units import interval_text
from studies.feature_capture.figure import draw
from studies.feature_capture.outcomes import (
    AUTOENCODER,
    METHODS,
    SCRATCH,
    SCRATCH_NORMALISED,
    TEACHER,
    MethodOutcome,
    Sweep,
    interval,
)
from studies.feature_capture.setting import Setting
from studies.feature_capture.training import (
    Pace,
    Point,
    World,
    make_world,
    pretrain_autoencoder,
    pretrain_teacher_student,
    train_supervised,
)

MEASURES = ('captured', 'per_kernel', 'multi_view', 'single_view')
"""What is measured: shares of features, features per kernel, accuracies."""

SWEEPS: Mapping[str, tuple[Any, ...]] = {
    'classes': (4, 7, 10),
    'single_view': (0.0, 0.2, 0.5),
    'keep': (0.5, 0.25, 0.15, 0.1),
    'kernels': (2, 4, 12),
}
_SWEPT = (TEACHER, SCRATCH)
_SWEEP_SEEDS = 3

_CAPTION = (
    'Synthetic pictures whose classes have two features each (arXiv 2206.03826). Left to right: '
    'share of features that some kernel captures during pretraining or supervised training, '
    'features per kernel at its end, and accuracy on test pictures that show both features of '
    'their class (multi-view) or one (single-view), after fine-tuning or training from scratch. '
    'Bars and bands are 95 % t-intervals over seeds.'
)
_CAPTION_OF_SWEEPS = (
    ' Below: features captured and single-view accuracy against the number of classes, the share '
    'of single-view training pictures, the share of masked patches and the kernels per class.'
)


def analyse(
    setting: Setting = Setting(),  # noqa: B008 frozen
    *,
    sweeps: Mapping[str, tuple[Any, ...]] = SWEEPS,
    say: Callable[[str], None] = lambda line: None,
) -> Finding:
    """Return what every method captures and how well it classifies, with sweeps.

    ``say`` receives a line per finished training.
    """
    world = make_world(setting)
    outcomes = []
    for method in METHODS:
        outcomes.append(run(method, setting, world))
        say(f'{method}: {_summarise(outcomes[-1])}')
    found = [_sweep(setting, name, values, say) for name, values in sweeps.items()]
    results = {outcome.method: _summary(outcome.last) for outcome in outcomes}
    return Finding(
        analysis='capture',
        key_numbers=_key_numbers(results),
        title='Which features are captured: masked pretraining and supervision on synthetic views',
        caption=_CAPTION + (_CAPTION_OF_SWEEPS if found else ''),
        rows=(*_main_rows(outcomes), *(row for sweep in found for row in _sweep_rows(sweep))),
        facts={
            'setting': asdict(setting),
            'sweep_seeds': _SWEEP_SEEDS,
            'results': results,
            'captured_after_fine_tuning': {
                o.method: interval(o.training.points[-1].captured)
                for o in outcomes
                if o.pretraining is not None
            },
        },
        draw=partial(draw, outcomes, found),
    )


def run(method: str, setting: Setting, world: World) -> MethodOutcome:
    """Return the outcome of ``method``, one of ``METHODS``."""
    if method in (SCRATCH, SCRATCH_NORMALISED):
        pace = Pace.FLOW if method == SCRATCH else Pace.NORMALISED
        return MethodOutcome(method, None, train_supervised(setting, world, pace))
    if method == TEACHER:
        first = pretrain_teacher_student(setting, world)
    else:
        pace = Pace.FLOW if method == AUTOENCODER else Pace.NORMALISED
        first = pretrain_autoencoder(setting, world, pace)
    tuned = train_supervised(setting, world, Pace.FLOW, kernels=first.kernels)
    return MethodOutcome(method, first, tuned)


def _sweep(
    setting: Setting, name: str, values: tuple[Any, ...], say: Callable[[str], None]
) -> Sweep:
    outcomes: dict[str, list[MethodOutcome]] = {}
    for value in values:
        changed = replace(setting, seeds=min(_SWEEP_SEEDS, setting.seeds), **{name: value})
        world = make_world(changed)
        # supervision does not mask: its line is the same everywhere
        for method in _SWEPT if name != 'keep' or value == values[0] else (TEACHER,):
            outcomes.setdefault(method, []).append(run(method, changed, world))
            say(f'{name} {value}, {method}: {_summarise(outcomes[method][-1])}')
    if name == 'keep':
        outcomes[SCRATCH] *= len(values)
    return Sweep(name, values, {key: tuple(found) for key, found in outcomes.items()})


def _key_numbers(results: Mapping[str, Mapping[str, Any]]) -> KeyNumbers:
    """Return what each training captures and how accurate it is."""
    columns = {
        'captured': 'features captured',
        'per_kernel': 'per kernel',
        'multi_view': 'accuracy, multi-view',
        'single_view': 'accuracy, single-view',
    }
    rows = (
        (name, tuple(interval_text(seen[key]) for key in columns)) for name, seen in results.items()
    )
    return KeyNumbers('training', tuple(columns.values()), tuple(rows))


def _summary(point: Point) -> dict[str, Any]:
    return {
        **{measure: interval(getattr(point, measure)) for measure in MEASURES},
        'loss': interval(point.loss),
        'steps': point.step,
    }


def _summarise(outcome: MethodOutcome) -> str:
    means = {key: interval(getattr(outcome.last, key))['mean'] for key in MEASURES}
    return ', '.join(
        f'{key} {"-" if mean is None else f"{mean:.2f}"}' for key, mean in means.items()
    )


def _main_rows(outcomes: Sequence[MethodOutcome]) -> Iterator[dict[str, Any]]:
    for outcome in outcomes:
        phases = {'pretraining': outcome.pretraining, 'training': outcome.training}
        for phase, trained in phases.items():
            for point in trained.points if trained is not None else ():
                for measure in (*MEASURES, 'loss'):
                    yield _row('', None, outcome.method, phase, point, measure)


def _sweep_rows(sweep: Sweep) -> Iterator[dict[str, Any]]:
    for method, outcomes in sweep.outcomes.items():
        for value, outcome in zip(sweep.values, outcomes, strict=True):
            for measure in MEASURES:
                yield _row(sweep.name, value, method, 'end', outcome.last, measure)


def _row(
    sweep: str, value: Any, method: str, phase: str, point: Point, measure: str
) -> dict[str, Any]:
    return {
        'sweep': sweep,
        'value_swept': value,
        'method': method,
        'phase': phase,
        'step': point.step,
        'measure': measure,
        **interval(getattr(point, measure)),
        'seeds': len(getattr(point, measure)),
    }
