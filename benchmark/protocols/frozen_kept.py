"""Frozen, on maps that are kept: each training picture has a few views, drawn once."""

from __future__ import annotations

from dataclasses import replace

from benchmark.protocols.frozen import FROZEN

VIEWS = 4
"""Views of a training picture; ours. More are closer to drawing one each time, and cost more room
and more passes of the backbone."""

FROZEN_KEPT = replace(
    FROZEN,
    name='frozen-kept',
    title=f'frozen backbone, full head, {VIEWS} kept views',
    fixed_views=VIEWS,
)
"""The recipes of the protocol ``frozen``."""
