"""What a method of pretraining is, and what several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.errors import DeclarationError
from benchmark.pretraining.request import Config, Pretrain

Built = tuple[Config, list[Config]]


@dataclass(frozen=True)
class Method:
    """A way to pretrain.

    Attributes:
        title: as papers write it.
        family: as declarations of backbones name it.
        reference: the paper.
        takes: the architectures that it is defined for.
        mask_ratio: share of the patches that its paper hides; ``None`` where nothing is hidden.
        has_labels: whether it learns from labels.
        encoders: classes of :mod:`benchmark.pretraining.networks` that show pictures to a network,
            the best first; without one the network sees whole pictures.
        build: from a request to the model and further steps of the pipeline.
    """

    title: str
    family: str
    reference: str
    takes: str
    mask_ratio: float | None
    has_labels: bool
    encoders: tuple[str, ...]
    build: Callable[[Pretrain], Built]


def share_hidden(request: Pretrain, published: float) -> float:
    """Return the share of the patches to hide: ``published`` unless the request has its own.

    Raises:
        DeclarationError: the share is not between 0 and 1.
    """
    share = published if request.mask_ratio is None else request.mask_ratio
    if not 0 < share < 1:
        raise DeclarationError(f'mask ratio is {share}, must lie between 0 and 1')
    return share


def preprocessor(request: Pretrain, kind: str) -> Config:
    """Return what normalises pictures as the backbone declares, of mmpretrain's type ``kind``."""
    return {
        'type': kind,
        'mean': list(request.features.mean),
        'std': list(request.features.std),
        'to_rgb': True,
    }


def masked_units(request: Pretrain, published: float) -> Config:
    """Return the step of the pipeline that hides a share of SimMIM's units of pixels.

    Args:
        request: what is compiled.
        published: share that the method's paper hides.
    """
    patch = request.features.strides[0]
    return {
        'type': 'SimMIMMaskGenerator',
        'input_size': request.size,
        'mask_patch_size': mask_unit(request.size, patch),
        'model_patch_size': patch,
        'mask_ratio': share_hidden(request, published),
    }


def mask_unit(size: int, patch: int) -> int:
    """Return the side in pixels of what SimMIM masks as one.

    32 of 192 pixels as published, on other pictures at most the same share of a side: a patch
    doubled as often as fits, such that units cover the picture.
    """
    unit = patch
    while 2 * unit * 6 <= size and size % (2 * unit) == 0:
        unit *= 2
    return unit
