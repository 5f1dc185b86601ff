"""Load a backbone's weights and prove it: what was loaded, what was missing, what was left over."""

from __future__ import annotations

import contextlib
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import timm
from huggingface_hub import constants
from torch import Tensor, nn

from benchmark.errors import CheckpointError
from benchmark.openmmlab.checkpoints import read_weights

# names that pretraining heads and classifiers go by: left over on purpose
_HEADS = ('head.*', 'head_*', 'fc.*', 'fc_norm.*', 'classifier.*', 'decoder*', 'mask_token')
_SHOWN = 4


@dataclass(frozen=True)
class LoadReport:
    """Which parameters and buffers a weights file filled.

    ``missing`` are names of the network that the file lacks, ``unexpected`` names of the file
    that the network lacks; ``is_random`` tells that nothing was meant to be loaded.
    """

    is_random: bool
    loaded: int
    total: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    @classmethod
    def nothing(cls, network: nn.Module) -> LoadReport:
        """Return the report of a network that is left at its random initialisation."""
        return cls(True, 0, len(network.state_dict()), (), ())


def load_file(network: nn.Module, path: str, *, may_miss: Mapping[str, str]) -> LoadReport:
    """Load the weights file at ``path`` into ``network`` and return what was loaded.

    Raises:
        CheckpointError: the file is unreadable, or lacks a parameter that ``may_miss`` does not
            name, or holds one of another shape.
    """
    return _load(network, read_weights(Path(path)), path, may_miss)


def load_published(network: nn.Module, name: str, *, may_miss: Mapping[str, str]) -> LoadReport:
    """Load timm's published weights for ``name`` into ``network`` and return what was loaded.

    Raises:
        CheckpointError: timm has no such weights, or they cannot be fetched.
    """
    try:
        with _offline_when_unreachable():
            published = timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:  # timm and its hub client raise many unrelated types
        reason = (
            str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        )
        raise CheckpointError(
            f'timm:{name}: the published weights cannot be fetched ({reason}); without network, '
            f'give a file as timm:{name}@CHECKPOINT, or timm:{name}+random for random weights'
        ) from None
    return _load(network, published.state_dict(), f'timm:{name}', may_miss)


@contextlib.contextmanager
def _offline_when_unreachable() -> Iterator[None]:
    """Keep the hub client from retrying for a minute when there is no network: use its cache."""
    was_offline = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = was_offline or not _is_reachable(constants.ENDPOINT)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = was_offline


def _is_reachable(endpoint: str) -> bool:
    if urllib.request.getproxies():
        return True
    address = urllib.parse.urlsplit(endpoint)
    try:
        socket.create_connection((address.hostname, address.port or 443), timeout=5).close()
    except OSError:
        return False
    return True


def _load(
    network: nn.Module, weights: Mapping[str, Tensor], source: str, may_miss: Mapping[str, str]
) -> LoadReport:
    own = network.state_dict()
    missing = tuple(sorted(own.keys() - weights.keys()))
    unexpected = tuple(sorted(weights.keys() - own.keys()))
    _refuse_shapes(own, weights, source)
    _refuse_missing(missing, own, source, may_miss)
    _refuse_unexpected(unexpected, source)
    fitting = {name: weights[name].to(own[name].dtype) for name in own.keys() & weights.keys()}
    network.load_state_dict(fitting, strict=False)
    return LoadReport(False, len(fitting), len(own), missing, unexpected)


def _refuse_shapes(own: Mapping[str, Tensor], weights: Mapping[str, Tensor], source: str) -> None:
    for name in sorted(own.keys() & weights.keys()):
        if own[name].shape != weights[name].shape:
            raise CheckpointError(
                f"{source}: '{name}' has shape {tuple(weights[name].shape)}, the architecture "
                f'needs {tuple(own[name].shape)}: these are weights of another network or size'
            )


def _refuse_missing(
    missing: tuple[str, ...], own: Mapping[str, Tensor], source: str, may_miss: Mapping[str, str]
) -> None:
    unexcused = [name for name in missing if not any(fnmatchcase(name, p) for p in may_miss)]
    if unexcused:
        raise CheckpointError(
            f'{source}: {len(unexcused)} of {len(own)} tensors are missing ({_some(unexcused)}): '
            "wrong architecture, or name them in the declaration's may_miss with the reason"
        )


def _refuse_unexpected(unexpected: tuple[str, ...], source: str) -> None:
    foreign = [name for name in unexpected if not any(fnmatchcase(name, p) for p in _HEADS)]
    if foreign:
        raise CheckpointError(
            f'{source}: {len(foreign)} tensors have no place in the architecture '
            f'({_some(foreign)}): these weights belong to another architecture'
        )


def _some(names: list[str]) -> str:
    return ', '.join(names[:_SHOWN]) + (', ...' if len(names) > _SHOWN else '')
