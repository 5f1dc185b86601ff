"""Keep the OpenMMLab libraries from importing transformers, which none of their parts here needs.

With a current transformers installed mmpretrain cannot be imported at all: its multi-modal models
take base classes from it that are gone. mmengine and mmdet import it for a few parts, seconds of
every start. They all cope with its absence.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_loader
from types import FrameType, ModuleType

_HIDDEN = 'transformers'
_LIBRARIES = ('mmengine', 'mmcv', 'mmdet', 'mmpretrain', 'mmseg', 'mmpose')
_DEPENDENCY = 'mmpretrain.utils.dependency'


def install() -> None:
    """Hide transformers from the libraries that are imported from here on."""
    if not any(isinstance(finder, _Hiding) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Hiding())


class _Hiding(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse transformers to the libraries; let mmpretrain think that it is absent."""
        if name == _HIDDEN and _importer().partition('.')[0] in _LIBRARIES:
            raise ModuleNotFoundError(f'{_HIDDEN} is hidden from the OpenMMLab libraries')
        spec = PathFinder.find_spec(name, path) if name == _DEPENDENCY else None
        if spec is None or spec.loader is None:
            return None
        return spec_from_loader(name, _Changed(spec.loader), origin=spec.origin)


class _Changed(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave the creation to Python."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module; the switch of its multi-modal models is off afterwards."""
        self._loader.exec_module(module)
        module.WITH_MULTIMODAL = False  # type: ignore[attr-defined]


def _importer() -> str:
    """Return the name of the module whose import statement is being executed."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name: str = frame.f_globals.get('__name__', '')
        if name != __name__ and not name.startswith(('importlib', '_frozen_importlib')):
            return name
        frame = frame.f_back
    return ''
