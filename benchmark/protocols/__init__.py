"""Protocols: which parts of a model learn on a task, and by which recipe."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from benchmark.errors import DeclarationError, unknown_name
from benchmark.protocols.finetune import FINETUNE
from benchmark.protocols.frozen import FROZEN
from benchmark.protocols.trivial import TRIVIAL
from benchmark.specs import Architecture, Declared, Protocol, Recipe

__all__ = ['LEARNING', 'PROTOCOLS', 'TRIVIAL', 'choose_recipe', 'load_protocol']

LEARNING = {protocol.name: protocol for protocol in (FINETUNE, FROZEN)}
"""The protocols by which a model learns, each with recipes."""

PROTOCOLS = {**LEARNING, TRIVIAL.name: TRIVIAL}


def load_protocol(name: str) -> Protocol:
    """Return the protocol called ``name``.

    Raises:
        UnknownNameError: there is no such protocol.
    """
    if name not in PROTOCOLS:
        raise unknown_name('protocol', name, PROTOCOLS)
    return PROTOCOLS[name]


def choose_recipe(
    protocol: Protocol, kind: str, architecture: Architecture, *changes: Declared
) -> Recipe:
    """Return the protocol's recipe for a kind and architecture with ``changes`` laid over it.

    Later changes win; they come from the task's budget and from the suite. A batch size that
    differs from the protocol's scales its learning rate in proportion, unless a change sets that.

    Raises:
        DeclarationError: a change names a field that no recipe has.
    """
    fields_: dict[str, Any] = {}
    for key in ((kind, None), (kind, architecture)):
        fields_ |= protocol.recipes.get(key, {})
    own = dict(fields_)
    for change in changes:
        fields_ |= change
    if own and not any('lr' in change for change in changes):
        fields_['lr'] = own['lr'] * fields_['batch_size'] / own['batch_size']
    known = {item.name for item in fields(Recipe)}
    if unknown := sorted(fields_.keys() - known):
        raise DeclarationError(
            f'recipe has no field {unknown[0]!r} (allowed: {", ".join(sorted(known))})'
        )
    return replace(_EMPTY, **fields_)


_EMPTY = Recipe(lr=0.0, weight_decay=0.0, iterations=0, batch_size=0)
