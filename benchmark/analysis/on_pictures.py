"""Analyses of backbones on pictures, by name: they share what they are asked."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import unknown_name
from benchmark.specs import Architecture, Backbone

if TYPE_CHECKING:
    from benchmark.analysis.findings import Finding

NAMES = ('attention', 'cka', 'cam', 'erf')
"""Of the modules here that analyse backbones on pictures."""


def analyse_on_pictures(
    name: str,
    backbones: Sequence[Backbone],
    *,
    images: str,
    count: int,
    size: int | None,
    batch_size: int,
    device: str,
    data_root: Path,
    **more: Any,
) -> Finding:
    """Return what an analysis finds about backbones.

    Args:
        name: one of :data:`NAMES`.
        backbones: backbones to look into, one after the other.
        images: ``'world'``, ``'photos'`` or a folder.
        count: how many pictures.
        size: side of the pictures in pixels; the world's own or 224 unless given.
        batch_size: pictures at a time.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        data_root: folder of the data sets, for the world.
        more: what the analysis alone takes: ``method``, ``'eigen'`` or ``'grad'``, of ``cam``.

    Raises:
        UnknownNameError: there is no such analysis.
        BenchmarkError: a backbone or the pictures cannot be used.
    """
    if name not in NAMES:
        raise unknown_name('analysis of pictures', name, NAMES)
    from benchmark.openmmlab import prepare

    prepare()
    from benchmark.analysis.devices import choose_device
    from benchmark.analysis.images import load_images

    analysis: Any = importlib.import_module(f'benchmark.analysis.{name}')
    place = choose_device(device)
    if name == 'attention':  # before pictures are rendered, which takes minutes
        _check_attention(backbones)
    if name == 'cam':
        more = {'method': analysis.Method(more['method'])}
    pictures = load_images(images, count=count, size=size, data_root=data_root)
    found: Finding = analysis.analyse(
        backbones, pictures, batch_size=batch_size, device=place, **more
    )
    return found


def _check_attention(backbones: Sequence[Backbone]) -> None:
    """Refuse backbones without attention.

    Raises:
        IncompatibleError: one has none.
        BenchmarkError: one cannot be built.
    """
    from benchmark.analysis.attention.reading import does_not_apply
    from benchmark.models.inspection import inspect_backbone

    for backbone in backbones:
        if inspect_backbone(backbone).architecture is Architecture.CONVNET:
            raise does_not_apply(backbone.id)
