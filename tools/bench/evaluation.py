"""How long COCO's evaluation takes, by pycocotools and by faster-coco-eval where it is installed.

    python tools/bench/evaluation.py [--pictures 5000] [--repeats 3] [--busy]

Boxes, masks and key points of invented pictures: seven objects and thirty detections each, eighty
classes. Both get the same truth and the same results; the largest difference of any of the twelve
(of key points ten) numbers is printed beside the ratio of seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from common import paired, print_table
from pycocotools import mask as codec
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

SIDE, CLASSES, OBJECTS, DETECTIONS, POINTS = 160, 80, 7, 30, 17
KINDS = ('bbox', 'segm', 'keypoints')

Content = dict[str, Any]


def main() -> None:
    """Measure every kind and print a row each."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--pictures', type=int, default=5000)
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument('--busy', action='store_true')
    options = parser.parse_args()
    clock = time.process_time if options.busy else time.perf_counter
    heads = ('kind', 'pictures', 'pycocotools (s)', 'faster (s)', 'ratio', 'largest difference')
    print_table(heads, (_row(kind, options, clock) for kind in KINDS))


def _row(kind: str, options: argparse.Namespace, clock: Callable[[], float]) -> tuple[object, ...]:
    truth, found = invented(options.pictures, kind)
    scores: dict[str, np.ndarray] = {}

    def way(name: str, load: Any, evaluate: Any) -> Callable[[], float]:
        def run() -> float:
            start = clock()
            with contextlib.redirect_stdout(io.StringIO()):
                scores[name] = evaluated(load, evaluate, truth, found, kind)
            return clock() - start

        return run

    ways = {'pycocotools': way('pycocotools', COCO, COCOeval)}
    if find_spec('faster_coco_eval') is None:
        medians, _ = paired(ways, options.repeats)
        return kind, options.pictures, f'{medians["pycocotools"]:.1f}', 'not installed', '', ''
    import faster_coco_eval

    ways['faster'] = way('faster', faster_coco_eval.COCO, faster_coco_eval.COCOeval_faster)
    medians, ratios = paired(ways, options.repeats)
    gap = float(np.abs(scores['pycocotools'] - scores['faster']).max())
    return (
        kind, options.pictures, f'{medians["pycocotools"]:.1f}', f'{medians["faster"]:.1f}',
        f'{ratios["faster"]:.2f}', f'{gap:.1e}',
    )  # fmt: skip


def evaluated(
    load: Any, evaluate: Any, truth: Content, found: list[Content], kind: str
) -> np.ndarray:
    """Return the numbers of an evaluation from the truth and the results, both as JSON data."""
    annotations = load()
    annotations.dataset = {key: [dict(item) for item in items] for key, items in truth.items()}
    annotations.createIndex()
    evaluation = evaluate(annotations, annotations.loadRes([dict(item) for item in found]), kind)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return np.asarray(evaluation.stats[: 10 if kind == 'keypoints' else 12])


def invented(pictures: int, kind: str) -> tuple[Content, list[Content]]:
    """Return the truth and the results of so many pictures."""
    rng = np.random.default_rng(0)
    classes = 1 if kind == 'keypoints' else CLASSES
    truth: Content = {
        'images': [{'id': i, 'height': SIDE, 'width': SIDE} for i in range(pictures)],
        'categories': [{'id': c, 'name': str(c)} for c in range(classes)],
        'annotations': [],
    }
    found: list[Content] = []
    for image in range(pictures):
        own = []
        for _ in range(OBJECTS):
            item = _object(rng, kind, rng.uniform(0, SIDE / 2, 2), rng.uniform(8, SIDE / 2, 2))
            item |= {'image_id': image, 'category_id': int(rng.integers(classes)), 'iscrowd': 0}
            own.append(item)
            truth['annotations'].append({'id': len(truth['annotations']) + 1, **item})
        for number in range(DETECTIONS):
            near = own[number % OBJECTS]
            corner = np.asarray(near['bbox'][:2]) + rng.normal(0, 4, 2)
            size = np.maximum(np.asarray(near['bbox'][2:]) * rng.uniform(0.8, 1.25, 2), 2)
            item = _object(rng, kind, np.clip(corner, 0, SIDE / 2), np.minimum(size, SIDE / 2))
            right = rng.random() < 0.7
            label = near['category_id'] if right else int(rng.integers(classes))
            item |= {'image_id': image, 'category_id': label, 'score': float(rng.random())}
            if kind == 'segm':
                del item['bbox']
            found.append(item)
    return truth, found


def _object(rng: np.random.Generator, kind: str, corner: np.ndarray, size: np.ndarray) -> Content:
    (left, top), (width, height) = corner, size
    item: Content = {
        'bbox': [float(left), float(top), float(width), float(height)],
        'area': float(width * height),
    }
    if kind == 'segm':
        mask = np.zeros((SIDE, SIDE), np.uint8, order='F')
        mask[int(top) : int(top + height), int(left) : int(left + width)] = 1
        mask[int(top) : int(top + height / 3), int(left) : int(left + width / 3)] = 0
        item['segmentation'] = codec.encode(mask)
        item['area'] = float(mask.sum())
    if kind == 'keypoints':
        points = corner + rng.uniform(0, 1, (POINTS, 2)) * size
        flags = np.full((POINTS, 1), 2.0)
        item['keypoints'] = np.hstack([points, flags]).ravel().tolist()
        item['num_keypoints'] = POINTS
    return item


if __name__ == '__main__':
    main()
