"""Which numbers hold for a cell, and where each of them comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from benchmark.errors import DeclarationError
from benchmark.specs import (
    Architecture,
    Declared,
    Features,
    Number,
    Protocol,
    Recipe,
    Role,
    Rule,
    Size,
    Task,
)

_FIELDS = {item.name for item in fields(Recipe)}
_EXTRA = {'epochs', 'least_iterations', 'crop', 'rate_growth', 'width'}
"""What a rule may state beside a recipe's fields.

Passes over the training split, from which the iterations follow, and how many these are at least;
the crop (height, width) at which the source trains, for comparison; how the rate grows with the
batch size; and the width of the networks to which the backbone's factor belongs."""

_LINEAR, _ROOT = 'linear', 'root'
"""How a rate grows with the batch size: in proportion, as sources say for theirs, or by the square
root, which suits AdamW (arXiv 2205.10287)."""

_LEAST, _MOST = 1.0, 2.0
"""The least and the most that a rate that grows by the square root is multiplied by.

Smaller batches leave it as it is."""

_FARTHEST = 3.0
"""The factor of a network of another width is so many times as large or as small at most."""

_EMPTY = Recipe(lr=0.0, weight_decay=0.0, iterations=0, batch_size=0)

Explained = dict[str, Number]


@dataclass(frozen=True)
class RecipeKey:
    """The place of a cell in the recipes: its task and the class of its backbone.

    Attributes:
        kind: the task's kind.
        task: the task's name.
        examples: how many training samples the task has.
        architecture: the backbone's class.
        size: the backbone's size class.
        options: names of those that the task itself declares.
        network: the usual network of the backbone's shape.
        is_random: whether it starts from random weights.
        width: its channels where most of its layers are; 0 where they are not known.
    """

    kind: str
    task: str
    examples: int
    architecture: Architecture
    size: Size
    options: frozenset[str] = frozenset()
    network: str = ''
    is_random: bool = False
    width: int = 0

    @classmethod
    def of(cls, task: Task, features: Features, *, is_random: bool = False) -> RecipeKey:
        """Return the place where a task meets a backbone."""
        return cls(
            task.kind,
            task.name,
            task.splits[Role.TRAIN],
            features.architecture,
            features.size,
            frozenset(task.options),
            features.network,
            is_random,
            features.width,
        )

    def is_in(self, rule: Rule) -> bool:
        """Whether the rule holds here."""
        return (
            rule.kind == self.kind
            and rule.architecture in (None, self.architecture)
            and rule.size in (None, self.size)
            and (not rule.tasks or self.task in rule.tasks)
            and (not rule.is_exclusive or self.network in rule.networks)
            and rule.is_random in (None, self.is_random)
        )

    def is_stated_by(self, rule: Rule) -> bool:
        """Whether the rule's sources train such a network on these data."""
        return self.task in (rule.trained_on or rule.tasks) and (
            not rule.networks or self.network in rule.networks
        )


def choose_recipe(
    protocol: Protocol, place: RecipeKey, budget: Declared, *changes: Declared
) -> Recipe:
    """Return the recipe of a cell: the protocol's, with the task's budget and ``changes``.

    Later changes win. A batch size that differs from the one of the learning rate scales the
    rate in proportion, unless a change sets the rate.

    Raises:
        DeclarationError: a change names a field that no recipe has.
    """
    explained = explain_recipe(protocol, place, budget, *changes)
    values = {key: number.value for key, number in explained.items() if key in _FIELDS}
    options = explain_options(protocol, place, budget)
    set_by_rules = {key: number.value for key, number in options.items()}
    return replace(_EMPTY, **values | {'options': set_by_rules | values.get('options', {})})


def explain_recipe(
    protocol: Protocol, place: RecipeKey, budget: Declared, *changes: Declared
) -> Explained:
    """Return the numbers of a cell's recipe, and of its crop where one is stated, with origins.

    Raises:
        DeclarationError: a change names a field that no recipe has.
    """
    found: Explained = {}
    batch_of_rate: int | None = None
    for layer in _layers(protocol, place, budget):
        found = _laid_over(found, layer)
        if 'lr' in layer or batch_of_rate is None:
            batch_of_rate = _value(found, 'batch_size')
    for change in changes:
        found = _laid_over(found, {key: _set_by('the suite', v) for key, v in change.items()})
        if 'lr' in change:
            batch_of_rate = None
    return _with_iterations(_for_width(_with_scaled_rate(found, batch_of_rate), place), place)


def explain_options(protocol: Protocol, place: RecipeKey, budget: Declared) -> Explained:
    """Return the options of the kind's tasks that the rules set for a cell, with origins."""
    rules = _holding(protocol, place, budget)
    found: Explained = {}
    for rule in rules:
        if not rule.tasks:
            found |= _at(rule, rule.options, place)
    found = {key: item for key, item in found.items() if key not in place.options}
    for rule in rules:
        if rule.tasks:
            found |= _at(rule, rule.options, place)
    return found


def _layers(
    protocol: Protocol, place: RecipeKey, budget: Declared
) -> Iterator[Mapping[str, Number]]:
    rules = _holding(protocol, place, budget)
    yield from (_at(rule, rule.numbers, place) for rule in rules if not rule.tasks)
    yield {key: _set_by('the task', value) for key, value in budget.items()}
    yield from (_at(rule, rule.numbers, place) for rule in rules if rule.tasks)


def _holding(protocol: Protocol, place: RecipeKey, budget: Declared) -> list[Rule]:
    return [
        rule
        for rule in protocol.recipes
        if place.is_in(rule) and not (rule.at_full_length if budget else rule.is_short)
    ]


def _at(rule: Rule, numbers: Mapping[str, Number], place: RecipeKey) -> Explained:
    is_carried = not place.is_stated_by(rule)
    return {
        key: item if item.is_carried == is_carried else replace(item, is_carried=is_carried)
        for key, item in numbers.items()
    }


def _set_by(who: str, value: Any) -> Number:
    return Number(value, reason=f'set by {who}')


def _laid_over(below: Explained, layer: Mapping[str, Number]) -> Explained:
    if unknown := sorted(layer.keys() - _FIELDS - _EXTRA):
        raise DeclarationError(
            f'recipe has no field {unknown[0]!r} (allowed: {", ".join(sorted(_FIELDS))})'
        )
    dropped = {
        key
        for key, replacement in (
            ('epochs', 'iterations'),
            ('iterations', 'epochs'),
            # who states a length means it
            ('least_iterations', 'epochs'),
            ('least_iterations', 'iterations'),
            # how layers are counted belongs to the decay that counts them so
            ('decay_steps', 'layer_decay'),
            # where a rate starts and ends belongs to the rise and the fall
            ('warmup_start', 'warmup'),
            ('floor', 'schedule'),
            # one rate that is stated alone is that of all layers
            ('backbone_factor', 'lr'),
            # who states the factor means it
            ('width', 'backbone_factor'),
        )
        if replacement in layer and key not in layer
    }
    return {key: item for key, item in below.items() if key not in dropped} | dict(layer)


def _value(found: Explained, key: str) -> Any:
    return found[key].value if key in found else None


def _with_scaled_rate(found: Explained, batch_of_rate: int | None) -> Explained:
    batch, rate = _value(found, 'batch_size'), found.get('lr')
    if rate is None or not batch_of_rate or batch == batch_of_rate:
        return found
    growth = _value(found, 'rate_growth') or _LINEAR
    how = {_LINEAR: 'in proportion to', _ROOT: 'by the square root of'}[growth]
    scaled = replace(
        rate,
        value=rate.value * _factor(batch / batch_of_rate, growth),
        says=rate.says or (f'{rate.value:g} at batch {batch_of_rate}' if rate.source else ''),
        reason=f'{how} the batch size{"; " if rate.reason else ""}{rate.reason}',
    )
    return found | {'lr': scaled}


def _factor(ratio: float, growth: str) -> float:
    """Return what a rate is multiplied by at a batch ``ratio`` times that of its rule."""
    return ratio if growth == _LINEAR else min(_MOST, max(_LEAST, math.sqrt(ratio)))


def _for_width(found: Explained, place: RecipeKey) -> Explained:
    """Return the numbers with the backbone's factor in inverse proportion to its width."""
    width, factor = _value(found, 'width'), found.get('backbone_factor')
    if factor is None or not width or not place.width or place.width == width:
        return found
    ratio = min(_FARTHEST, max(1 / _FARTHEST, width / place.width))
    scaled = replace(
        factor,
        value=factor.value * ratio,
        reason=f'in inverse proportion to the width; {factor.reason}',
    )
    return found | {'backbone_factor': scaled}


def _with_iterations(found: Explained, place: RecipeKey) -> Explained:
    epochs, batch = found.get('epochs'), _value(found, 'batch_size')
    if epochs is None or not batch:
        return found
    iterations = round(epochs.value * math.ceil(place.examples / batch))
    least = _value(found, 'least_iterations') or 0
    return found | {'iterations': replace(epochs, value=max(iterations, least))}
