"""Print what frozen features read off the procedural world, beside predictors without features.

Usage: python tools/world_validity.py BACKBONE... [--data-root D] [--train N] [--test N] [--seed N]

A BACKBONE is anything that `tbench run` takes: a shipped name, `timm:NAME`, a declaration's file,
each also with `+random`. Classification is by the 5 nearest neighbours (cosine) of the class
token, or of the average of the deepest map; segmentation, depth and key points are by ridge
regression on the maps of the last four blocks or stages, read every 16 px. N are pictures of each
task; the world's own splits are longer.
Nothing is trained but these readouts, so that the table says how much of each task a backbone's
features hold, and how much can be had without looking.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.neighbors import KNeighborsClassifier
from torch.nn import functional

from benchmark.analysis.subjects import Subject, open_subject
from benchmark.catalog import find_backbone
from benchmark.probes.reading import Blocks, read_blocks, whole
from benchmark.world import (
    COARSE_CLASSES,
    FINE_SPECIES,
    SEMANTIC_CLASSES,
    SplitCounts,
    WorldSpec,
    ensure_world,
)

Array = npt.NDArray[Any]
CELL, CROP, NEIGHBOURS, PCK = 16, 96, 5, 0.1
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
COLUMNS = ('covered (%)', 'unseen (%)', 'mIoU (%)', 'depth RMSE (m)', 'PCK (%)')


class Labelled(NamedTuple):
    """Pictures (n, s, s, 3) and what is asked of each."""

    pictures: Array
    labels: Array


class Part(NamedTuple):
    """The pictures of one split."""

    covered: Labelled
    fine: Labelled
    semantic: Labelled
    depth: Labelled
    pose: Labelled


def _read(path: Path) -> Array:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))


def _classes(root: Path, names: tuple[str, ...]) -> Labelled:
    found = [(path, number) for number, n in enumerate(names) for path in (root / n).glob('*.png')]
    pictures = np.stack([_read(path)[..., ::-1] for path, _ in sorted(found)])
    return Labelled(pictures, np.array([number for _, number in sorted(found)]))


def _poses(scenes: Path, split: str, most: int) -> Labelled:
    """Return ``most`` crops around creatures; labels are x and y in 0..1, NaN if unseen."""
    content = json.loads((scenes / f'keypoints_{split}.json').read_text())
    names = {image['id']: image['file_name'] for image in content['images']}
    crops, points = [], []
    for one in content['annotations']:
        if one['num_keypoints'] < 5:
            continue
        x, y, width, height = one['bbox']
        side = 1.2 * max(width, height)
        left, top = x + width / 2 - side / 2, y + height / 2 - side / 2
        zoom = CROP / side
        move = np.array([[zoom, 0, -zoom * left], [0, zoom, -zoom * top]])
        picture = _read(scenes / 'images' / split / names[one['image_id']])[..., ::-1]
        crops.append(cv2.warpAffine(picture, move, (CROP, CROP), borderMode=cv2.BORDER_REPLICATE))
        found = np.array(one['keypoints']).reshape(-1, 3)
        where = (found[:, :2] - (left, top)) / side
        points.append(np.where(found[:, 2:] > 0, where, np.nan))
    return Labelled(np.stack(crops[:most]), np.stack(points[:most]))


def read_split(root: Path, split: str) -> Part:
    """Return the pictures of a split of the world below ``root``."""
    names = sorted(path.stem for path in (root / 'scenes/images' / split).iterdir())
    images = np.stack([_read(root / f'scenes/images/{split}/{n}.jpg')[..., ::-1] for n in names])
    semantic, depth = (
        np.stack([_read(root / f'scenes/{kind}/{split}/{n}.png') for n in names])
        for kind in ('semantic', 'depth')
    )
    middle = slice(CELL // 2, None, CELL)
    return Part(
        _classes(root / 'classification/covered' / split, COARSE_CLASSES),
        _classes(root / 'classification/fine' / split, FINE_SPECIES),
        Labelled(images, semantic[:, middle, middle]),
        Labelled(images, depth[:, middle, middle] / 1000),
        _poses(root / 'scenes', split, len(names)),
    )


class Ridge:
    """Ridge regression whose penalty is the best on a held-out third of the pictures."""

    def __init__(self, features: Array, targets: Array, groups: Array) -> None:
        self._mean, self._spread = features.mean(0), features.std(0) + 1e-6
        self._center = targets.mean(0)
        x, y = self._standard(features), (targets - self._center).astype(np.float32)
        held = groups % 3 == 0
        trials = _solve(x[~held], y[~held], PENALTIES)
        losses = [float(((x[held] @ w - y[held]) ** 2).mean()) for w in trials]
        (self._weights,) = _solve(x, y, [PENALTIES[int(np.argmin(losses))]])

    def _standard(self, features: Array) -> Array:
        return np.asarray(((features - self._mean) / self._spread).astype(np.float32))

    def __call__(self, features: Array) -> Array:
        """Return what is predicted."""
        return np.asarray(self._standard(features) @ self._weights + self._center)


def _solve(x: Array, y: Array, penalties: Sequence[float]) -> list[Array]:
    """Return the weights for each penalty, relative to the number of rows."""
    count, width = x.shape
    is_wide = width > count
    gram = (x @ x.T if is_wide else x.T @ x).astype(np.float64)
    values, vectors = np.linalg.eigh(gram)
    right = vectors.T @ (y if is_wide else x.T @ y)
    solved = [
        (vectors @ (right / (values + count * p)[:, None])).astype(np.float32) for p in penalties
    ]
    return [x.T @ one if is_wide else one for one in solved]


def _batches(subject: Subject, pictures: Array) -> Iterator[torch.Tensor]:
    images: Any = SimpleNamespace(pixels=np.ascontiguousarray(pictures))
    yield from subject.batches(images, 25, torch.device('cpu'))


def _blocks(subject: Subject, batch: torch.Tensor) -> Blocks:
    return read_blocks(subject.network, batch, max(subject.features.strides))


def pooled(subject: Subject, pictures: Array) -> Array:
    """Return the class token (n, c) of the last block, or the average of the deepest map."""
    rows = []
    for batch in _batches(subject, pictures):
        read = whole(_blocks(subject, batch))
        rows.append(read.values[:, read.choices.get('class1', read.choices['mean1'])])
    return np.asarray(torch.cat(rows).numpy())


def dense(subject: Subject, pictures: Array, cell: int = CELL) -> Array:
    """Return the maps (n, h, w, c) of the last four blocks or stages in the middle of each cell."""
    size, deepest = pictures.shape[1], max(subject.features.strides)
    middles = torch.arange(cell / 2, size, cell)
    rows = []
    for batch in _batches(subject, pictures):
        maps = _blocks(subject, batch).maps
        reach = deepest * maps[-1].shape[-1]
        spots = 2 * middles / reach - 1
        grid = torch.stack(torch.meshgrid(spots, spots, indexing='xy'), -1)
        grid = grid.expand(len(batch), -1, -1, -1)
        read = [
            functional.grid_sample(m, grid, align_corners=False, padding_mode='border')
            for m in maps
        ]
        rows.append(torch.cat(read, 1).permute(0, 2, 3, 1))
    return np.asarray(torch.cat(rows).numpy())


def neighbours(train: Array, labels: Array, test: Array, expected: Array) -> float:
    """Return the accuracy (%) of nearest neighbours."""
    model = KNeighborsClassifier(NEIGHBOURS, metric='cosine', weights='distance')
    return float(100 * (model.fit(train, labels).predict(test) == expected).mean())


def mean_iou(found: Array, expected: Array) -> float:
    """Return the mean intersection over union (%) of the classes that occur."""
    both = [((found == c) & (expected == c)).sum() for c in range(len(SEMANTIC_CLASSES))]
    any_ = [((found == c) | (expected == c)).sum() for c in range(len(SEMANTIC_CLASSES))]
    return float(100 * np.mean([b / a for b, a in zip(both, any_, strict=True) if a]))


def picture_rmse(found: Array, expected: Array) -> float:
    """Return the root mean squared error (m) of each picture, averaged over pictures."""
    known = expected > 0
    squares = np.where(known, (found - expected) ** 2, 0).sum((1, 2)) / known.sum((1, 2))
    return float(np.sqrt(squares).mean())


def pck(found: Array, expected: Array) -> float:
    """Return the share (%) of key points within a tenth of the creature's longer side."""
    known = ~np.isnan(expected[..., 0])
    away = np.linalg.norm(found - expected, axis=-1)[known]
    return float(100 * (away <= PCK / 1.2).mean())


def _flat(maps: Array) -> Array:
    return np.asarray(maps.reshape(-1, maps.shape[-1]))


def _groups(maps: Array) -> Array:
    return np.repeat(np.arange(len(maps)), maps.shape[1] * maps.shape[2])


def read_pose(train: Array, labels: Array, test: Array) -> Array:
    """Return key points predicted from features; those not labelled count as at their mean."""
    filled = np.where(np.isnan(labels), np.nanmean(labels, 0), labels).reshape(len(labels), -1)
    model = Ridge(train, filled, np.arange(len(train)))
    return model(test).reshape(len(test), *labels.shape[1:])


def judge(subject: Subject, train: Part, test: Part) -> list[float]:
    """Return the score of each column for a frozen backbone."""
    scores = [
        neighbours(pooled(subject, a.pictures), a.labels, pooled(subject, b.pictures), b.labels)
        for a, b in ((train.covered, test.covered), (train.fine, test.fine))
    ]
    seen, new = dense(subject, train.semantic.pictures), dense(subject, test.semantic.pictures)
    x, groups = _flat(seen), _groups(seen)
    classes = np.eye(len(SEMANTIC_CLASSES), dtype=np.float32)[train.semantic.labels.ravel()]
    found = Ridge(x, classes, groups)(_flat(new)).argmax(1)
    scores.append(mean_iou(found.reshape(test.semantic.labels.shape), test.semantic.labels))
    known = train.depth.labels.ravel() > 0
    model = Ridge(x[known], train.depth.labels.ravel()[known][:, None], groups[known])
    scores.append(picture_rmse(model(_flat(new)).reshape(new.shape[:3]), test.depth.labels))
    coarse = CROP // 6
    poses = [
        dense(subject, p.pose.pictures, coarse).reshape(len(p.pose.labels), -1)
        for p in (train, test)
    ]
    scores.append(pck(read_pose(poses[0], train.pose.labels, poses[1]), test.pose.labels))
    return scores


def _positions(maps: Array) -> Array:
    rows, columns = np.indices(maps.shape[1:3])
    one = np.stack([rows.ravel(), columns.ravel()], 1).astype(np.float32)
    return np.tile(one, (len(maps), 1))


def _global(pictures: Array) -> Array:
    """Return mean and spread of the colours of the picture and of its upper and lower half."""
    half = pictures.shape[1] // 2
    parts = (pictures, pictures[:, :half], pictures[:, half:])
    return np.concatenate([f for p in parts for f in (p.mean((1, 2)), p.std((1, 2)))], 1)


def _boost(x: Array, y: Array, test: Array, shape: tuple[int, ...]) -> Array:
    model = HistGradientBoostingRegressor(max_iter=60, random_state=0)
    return np.asarray(model.fit(x, y).predict(test).reshape(shape))


def blind(train: Part, test: Part) -> dict[str, list[float | None]]:
    """Return the scores of predictors that see position or colours at most."""
    depth, expected = train.depth.labels, test.depth.labels
    with np.errstate(invalid='ignore'):
        mean_map = np.nanmean(np.where(depth > 0, depth, np.nan), 0)
    known, x, new = depth.ravel() > 0, _positions(depth), _positions(expected)
    y = depth.ravel()[known]
    row = _boost(x[known, :1], y, new[:, :1], expected.shape)
    place = _boost(x[known], y, new, expected.shape)
    cells = depth[0].size
    colors = [np.repeat(_global(p.depth.pictures), cells, 0) for p in (train, test)]
    wide, wide_new = np.hstack([x, colors[0]]), np.hstack([new, colors[1]])
    seen = _boost(wide[known], y, wide_new, expected.shape)
    counts = np.stack([(train.semantic.labels == c).sum(0) for c in range(len(SEMANTIC_CLASSES))])
    common = np.broadcast_to(counts.argmax(0), test.semantic.labels.shape)
    pose = np.nanmean(train.pose.labels, 0)
    color = [
        neighbours(_histogram(a.pictures), a.labels, _histogram(b.pictures), b.labels)
        for a, b in ((train.covered, test.covered), (train.fine, test.fine))
    ]
    return {
        'the mean, or most frequent, at each place': [
            *(100 / len(names) for names in (COARSE_CLASSES, FINE_SPECIES)),
            mean_iou(common, test.semantic.labels),
            picture_rmse(np.broadcast_to(mean_map, expected.shape), expected),
            pck(np.broadcast_to(pose, test.pose.labels.shape), test.pose.labels),
        ],
        'boosted trees of the row': [None, None, None, picture_rmse(row, expected), None],
        'boosted trees of row and column': [None, None, None, picture_rmse(place, expected), None],
        'boosted trees of place and colour statistics': [
            None, None, None, picture_rmse(seen, expected), None,
        ],
        'colour histograms': [*color, None, None, None],
    }  # fmt: skip


def _histogram(pictures: Array) -> Array:
    """Return the share of each of 512 colours in every picture."""
    bins = (pictures.astype(int) // 32 * (64, 8, 1)).sum(-1).reshape(len(pictures), -1)
    return np.stack([np.bincount(b, minlength=512) / len(b) for b in bins])


def _row(name: str, scores: list[float | None]) -> str:
    cells = (
        '' if s is None else f'{s:.2f}' if i == 3 else f'{s:.1f}' for i, s in enumerate(scores)
    )
    return f'| {name} | ' + ' | '.join(cells) + ' |'


def main() -> None:
    """Draw the world where it is absent and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('backbones', nargs='*')
    parser.add_argument('--data-root', type=Path, default=Path('data'))
    parser.add_argument('--train', type=int, default=300)
    parser.add_argument('--test', type=int, default=300)
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    counts = [
        (options.train // n, 0, options.test // n)
        for n in (1, len(COARSE_CLASSES), len(FINE_SPECIES))
    ]
    scenes, covered, fine = (SplitCounts(*count) for count in counts)
    spec = WorldSpec(
        seed=options.seed,
        scenes=scenes,
        covered_per_class=covered,
        fine_per_class=fine,
        sequences=SplitCounts(0, 0, 0),
    )
    root = ensure_world(options.data_root, spec)
    train, test = read_split(root, 'train'), read_split(root, 'test')
    print('| features | ' + ' | '.join(COLUMNS) + ' |')
    print('| --- |' + ' ---: |' * len(COLUMNS))
    for name, scores in blind(train, test).items():
        print(_row(name, scores), flush=True)
    for name in options.backbones:
        images: Any = SimpleNamespace(pixels=train.depth.pictures[:1])
        subject = open_subject(find_backbone(name), images, torch.device('cpu'))
        print(_row(subject.id, list(judge(subject, train, test))), flush=True)


if __name__ == '__main__':
    main()
