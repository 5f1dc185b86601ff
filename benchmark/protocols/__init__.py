"""Protocols: which parts of a model learn on a task, and by which recipe."""

from __future__ import annotations

from dataclasses import replace

from benchmark.errors import BenchmarkError
from benchmark.kinds import KINDS, kind_names, load_kind
from benchmark.plugins import OURS, Plugins
from benchmark.protocols.choosing import RecipeKey, choose_recipe, explain_recipe
from benchmark.protocols.references import SOURCES
from benchmark.protocols.trivial import TRIVIAL
from benchmark.specs import Protocol

__all__ = [
    'PROTOCOLS',
    'SOURCES',
    'TRIVIAL',
    'RecipeKey',
    'choose_recipe',
    'explain_recipe',
    'load_protocol',
    'protocol_names',
    'protocols',
    'takes_no_seed',
]

_OWN = {
    'finetune': 'finetune:FINETUNE',
    'lp-ft': 'lp_ft:LP_FT',
    'partial': 'partial:PARTIAL',
    'lora': 'lora:LORA',
    'frozen': 'frozen:FROZEN',
    'frozen-kept': 'frozen_kept:FROZEN_KEPT',
    'linear': 'probes:LINEAR',
    'linear-fixed': 'probes:LINEAR_FIXED',
    'knn': 'probes:KNN',
    'logistic': 'probes:LOGISTIC',
    'as-is': 'as_is:AS_IS',
    'trivial': 'trivial:TRIVIAL',
}


def _own() -> dict[str, str]:
    return {name: f'{__name__}.{place}' for name, place in _OWN.items()}


def _problem(part: object) -> str:
    return (
        '' if isinstance(part, Protocol) else f'it is a {type(part).__name__}, must be a Protocol'
    )


PROTOCOLS: Plugins[Protocol] = Plugins('protocols', 'protocol', _own, _problem)


def protocol_names() -> tuple[str, ...]:
    """Return the names of all protocols: ours in the order of documents, then those added."""
    names = PROTOCOLS.names()
    return (*_OWN, *(name for name in names if name not in _OWN))


def load_protocol(name: str) -> Protocol:
    """Return the protocol called ``name``, with the rules that added kinds bring for it.

    Raises:
        UnknownNameError: there is no such protocol.
        EnvironmentProblem: another package adds it, or a kind, and it cannot be used.
    """
    protocol = PROTOCOLS.load(name)
    added = [kind for kind in kind_names() if KINDS.package(kind)[0] != OURS]
    rules = tuple(rule for kind in added for rule in load_kind(kind).recipes.get(name, ()))
    return replace(protocol, recipes=(*protocol.recipes, *rules)) if rules else protocol


def protocols(*, trivial: bool = True) -> tuple[Protocol, ...]:
    """Return all protocols; ``trivial`` is whether the trivial predictor is among them."""
    found = map(load_protocol, protocol_names())
    return tuple(item for item in found if trivial or item != TRIVIAL)


def takes_no_seed(name: str) -> bool:
    """Return whether seeds change nothing under the protocol; false of one unknown here."""
    try:
        return load_protocol(name).takes_no_seed
    except BenchmarkError:  # of a package that is not installed here
        return False
