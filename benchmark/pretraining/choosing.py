"""Choose the encoder that masks the input of a network; refuse networks without one."""

from __future__ import annotations

from benchmark.errors import IncompatibleError
from benchmark.pretraining import networks
from benchmark.pretraining.methods import find_method
from benchmark.sources import BuildRequest, probe
from benchmark.specs import Backbone


def choose_encoder(method: str, backbone: Backbone) -> str:
    """Return the registered name of the encoder with which a method pretrains a network.

    Raises:
        UnknownNameError: there is no such method.
        IncompatibleError: the method is not defined for the architecture.
        BenchmarkError: there is no such architecture.
    """
    found = find_method(method)
    if not found.encoders:
        return 'benchmark.FeatureBackbone'
    library, _, architecture = backbone.source_at(str(backbone.code)).partition(':')
    network = probe(library, BuildRequest(architecture, dict(backbone.options))).extractor.network
    reasons = []
    for name in found.encoders:
        reasons.append(getattr(networks, name).refusal(network))
        if not reasons[-1]:
            return f'benchmark.{name}'
    raise IncompatibleError(f'{backbone.id} {reasons[0]}; {method} takes {found.takes}')
