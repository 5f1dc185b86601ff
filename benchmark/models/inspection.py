"""What a declared backbone hands out, found without allocating its parameters."""

from __future__ import annotations

from dataclasses import asdict

from benchmark.models.backbone import FeatureBackbone
from benchmark.sources import BuildRequest, Ending, architecture_of, dense_levels, probe
from benchmark.specs import Backbone, Features


def inspect_backbone(backbone: Backbone) -> Features:
    """Return the feature geometry, normalisation and size of a declared backbone.

    Raises:
        UnknownNameError: its source has no such architecture.
        IncompatibleError: the architecture does not hand out feature maps.
    """
    source, _, name = backbone.source_at(str(backbone.code)).partition(':')
    known = probe(source, BuildRequest(name, dict(backbone.options)))
    extractor, levels = known.extractor, dense_levels(known.levels)
    # recipes depend on what the network is, whole or not
    architecture = architecture_of(extractor.network, known.levels)
    windows = extractor.windows()
    if backbone.last_blocks:
        Ending(known, backbone.last_blocks, backbone.id).drop(extractor.network)
    mean, std = backbone.normalisation or extractor.normalisation()
    return Features(
        architecture=architecture,
        channels=tuple(level.channels for level in levels),
        strides=tuple(level.stride for level in levels),
        mean=mean,
        std=std,
        parameters=sum(p.numel() for p in extractor.network.parameters()),
        depth=max(extractor.layer_ids().values()),
        windows=windows,
        is_fixed=known.size is not None,
    )


def normalisation_remark(backbone: Backbone) -> tuple[str, bool]:
    """Return where a backbone's normalisation comes from, and whether it is an assumption.

    Raises:
        BenchmarkError: the architecture is unknown.
    """
    if backbone.normalisation:
        return 'as stated', False
    source, _, name = backbone.source_at(str(backbone.code)).partition(':')
    extractor = probe(source, BuildRequest(name, dict(backbone.options))).extractor
    if not extractor.states_normalisation():
        return f"ImageNet's, since {_silent(source)}", not backbone.is_random
    if backbone.checkpoint and source in _WITH_WEIGHTS:
        return f"that of {source}'s own weights, since a checkpoint states none", True
    return f'as {_SAYING.get(source, source)} states', False


_WITH_WEIGHTS = ('timm', 'mmpretrain', 'torchvision')
"""Sources that state the normalisation of the weights that they publish."""

_SAYING = {'file': 'the class', 'memory': 'the module', 'hf': 'preprocessor_config.json'}


def _silent(source: str) -> str:
    """Return what states no normalisation, where a source of a kind does not."""
    return {
        'file': 'the class has no mean and std',
        'memory': 'the module has no mean and std',
        'hf': 'there is no preprocessor_config.json',
    }.get(source, f'{source} states none')


def build(backbone: Backbone, *, size: tuple[int, int] | None = None) -> FeatureBackbone:
    """Return the backbone as a module, its weights loaded.

    ``size`` is the largest (height, width) in pixels that a network of one size must take.

    Raises:
        BenchmarkError: the architecture is unknown or the weights do not load.
    """
    return FeatureBackbone(
        source=backbone.source_at(str(backbone.code)),
        options=dict(backbone.options),
        random=backbone.is_random,
        checkpoint=str(backbone.checkpoint) if backbone.checkpoint else None,
        copy=backbone.copy,
        may_miss=dict(backbone.may_miss),
        size=size,
        last_blocks=asdict(backbone.last_blocks) if backbone.last_blocks else None,
    )
