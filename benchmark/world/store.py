"""The world on disk: rendered once per specification, then reused."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.errors import DataError
from benchmark.world.anatomy import FLIP_PAIRS, KEYPOINT_SIGMAS, KEYPOINTS, SKELETON
from benchmark.world.formats import coco_detection, coco_keypoints, write_json
from benchmark.world.labels import INSTANCE_CLASSES, SEMANTIC_CLASSES
from benchmark.world.plans import COARSE_CLASSES
from benchmark.world.publishing import is_complete, publishing
from benchmark.world.spec import SPLITS, VERSION, Split, WorldSpec
from benchmark.world.species import FINE_SPECIES, SEEN_SPECIES
from benchmark.world.splits import Batch, Row, count_items
from benchmark.world.streams import Stream
from benchmark.world.workers import choose_workers, render_batches

WORLD_MARKER = 'world.json'
PRETRAINING_MARKER = 'pretrain.json'
DOWNSTREAM = (Stream.SCENES, Stream.COVERED, Stream.FINE, Stream.TRACKING)
BATCH_SIZES = {Stream.TRACKING: 1}
BATCH_SIZE = 25

Rows = dict[tuple[Stream, Split], list[Row]]


def _folders(root: Path) -> Iterator[Path]:
    """Yield the folders that the writers expect to be there."""
    for split in SPLITS:
        for kind in ('images', 'semantic', 'depth'):
            yield root / 'scenes' / kind / split
        for task, names in (('covered', COARSE_CLASSES), ('fine', FINE_SPECIES)):
            yield from (root / 'classification' / task / split / name for name in names)
        yield root / 'tracking' / split


def _batches(spec: WorldSpec, root: Path, stream: Stream, split: Split, count: int) -> list[Batch]:
    size = BATCH_SIZES.get(stream, BATCH_SIZE)
    starts = range(0, count, size)
    return [Batch(spec, root, stream, split, i, min(i + size, count)) for i in starts]


def _render_all(batches: list[Batch], items: int) -> Rows:
    rows: Rows = {}
    results = render_batches(batches, workers=choose_workers(items))
    for batch, found in zip(batches, results, strict=True):
        rows.setdefault((batch.stream, batch.split), []).extend(found)
    return rows


def _write_labels(root: Path, spec: WorldSpec, rows: Rows) -> None:
    for split in SPLITS:
        scenes = rows.get((Stream.SCENES, split), [])
        names, labels = [row.name for row in scenes], [row.annotations for row in scenes]
        detection = coco_detection(names, labels, spec.size)
        write_json(root / 'scenes' / f'instances_{split}.json', detection)
        keypoints = coco_keypoints(names, labels, spec.size)
        write_json(root / 'scenes' / f'keypoints_{split}.json', keypoints)
        sequences = ''.join(f'{row.name}\n' for row in rows.get((Stream.TRACKING, split), []))
        (root / 'tracking' / split / 'list.txt').write_text(sequences, encoding='utf-8')


def _describe(spec: WorldSpec) -> dict[str, Any]:
    return {
        'version': VERSION,
        'spec': asdict(spec),
        'splits': list(SPLITS),
        'semantic_classes': list(SEMANTIC_CLASSES),
        'instance_classes': list(INSTANCE_CLASSES),
        'coarse_classes': list(COARSE_CLASSES),
        'fine_species': list(FINE_SPECIES),
        'pretraining_species': [species.name for species in SEEN_SPECIES],
        'keypoints': list(KEYPOINTS),
        'keypoint_sigmas': list(KEYPOINT_SIGMAS),
        'skeleton': [list(link) for link in SKELETON],
        'flip_pairs': [list(pair) for pair in FLIP_PAIRS],
        'depth_unit': 'millimetre, 0 where there is none',
        'items': {
            stream.name.lower(): {split: count_items(spec, stream, split) for split in SPLITS}
            for stream in DOWNSTREAM
        },
    }


def _write_world(root: Path, spec: WorldSpec) -> None:
    for folder in _folders(root):
        folder.mkdir(parents=True)
    batches, items = [], 0
    for stream in DOWNSTREAM:
        for split in SPLITS:
            count = count_items(spec, stream, split)
            batches += _batches(spec, root, stream, split, count)
            items += count * (spec.sequence_length if stream is Stream.TRACKING else 1)
    _write_labels(root, spec, _render_all(batches, items))
    write_json(root / WORLD_MARKER, _describe(spec))


def world_root(cache_root: Path, spec: WorldSpec) -> Path:
    """Return the folder of the world of ``spec``, whether or not it exists."""
    return cache_root / spec.folder_name


def find_world(cache_root: Path, spec: WorldSpec = WorldSpec()) -> Path | None:  # noqa: B008 frozen
    """Return the folder of the world of ``spec`` if it is rendered already."""
    root = world_root(Path(cache_root), spec)
    return root if is_complete(root, WORLD_MARKER) else None


def ensure_world(cache_root: Path, spec: WorldSpec = WorldSpec()) -> Path:  # noqa: B008 frozen
    """Return the folder of the world of ``spec``; render it first if it is missing.

    Raises:
        DataError: The world cannot be written below ``cache_root``.
    """
    root = world_root(Path(cache_root), spec)
    if is_complete(root, WORLD_MARKER):
        return root
    try:
        with publishing(root, WORLD_MARKER) as written:
            _write_world(written, spec)
    except OSError as error:
        raise DataError(f'{root}: cannot write the procedural world: {error}') from error
    return root


def _write_pretraining(root: Path, spec: WorldSpec, count: int) -> None:
    (root / 'images').mkdir()
    batches = _batches(spec, root, Stream.PRETRAINING, 'train', count)
    rows = _render_all(batches, count).get((Stream.PRETRAINING, 'train'), [])
    with (root / 'labels.csv').open('w', encoding='utf-8', newline='') as file:
        table = csv.writer(file, lineterminator='\n')
        table.writerow(('file', 'coarse', 'species'))
        table.writerows((row.name, row.coarse, row.species) for row in rows)
    write_json(root / PRETRAINING_MARKER, {'version': VERSION, 'seed': spec.seed, 'count': count})


def ensure_pretraining_split(cache_root: Path, spec: WorldSpec, count: int) -> Path:
    """Return the folder of the first ``count`` pretraining pictures, rendered where absent.

    It holds ``images/`` and ``labels.csv`` (file, coarse class, species) and lies in the
    folder of the world of ``spec``, which is rendered first.

    Raises:
        DataError: ``count`` is not positive, or the pictures cannot be written.
    """
    if count < 1:
        raise DataError(f'world: pretraining count is {count}, must be 1 or more')
    root = ensure_world(cache_root, spec) / 'pretrain' / f'{count}'
    if is_complete(root, PRETRAINING_MARKER):
        return root
    try:
        with publishing(root, PRETRAINING_MARKER) as written:
            _write_pretraining(written, spec, count)
    except OSError as error:
        raise DataError(f'{root}: cannot write the pretraining split: {error}') from error
    return root
