"""Protocols: which parts of a model learn on a task, and by which recipe."""

from __future__ import annotations

from benchmark.errors import unknown_name
from benchmark.protocols.choosing import Place, choose_recipe, explain_recipe
from benchmark.protocols.finetune import FINETUNE
from benchmark.protocols.frozen import FROZEN
from benchmark.protocols.probes import KNN, LINEAR, LINEAR_FIXED
from benchmark.protocols.references import SOURCES
from benchmark.protocols.trivial import TRIVIAL
from benchmark.specs import Protocol

__all__ = [
    'LEARNING',
    'PROBING',
    'PROTOCOLS',
    'SOURCES',
    'TRIVIAL',
    'Place',
    'choose_recipe',
    'explain_recipe',
    'load_protocol',
]

LEARNING = {protocol.name: protocol for protocol in (FINETUNE, FROZEN)}
"""The protocols by which a head of the OpenMMLab libraries learns, each with recipes."""

PROBING = {protocol.name: protocol for protocol in (KNN, LINEAR, LINEAR_FIXED)}
"""The protocols that read predictions off frozen features, each with recipes."""

PROTOCOLS = {**LEARNING, **PROBING, TRIVIAL.name: TRIVIAL}


def load_protocol(name: str) -> Protocol:
    """Return the protocol called ``name``.

    Raises:
        UnknownNameError: there is no such protocol.
    """
    if name not in PROTOCOLS:
        raise unknown_name('protocol', name, PROTOCOLS)
    return PROTOCOLS[name]
