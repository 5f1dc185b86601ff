"""Rows about what is declared."""

from __future__ import annotations

from typing import Any

from benchmark.catalog.backbones import zoo
from benchmark.catalog.suites import shipped_suites
from benchmark.catalog.tasks import shipped_tasks
from benchmark.errors import unknown_name
from benchmark.kinds import kind_names
from benchmark.protocols import TRIVIAL, protocols

Row = dict[str, Any]


def listing(what: str) -> list[Row]:
    """Return one row per declared task, backbone, suite or protocol.

    Raises:
        UnknownNameError: ``what`` is none of ``tasks``, ``backbones``, ``suites``, ``protocols``.
    """
    rows = {'tasks': _tasks, 'backbones': _backbones, 'suites': _suites, 'protocols': _protocols}
    if what not in rows:
        raise unknown_name('list', what, rows)
    return rows[what]()


def _tasks() -> list[Row]:
    return [
        {
            'name': task.name,
            'kind': task.kind,
            'group': task.group,
            'metric': task.metric.label,
            'splits': {role.value: count for role, count in task.splits.items()},
            'title': task.title,
        }
        for task in sorted(shipped_tasks().values(), key=lambda task: (task.kind, task.name))
    ]


def _backbones() -> list[Row]:
    return [
        {
            'name': backbone.id,
            'source': backbone.source,
            'pretraining': backbone.pretraining.method,
            'family': backbone.pretraining.family,
            'data': backbone.pretraining.data,
            'licence': backbone.licence,
        }
        for backbone in zoo().values()
    ]


def _suites() -> list[Row]:
    return [
        {
            'name': suite.name,
            'tasks': list(suite.tasks),
            'protocols': list(suite.protocols),
            'seeds': list(suite.seeds),
            'gpu_hours': suite.cost.get('gpu_hours'),
            'title': suite.title,
        }
        for suite in shipped_suites().values()
    ]


def _protocols() -> list[Row]:
    return [
        {
            'name': protocol.name,
            'backbone': 'trained' if protocol.trains_backbone else 'fixed',
            'kinds': sorted({rule.kind for rule in protocol.recipes}),
            'title': protocol.title,
        }
        for protocol in protocols(trivial=False)
    ] + [
        {
            'name': TRIVIAL.name,
            'backbone': 'none',
            'kinds': list(kind_names()),
            'title': TRIVIAL.title,
        }
    ]
