"""Choice and installation of the backends that stand behind mmcv's operators and key points."""

from __future__ import annotations

import functools
import importlib
import sys
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import Literal

from benchmark.errors import EnvironmentProblem

OpsBackend = Literal['compiled', 'torch']
KeypointsBackend = Literal['xtcocotools', 'pycocotools']

_KEYPOINTS_SUBSTITUTE = 'benchmark.openmmlab.keypoints'


@dataclass(frozen=True, slots=True)
class Backends:
    """What is in use in this process.

    Attributes:
        ops: ``compiled`` for mmcv's own extension, ``torch`` for the substitute on torchvision.
        keypoints: the library that computes average precision of key points.
        notes: one line per library that is installed but cannot be imported.
    """

    ops: OpsBackend
    keypoints: KeypointsBackend
    notes: tuple[str, ...] = ()


def ops_backend() -> OpsBackend:
    """Return the backend that mmcv's operators would have, importing neither torch nor mmcv.

    Raises:
        EnvironmentProblem: mmcv is not installed.
    """
    package = find_spec('mmcv')
    if package is None:
        raise EnvironmentProblem(
            "mmcv is not installed here; install it with 'pip install onedl-mmcv'"
        )
    extension = PathFinder.find_spec('mmcv._ext', package.submodule_search_locations)
    return 'torch' if extension is None else 'compiled'


def keypoints_backend() -> KeypointsBackend:
    """Return the library that would evaluate key points, importing neither of the two.

    Raises:
        EnvironmentProblem: neither of the two is installed.
    """
    spec = find_spec('xtcocotools')
    if spec is not None and spec.origin != _KEYPOINTS_SUBSTITUTE:
        return 'xtcocotools'
    if find_spec('pycocotools') is not None:
        return 'pycocotools'
    raise EnvironmentProblem(
        "neither xtcocotools nor pycocotools is installed here; install one with 'pip install "
        "pycocotools'"
    )


@functools.cache
def prepare() -> Backends:
    """Return the backends in use, after installing a substitute for each one that is absent.

    Calls after the first change nothing. A library that is installed but broken (built for
    another torch or numpy) is replaced like an absent one, and named in the result's ``notes``.
    From here on mmengine reads checkpoints and annotations without executing what they contain,
    reads files inside of archives in place (:mod:`benchmark.packed`),
    builds only what is in a registry, lists are read by :mod:`benchmark.openmmlab.lists`, and the
    libraries do not see transformers. Worker processes that are spawned rather than forked start
    without any of this.

    Raises:
        EnvironmentProblem: mmcv, or both xtcocotools and pycocotools, are not installed.
    """
    from benchmark.openmmlab import optional

    optional.install()  # before the first of the libraries is imported
    from benchmark.openmmlab import checkpoints, files
    from benchmark.openmmlab.archives import install_archives
    from benchmark.openmmlab.lists import install_list_reader

    # mmdet imports it for an interpolation that nothing here uses: seconds per process
    sys.modules.setdefault('sklearn.gaussian_process', None)  # type: ignore[arg-type]
    ops, ops_problem = _prepare_ops()
    keypoints, keypoints_problem = _prepare_keypoints()
    checkpoints.install_safe_loading()
    files.install_safe_files()
    install_archives()
    install_list_reader()
    _keep_to_registries()
    notes = tuple(note for note in (ops_problem, keypoints_problem) if note)
    return Backends(ops=ops, keypoints=keypoints, notes=notes)


def _keep_to_registries() -> None:
    """Let a name that no registry holds be unknown: mmengine would import and call it."""
    from mmengine.registry import registry

    registry.get_object_from_string = lambda name: None


def _prepare_ops() -> tuple[OpsBackend, str | None]:
    """Return mmcv's backend and, where the compiled extension is broken, the reason."""
    from benchmark.openmmlab.ops import install

    problem = None
    if ops_backend() == 'compiled':
        problem = _import_problem('mmcv._ext')
        if problem is None:
            return 'compiled', None
    install()
    return 'torch', problem


def _prepare_keypoints() -> tuple[KeypointsBackend, str | None]:
    """Return the key points' backend and, where xtcocotools is broken, the reason."""
    problem = None
    if keypoints_backend() == 'xtcocotools':
        problem = _import_problem('xtcocotools.mask')
        if problem is None:
            return 'xtcocotools', None
        _forget('xtcocotools')
    from benchmark.openmmlab.keypoints import install

    install()
    return 'pycocotools', problem


def _import_problem(module: str) -> str | None:
    """Return why ``module`` cannot be imported in one line, or None where it can."""
    try:
        importlib.import_module(module)
    except Exception as error:  # a stale binary fails in many ways, not only with ImportError
        reason = ' '.join(str(error).split())
        return f'{module} is installed but cannot be imported: {reason}'
    return None


def _forget(package: str) -> None:
    """Remove the half-imported modules of ``package``."""
    for name in [name for name in sys.modules if name.partition('.')[0] == package]:
        del sys.modules[name]
