"""What a record says of its task, protocol and backbone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmark.compiling.compile import CellInputs
from benchmark.kinds import load_kind
from benchmark.protocols import TRIVIAL, load_protocol
from benchmark.results.suites import SuiteFacts
from benchmark.specs import (
    Backbone,
    Features,
    Metric,
    Names,
    Pretraining,
    Protocol,
    Suite,
    Task,
    Trains,
)


def facts_of(cell: CellInputs) -> dict[str, Any]:
    """Return what a record says of a cell, keyed like its fields."""
    return {
        **_shared(cell.task, cell.protocol),
        'backbone': _backbone(*cell.network),
    }


def trivial_facts(task: Task) -> dict[str, Any]:
    """Return what a record says of a task's trivial predictor, which has no backbone."""
    title = load_kind(task.kind).trivial.title
    return {
        **_shared(task, TRIVIAL),
        'backbone': {'title': title, 'pretraining': asdict(Pretraining())},
    }


def _shared(task: Task, protocol: Protocol) -> dict[str, Any]:
    return {
        'primary': task.metric.key,
        'task': _task(task),
        'protocol': {
            'title': protocol.title,
            'trains_backbone': protocol.trains_backbone,
            **_part(protocol),
            **({'views': protocol.probe.views.value} if protocol.probe else {}),
        },
    }


def _task(task: Task) -> dict[str, Any]:
    metrics: list[Metric] = list({m.key: m for m in (task.metric, *task.metrics)}.values())
    return {
        'kind': task.kind,
        'title': task.title,
        'group': task.group,
        'version': task.version,
        'head': task.head,
        'splits': {role.value: count for role, count in task.splits.items()},
        'metrics': [_metric(metric) for metric in metrics],
    }


def suite_facts(suite: Suite, tasks: Sequence[Task]) -> SuiteFacts:
    """Return what reports need of a suite and its ``tasks`` beside records."""
    protocols = {name: load_protocol(name) for name in suite.protocols}
    return SuiteFacts(
        name=suite.name,
        title=suite.title,
        version=suite.version,
        groups=dict(suite.groups),
        films={task.name: task.film for task in tasks if task.film},
        asked={
            name: tuple(task.name for task in tasks if protocol.suits(task))
            for name, protocol in protocols.items()
        },
        tasks={task.name: {**_task(task), 'primary': task.metric.key} for task in tasks},
    )


def _part(protocol: Protocol) -> dict[str, Any]:
    """Return what a protocol trains where that is neither all, the head alone, nor nothing."""
    trains = protocol.trains
    if isinstance(trains, Trains):
        return {}
    if isinstance(trains, Names):
        return {'trains': {'names': {'patterns': list(trains.patterns), 'last': trains.last}}}
    return {'trains': {'adapter': {'type': trains.type, 'arguments': dict(trains.arguments)}}}


def _metric(metric: Metric) -> dict[str, Any]:
    """Return a metric as JSON data; an infinite bound is ``None``.

    Whether it may be absent is no fact of a record, whose scores show whether it was.
    """
    bounds = [bound if math.isfinite(bound) else None for bound in metric.bounds]
    said = {**asdict(metric), 'bounds': bounds}
    del said['is_optional']
    return said


def _backbone(backbone: Backbone, features: Features) -> dict[str, Any]:
    return {
        'title': backbone.title,
        'source': backbone.source,
        'is_random': backbone.is_random,
        'architecture': features.architecture.value,
        'parameters': features.parameters,
        'channels': list(features.channels),
        'strides': list(features.strides),
        'pretraining': asdict(backbone.pretraining),
        'licence': backbone.licence,
        'reference': backbone.reference,
        **({'last_blocks': asdict(backbone.last_blocks)} if backbone.last_blocks else {}),
    }
