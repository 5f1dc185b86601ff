"""Check whether a task can be compiled, without a backbone."""

from __future__ import annotations

from itertools import product

from benchmark.compiling.compile import training_recipe
from benchmark.compiling.probing import probing_recipe
from benchmark.kinds import load_kind
from benchmark.protocols import RecipeKey, protocols
from benchmark.specs import Architecture, Role, Size, Task


def check_compiles(task: Task) -> tuple[str, ...]:
    """Return the names of the protocols that compile on a task for every class of backbone.

    Raises:
        BenchmarkError: the task's options contradict each other, or a protocol that suits it has
            no usable recipe for it.
    """
    load_kind(task.kind).data(task)
    suiting = tuple(protocol for protocol in protocols(trivial=False) if protocol.suits(task))
    learning = [protocol for protocol in suiting if protocol.has_recipe]
    for protocol, architecture, size in product(learning, Architecture, Size):
        place = RecipeKey(task.kind, task.name, task.splits[Role.TRAIN], architecture, size)
        find_recipe = probing_recipe if protocol.probe else training_recipe
        find_recipe(protocol, place, task.budget)
    return tuple(protocol.name for protocol in suiting)
