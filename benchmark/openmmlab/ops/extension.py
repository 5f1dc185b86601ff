"""The replacement of the module ``mmcv._ext``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

from benchmark.errors import EnvironmentProblem
from benchmark.openmmlab.ops import attention, boxes, deformable, focal, roi

MODULE = 'mmcv._ext'

_NO_COMPILER = 'none: operators run on torchvision and torch'


class TorchExtension(ModuleType):
    """A module with every operator name that mmcv looks up; those without substitute raise."""

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        """Return an operator that raises when it is called, since mmcv looks up all on import."""
        if name.startswith('__'):
            raise AttributeError(name)
        return _unavailable(name)


def install() -> None:
    """Register the substitute as ``mmcv._ext`` unless a module of that name is loaded."""
    if MODULE not in sys.modules:
        sys.modules[MODULE] = _build()


def _build() -> TorchExtension:
    """Return the substitute with all its operators."""
    extension = TorchExtension(MODULE, __doc__)
    extension.__spec__ = ModuleSpec(MODULE, loader=None)
    for operator in _OPERATORS:
        setattr(extension, operator.__name__, operator)
    return extension


def _unavailable(name: str) -> Callable[..., NoReturn]:
    """Return a function that raises an error naming the operator ``name``."""

    def operator(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise EnvironmentProblem(
            f"the mmcv operator '{name}' needs mmcv's compiled extension, which is not usable here;"
            ' install an mmcv built with MMCV_WITH_OPS=1 for this torch, or choose a model'
            ' without this operator'
        )

    return operator


def get_compiler_version() -> str:
    """Return a text in place of the compiler's version."""
    return _NO_COMPILER


def get_compiling_cuda_version() -> str:
    """Return a text in place of the CUDA version of the compiled operators."""
    return _NO_COMPILER


_OPERATORS: tuple[Callable[..., Any], ...] = (
    get_compiler_version,
    get_compiling_cuda_version,
    boxes.nms,
    boxes.softnms,
    boxes.nms_match,
    roi.roi_align_forward,
    roi.roi_align_backward,
    roi.roi_pool_forward,
    roi.roi_pool_backward,
    focal.sigmoid_focal_loss_forward,
    focal.sigmoid_focal_loss_backward,
    focal.softmax_focal_loss_forward,
    focal.softmax_focal_loss_backward,
    deformable.deform_conv_forward,
    deformable.deform_conv_backward_input,
    deformable.deform_conv_backward_parameters,
    deformable.modulated_deform_conv_forward,
    deformable.modulated_deform_conv_backward,
    attention.ms_deform_attn_forward,
    attention.ms_deform_attn_backward,
)
