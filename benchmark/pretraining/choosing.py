"""Choose the encoder that masks the input of a network; refuse networks without one."""

from __future__ import annotations

from benchmark.errors import IncompatibleError
from benchmark.pretraining.encoders import MaskedInput, MaskedSwin, MaskedTokens, MaskedViT
from benchmark.pretraining.maskfeat import MaskFeatTokens
from benchmark.pretraining.methods import METHODS
from benchmark.pretraining.sparse import SparseConvNet
from benchmark.sources import BuildRequest, probe
from benchmark.specs import Backbone

ENCODERS: dict[str, tuple[type, ...]] = {
    'mae': (MaskedViT,),
    'simmim': (MaskedSwin, MaskedTokens, MaskedInput),
    'data2vec': (MaskedTokens,),
    'maskfeat': (MaskFeatTokens,),
    'spark': (SparseConvNet,),
}
"""What shows pictures to a network, by method, the best first; others see whole pictures."""


def choose_encoder(method: str, backbone: Backbone) -> str:
    """Return the registered name of the encoder with which a method pretrains a network.

    Raises:
        IncompatibleError: the method is not defined for the architecture.
        BenchmarkError: there is no such architecture.
    """
    if method not in ENCODERS:
        return 'benchmark.FeatureBackbone'
    library, _, name = backbone.source_at(str(backbone.code)).partition(':')
    network = probe(library, BuildRequest(name, dict(backbone.options))).extractor.network
    reasons = []
    for encoder in ENCODERS[method]:
        reasons.append(encoder.refusal(network))  # type: ignore[attr-defined]
        if not reasons[-1]:
            return f'benchmark.{encoder.__name__}'
    raise IncompatibleError(f'{backbone.id} {reasons[0]}; {method} takes {METHODS[method].takes}')
