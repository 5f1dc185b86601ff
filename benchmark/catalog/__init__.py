"""The catalogue of declared backbones, tasks and suites: found by name, validated when read."""

from benchmark.catalog.backbones import declare_backbone, find_backbone, read_backbone, zoo
from benchmark.catalog.suites import declare_suite, find_suite, read_suite, shipped_suites
from benchmark.catalog.tasks import find_task, read_task, shipped_tasks

__all__ = [
    'declare_backbone',
    'declare_suite',
    'find_backbone',
    'find_suite',
    'find_task',
    'read_backbone',
    'read_suite',
    'read_task',
    'shipped_suites',
    'shipped_tasks',
    'zoo',
]
