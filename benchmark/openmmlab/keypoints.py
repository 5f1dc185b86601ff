"""Key point evaluation with the interface of xtcocotools, which mmpose uses, on pycocotools.

Two kinds are offered: ``keypoints`` (COCO) and ``keypoints_crowd`` (CrowdPose, arXiv:1812.00324).
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pycocotools.mask
from numpy.typing import NDArray
from pycocotools import coco, cocoeval

from benchmark.errors import DataError, EnvironmentProblem

PACKAGE = 'xtcocotools'

# share of its box that a person covers, for annotations without area
_AREA_OF_BOX = 0.53
_MAX_DETECTIONS = 20
# limits of the crowd index between easy, medium and hard images
_CROWD_LIMITS = (0.2, 0.8)
# places of AP, AP50, AP75, AR, AR50, AR75 among the ten numbers of COCO
_CROWD_STATS = [0, 1, 2, 5, 6, 7]

Annotation = dict[str, Any]


class COCO(coco.COCO):  # type: ignore[misc]
    """Annotations of a data set; those without the field ``iscrowd`` are taken as no crowd."""

    def createIndex(self) -> None:  # noqa: N802  (pycocotools' name)
        """Index the annotations by their id, image and category."""
        for annotation in self.dataset.get('annotations', ()):
            annotation.setdefault('iscrowd', 0)
        super().createIndex()

    def loadRes(self, resFile: str | list[Annotation] | NDArray[Any]) -> coco.COCO:  # noqa: N802, N803
        """Return the results in a file, list or array; there may be none."""
        results = json.loads(Path(resFile).read_text()) if isinstance(resFile, str) else resFile
        return super().loadRes(results) if len(results) else self._without_results()

    def _without_results(self) -> COCO:
        """Return a data set of the same images and categories without annotations."""
        empty = COCO()
        empty.dataset = {**self.dataset, 'annotations': []}
        empty.createIndex()
        return empty


class COCOeval(cocoeval.COCOeval):  # type: ignore[misc]
    """Average precision and recall of key points by object key point similarity."""

    stats: NDArray[np.float64]

    def __init__(
        self,
        cocoGt: coco.COCO,  # noqa: N803  (xtcocotools' name)
        cocoDt: coco.COCO,  # noqa: N803
        iouType: str = 'keypoints',  # noqa: N803
        sigmas: NDArray[np.floating[Any]] | None = None,
        use_area: bool = True,
    ) -> None:
        """Compare results with annotations.

        Args:
            cocoGt: the annotations.
            cocoDt: the results.
            iouType: ``keypoints`` or ``keypoints_crowd``.
            sigmas: (K,), spread of the annotators per key point, as a share of the object's size;
                None for the 17 of COCO.
            use_area: False if the annotations have no area; then 0.53 of their box is used.

        Raises:
            EnvironmentProblem: ``iouType`` is of another kind.
        """
        if iouType not in ('keypoints', 'keypoints_crowd'):
            raise EnvironmentProblem(
                f"evaluation of type '{iouType}' needs xtcocotools, which is not usable here;"
                " install it, or use 'keypoints' or 'keypoints_crowd'"
            )
        super().__init__(cocoGt, cocoDt, 'keypoints')
        if sigmas is not None:
            self.params.kpt_oks_sigmas = np.asarray(sigmas)
        self._crowd = iouType == 'keypoints_crowd'
        self._use_area = use_area

    def summarize(self) -> None:
        """Fill ``stats``: ten numbers for ``keypoints``, nine for ``keypoints_crowd``.

        The ten are AP, AP50, AP75, AP of medium and large objects, then the same of AR. The nine
        are AP, AP50, AP75, AR, AR50, AR75, then AP of easy, medium and hard images.
        """
        super().summarize()
        if self._crowd:
            self.stats = np.concatenate([self.stats[_CROWD_STATS], self._precision_by_crowding()])

    def _prepare(self) -> None:
        """Fill the annotations and results that pycocotools compares, by image and category."""
        self._gts = defaultdict(list)
        self._dts = defaultdict(list)
        selection = {'imgIds': self.params.imgIds, 'catIds': self.params.catIds}
        annotations = self.cocoGt.loadAnns(self.cocoGt.getAnnIds(**selection))
        # pycocotools takes the id 0 for 'not matched'
        shift = 1 - min((annotation['id'] for annotation in annotations), default=1)
        for annotation in annotations:
            self._gts[_place(annotation)].append(self._comparable(annotation, max(shift, 0)))
        for result in self.cocoDt.loadAnns(self.cocoDt.getAnnIds(**selection)):
            if _count_marked(result):
                self._dts[_place(result)].append(result)
        self.evalImgs: list[Any] = []
        self.eval: dict[str, Any] = {}

    def _comparable(self, annotation: Annotation, shift: int) -> Annotation:
        """Return a copy of ``annotation`` with its area and whether to ignore it."""
        marked = _count_declared(annotation) if self._crowd else _count_marked(annotation)
        return {
            **annotation,
            'id': annotation['id'] + shift,
            'ignore': bool(annotation['iscrowd']) or marked == 0,
            'area': _area(annotation) if self._use_area else _area_of_box(annotation),
        }

    def _precision_by_crowding(self) -> list[float]:
        """Return AP of easy, medium and hard images, each as CrowdPose computes it.

        Like there, a recall that cannot be computed counts as -1 and the mean has four decimals.
        """
        everything = self.params.imgIds
        precisions = []
        for images in _split_by_crowding(self.cocoGt.imgs):
            self.params.imgIds = images
            self.evaluate()
            self.accumulate()
            precisions.append(round(float(self.eval['precision'][:, :, :, 0, :].mean()), 4))
        self.params.imgIds = everything
        return precisions


def install() -> None:
    """Register the substitute under the names of xtcocotools' modules."""
    modules = {
        'coco': _module('coco', COCO=COCO),
        'cocoeval': _module('cocoeval', COCOeval=COCOeval, Params=cocoeval.Params),
        'mask': pycocotools.mask,
    }
    package = ModuleType(PACKAGE, __doc__)
    package.__path__ = []
    package.__spec__ = ModuleSpec(PACKAGE, loader=None, origin=__name__)
    for name, module in modules.items():
        setattr(package, name, module)
        sys.modules[f'{PACKAGE}.{name}'] = module
    sys.modules[PACKAGE] = package


def _module(name: str, **contents: Any) -> ModuleType:
    """Return a module of xtcocotools with the given contents."""
    module = ModuleType(f'{PACKAGE}.{name}', __doc__)
    vars(module).update(contents)
    return module


def _place(annotation: Annotation) -> tuple[int, int]:
    """Return the image and the category of an annotation."""
    return annotation['image_id'], annotation['category_id']


def _count_marked(annotation: Annotation) -> int:
    """Return the number of key points with a visibility, or a score, above zero."""
    return sum(mark > 0 for mark in annotation['keypoints'][2::3])


def _count_declared(annotation: Annotation) -> int:
    """Return the annotated number of visible key points, which CrowdPose counts more strictly."""
    return int(_field(annotation, 'num_keypoints', "evaluate as 'keypoints'"))


def _area(annotation: Annotation) -> float:
    """Return the annotated area in square pixels."""
    return float(_field(annotation, 'area', 'evaluate with use_area=False'))


def _field(annotation: Annotation, name: str, remedy: str) -> Any:
    """Return a field of an annotation or raise an error with the ``remedy``."""
    if name not in annotation:
        raise DataError(
            f"annotation {annotation['id']} of image {annotation['image_id']} has no '{name}'; add"
            f' it or {remedy}'
        )
    return annotation[name]


def _area_of_box(annotation: Annotation) -> float:
    """Return the area in square pixels that the box suggests."""
    return float(annotation['bbox'][2] * annotation['bbox'][3] * _AREA_OF_BOX)


def _split_by_crowding(images: Mapping[int, dict[str, Any]]) -> list[Sequence[int]]:
    """Return the ids of the easy, of the medium and of the hard images."""
    missing = next((id_ for id_, image in images.items() if 'crowdIndex' not in image), None)
    if missing is not None:
        raise DataError(f"image {missing} has no 'crowdIndex', which 'keypoints_crowd' needs")
    groups: list[list[int]] = [[], [], []]
    for id_, image in images.items():
        groups[sum(image['crowdIndex'] >= limit for limit in _CROWD_LIMITS)].append(id_)
    return list(groups)
