"""Numbers from papers, as they were read: one file per kind, each row with its source."""

from __future__ import annotations

import csv
import functools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import RecordError
from benchmark.kinds import kind_names, load_kind
from benchmark.report.literature.rules import OWN_RUN, contradiction, unmarked_repeat
from benchmark.specs import Architecture, Metric, Unit

FAMILIES = ('mim', 'supervised', 'contrastive', 'distilled', 'pretext')
"""Families of pretraining; those of the catalogue, and hand-made pretext tasks."""

PROTOCOLS = ('finetune', 'frozen', 'from-scratch')
"""What learned; the last for a supervised score on the very data of the pretraining."""

STATUSES = ('read', 'read-secondary')
"""Read in the source itself, or in a text that quotes it or a mirror of a leaderboard."""

ARCHITECTURES = (*(architecture.value for architecture in Architecture), 'hybrid')
SOURCE_TYPES = ('paper', 'code', 'quotation', 'leaderboard')
_PERCENT = (0.0, 100.0)
_UNBOUNDED = (0.0, math.inf)

_MORE_METRICS = {
    metric.key: metric
    for metric in (
        Metric('mAP', Unit.PERCENT, True, _PERCENT, 'mAP'),
        Metric('keypoint_AR', Unit.PERCENT, True, _PERCENT, 'key-point AR'),
        Metric('MOTA', Unit.PERCENT, True, (-math.inf, 100.0), 'MOTA'),
        Metric('IDF1', Unit.PERCENT, True, _PERCENT, 'IDF1'),
        Metric('HOTA', Unit.PERCENT, True, _PERCENT, 'HOTA'),
    )
}
"""Metrics that sources print and no kind measures under this name."""

DATA_SETS: Mapping[str, tuple[str, str]] = {
    'imagenet1k': ('classification', 'ImageNet-1K'),
    'inat2018': ('classification', 'iNaturalist 2018'),
    'inat2019': ('classification', 'iNaturalist 2019'),
    'places205': ('classification', 'Places205'),
    'cifar10': ('classification', 'CIFAR-10'),
    'cifar100': ('classification', 'CIFAR-100'),
    'flowers102': ('classification', 'Flowers-102'),
    'stanford-cars': ('classification', 'Stanford Cars'),
    'oxford-pets': ('classification', 'Oxford-IIIT Pets'),
    'cub200': ('classification', 'CUB-200-2011'),
    'food101': ('classification', 'Food-101'),
    'birdsnap': ('classification', 'Birdsnap'),
    'sun397': ('classification', 'SUN397'),
    'fgvc-aircraft': ('classification', 'FGVC-Aircraft'),
    'dtd': ('classification', 'DTD'),
    'caltech101': ('classification', 'Caltech-101'),
    'voc2007': ('classification', 'VOC 2007 classification'),
    'coco-detection': ('detection', 'COCO'),
    'coco-detection-classic': ('detection', 'COCO'),
    'coco-detection-cascade': ('detection', 'COCO'),
    'voc-detection': ('detection', 'VOC 2007+2012 detection'),
    'lvis': ('detection', 'LVIS v1'),
    'ade20k': ('segmentation', 'ADE20K'),
    'ade20k-linear': ('segmentation', 'ADE20K'),
    'voc2012-aug': ('segmentation', 'VOC 2012 with extra annotations'),
    'voc2012-aug-linear': ('segmentation', 'VOC 2012 with extra annotations'),
    'cityscapes': ('segmentation', 'Cityscapes'),
    'cityscapes-linear': ('segmentation', 'Cityscapes'),
    'pascal-context': ('segmentation', 'Pascal Context (59 classes)'),
    'coco-stuff164k': ('segmentation', 'COCO-Stuff 164k'),
    'coco-pose': ('pose', 'COCO keypoints'),
    'crowdpose': ('pose', 'CrowdPose'),
    'mpii': ('pose', 'MPII'),
    'ap10k': ('pose', 'AP-10K'),
    'nyuv2': ('depth', 'NYUv2'),
    'kitti-depth': ('depth', 'KITTI'),
    'sun-rgbd': ('depth', 'SUN RGB-D'),
    'got10k': ('tracking', 'GOT-10k'),
    'trackingnet': ('tracking', 'TrackingNet'),
    'lasot': ('tracking', 'LaSOT'),
    'uav123': ('tracking', 'UAV123'),
    'otb100': ('tracking', 'OTB-100'),
    'mot17': ('mot', 'MOT17'),
    'mot17-bytetrack': ('mot', 'MOT17'),
    'mot20': ('mot', 'MOT20'),
    'dancetrack': ('mot', 'DanceTrack'),
}
"""The kind and data set, as the published files name it, of the benchmark's tasks."""

_TESTED: Mapping[str, str] = {
    **dict.fromkeys(('imagenet1k', 'inat2018', 'inat2019', 'places205'), 'val'),
    **{task: 'val2017' for task in DATA_SETS if task.startswith('coco-')},
    'voc-detection': 'test2007',
    **dict.fromkeys(('ade20k', 'ade20k-linear', 'voc2012-aug', 'voc2012-aug-linear'), 'val'),
    **dict.fromkeys(('cityscapes', 'cityscapes-linear', 'pascal-context', 'lvis', 'mpii'), 'val'),
    'kitti-depth': 'Eigen test',
    'got10k': 'val',
    'trackingnet': 'TRAIN_11, which is left out of training',
    **dict.fromkeys(('mot17', 'mot17-bytetrack', 'mot20'), 'half-val, private'),
    'dancetrack': 'val',
}
"""What the tasks test that do not test an official test split, as the published files name it."""


def tested_split(task: str) -> str:
    """Return the official split that a task of the benchmark tests."""
    return _TESTED.get(task, 'test')


class Publication(NamedTuple):
    """Where numbers were read: ``type`` is one of ``SOURCE_TYPES``.

    ``year`` is that of the paper, or of the version that was read where there is no paper;
    ``commit_date`` that of the code that was read, a day or a year, empty where it is not known.
    """

    source: str
    title: str
    where: str
    type: str
    year: int
    commit_date: str = ''


class Comparison(NamedTuple):
    """What rows must share to be compared: the source, its head and its recipe."""

    source: str
    head: str
    recipe: str


@dataclass(frozen=True)
class Published:
    """A number from a source, in the source's unit; what the source leaves out is empty.

    Attributes:
        kind: kind of the task.
        source: the source.
        place: where in the source.
        data_set: name of the data set.
        split: the split that was scored.
        protocol: how the backbone met the task.
        backbone: the backbone, as the source calls it.
        architecture: its architecture.
        pretraining: its pretraining.
        family: family of the pretraining.
        labels: whether pretraining saw labels.
        teacher: network that made its targets, where that was itself trained on something else.
        pretraining_data: what it learnt from.
        head: what was put on the backbone.
        recipe: how that was trained.
        metric: metric and unit.
        value: the number.
        status: how the number is known.
        same_as: the source whose number the row repeats.
        note: what else a reader should know.
    """

    kind: str
    source: Publication
    place: str
    data_set: str
    split: str
    protocol: str
    backbone: str
    architecture: str
    pretraining: str
    family: str
    labels: bool
    teacher: str
    pretraining_data: str
    head: str
    recipe: str
    metric: Metric
    value: float
    status: str
    same_as: str
    note: str

    @property
    def comparison(self) -> Comparison:
        """The controlled comparison to which the row belongs."""
        return Comparison(self.source.source, self.head, self.recipe)

    @property
    def canonical(self) -> float:
        """The value as tables show it: fractions become percent, the rest stays."""
        return self.metric.canonical(self.value)

    @property
    def tag(self) -> str:
        """The family of the pretraining, and what it saw beside pictures."""
        extra = ['labels'] if self.labels and self.family != 'supervised' else []
        extra += [self.teacher] if self.teacher else []
        return ' + '.join([_TAGS[self.family], *extra])


_TAGS = {
    'mim': 'MIM',
    'supervised': 'SUP',
    'contrastive': 'contrastive',
    'distilled': 'distilled',
    'pretext': 'pretext',
}
_SOURCE_COLUMNS = Publication._fields
_COLUMNS = tuple(
    'source' if name == 'source' else name
    for item in fields(Published)
    for name in ([item.name, 'unit'] if item.name == 'metric' else [item.name])
    if name != 'kind'
)
_CHOICES = {
    'protocol': PROTOCOLS,
    'architecture': ARCHITECTURES,
    'family': FAMILIES,
    'labels': ('true', 'false'),
    'status': STATUSES,
}
_DATE = re.compile(r'(\d{4}(-\d{2}-\d{2})?)?')
_NEEDED = ('place', 'data_set', 'split', 'backbone', 'pretraining', 'recipe')


def published_folder(results: Path) -> Path:
    """Return the folder of the published numbers: of ``results``, else those of the project."""
    own = results / 'published'
    package = Path(__file__).resolve().parent.parent.parent
    places = (own, package / 'published', package.parent / 'results' / 'published')
    return next((place for place in places if place.is_dir()), own)


def read_published(folder: Path) -> tuple[Published, ...]:
    """Return all published numbers below ``folder``, by kind and in the order of the files.

    Raises:
        RecordError: a file is missing or a row breaks a rule; names the file, the line and both
            what was found and what is allowed.
    """
    cited = folder / 'sources.csv'
    sources = {
        row['source']: _source(cited, number, row)
        for number, row in enumerate(_lines(cited), start=2)
    }
    found: dict[tuple[object, ...], Published] = {}
    for path in sorted(folder.glob('*.csv')):
        if path.name != 'sources.csv':
            lines = _lines(path)
            for number, line in enumerate(lines, start=2):
                row = _row(path, number, line, sources)
                if found.setdefault(_identity(row), row) is not row:
                    raise _wrong(path, number, 'row', row.backbone, 'a row that is not there yet')
            _check_repeats(path, lines)
    return tuple(found.values())


def _check_repeats(path: Path, lines: Sequence[Mapping[str, str]]) -> None:
    pair = unmarked_repeat(lines)
    if pair is not None:
        first, second = pair
        allowed = f'{lines[first]["source"]} (line {first + 2} has the same number), or the note'
        raise _wrong(path, second + 2, 'same_as', '', f"{allowed} must say '{OWN_RUN}'")


def _lines(path: Path) -> list[dict[str, str]]:
    columns = _SOURCE_COLUMNS if path.name == 'sources.csv' else _COLUMNS
    try:
        with path.open(encoding='utf-8', newline='') as file:
            reader = csv.DictReader(file, strict=True)
            rows, found = list(reader), tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f'{path}: cannot be read ({error})') from None
    if found != columns:
        raise RecordError(f'{path}: columns must be {", ".join(columns)}')
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise RecordError(f'{path}, line {number}: must have {len(columns)} fields')
    return rows


def _source(path: Path, number: int, row: Mapping[str, str]) -> Publication:
    for key in ('source', 'title', 'where'):
        if not row[key].strip():
            raise _wrong(path, number, key, row[key], 'filled')
    if row['type'] not in SOURCE_TYPES:
        raise _wrong(path, number, 'type', row['type'], f'one of {", ".join(SOURCE_TYPES)}')
    if not row['year'].isdecimal():
        raise _wrong(path, number, 'year', row['year'], 'a year')
    if not _DATE.fullmatch(row['commit_date']):
        raise _wrong(path, number, 'commit_date', row['commit_date'], 'YYYY-MM-DD, YYYY or empty')
    # a paper may be older than the code that was read, never younger
    if row['commit_date'] and row['commit_date'][:4] < row['year']:
        raise _wrong(path, number, 'year', row['year'], f'up to {row["commit_date"][:4]}')
    return Publication(
        source=row['source'],
        title=row['title'],
        where=row['where'],
        type=row['type'],
        year=int(row['year']),
        commit_date=row['commit_date'],
    )


def _row(
    path: Path, number: int, line: Mapping[str, str], sources: Mapping[str, Publication]
) -> Published:
    if path.stem not in kind_names():
        raise RecordError(f'{path}: must be named after a kind ({", ".join(kind_names())})')
    for key, allowed in (*_CHOICES.items(), ('source', tuple(sources))):
        if line[key] not in allowed:
            raise _wrong(path, number, key, line[key], f'one of {", ".join(allowed)}')
    if line['same_as'] and line['same_as'] not in sources:
        raise _wrong(path, number, 'same_as', line['same_as'], 'empty or a source')
    for key in _NEEDED:
        if not line[key].strip():
            raise _wrong(path, number, key, line[key], 'filled')
    fault = contradiction(line, sources[line['source']].year)
    if fault is not None:
        raise _wrong(path, number, fault[0], line[fault[0]], fault[1])
    metric = _metric(path, number, line)
    values: dict[str, Any] = {key: line[key] for key in _COLUMNS if key != 'unit'}
    values |= {
        'kind': path.stem,
        'source': sources[line['source']],
        'labels': line['labels'] == 'true',
        'metric': metric,
        'value': _value(path, number, line, metric),
    }
    return Published(**values)


def _metric(path: Path, number: int, line: Mapping[str, str]) -> Metric:
    known = _metrics(path.stem)
    if line['metric'] not in known:
        raise _wrong(path, number, 'metric', line['metric'], f'one of {", ".join(sorted(known))}')
    units = _units(known[line['metric']])
    if line['unit'] not in units:
        raise _wrong(path, number, 'unit', line['unit'], ' or '.join(units))
    return published_metric(path.stem, line['metric'], line['unit'])


def published_metric(kind: str, key: str, unit: str) -> Metric:
    """Return a metric of a kind in the unit in which a source prints it."""
    return _in_unit(_metrics(kind)[key], Unit(unit))


@functools.cache
def _metrics(kind: str) -> Mapping[str, Metric]:
    own = load_kind(kind).metrics if kind in kind_names() else {}
    return {**_MORE_METRICS, **own}


def _units(metric: Metric) -> tuple[str, ...]:
    shares = (Unit.FRACTION.value, Unit.PERCENT.value)
    return shares if metric.unit.value in shares else (metric.unit.value,)


def _in_unit(metric: Metric, unit: Unit) -> Metric:
    scale = {
        (Unit.FRACTION, Unit.PERCENT): 100.0,
        (Unit.PERCENT, Unit.FRACTION): 0.01,
    }.get((metric.unit, unit), 1.0)
    low, high = (bound * scale for bound in metric.bounds)
    return Metric(metric.key, unit, metric.higher_is_better, (low, high), metric.title)


def _value(path: Path, number: int, line: Mapping[str, str], metric: Metric) -> float:
    try:
        value = float(line['value'])
        metric.canonical(value)
    except ValueError:
        low, high = metric.bounds
        allowed = f'a number from {low:g} to {high:g}'
        raise _wrong(path, number, 'value', line['value'], allowed) from None
    return value


def _wrong(path: Path, number: int, key: str, found: str, allowed: str) -> RecordError:
    return RecordError(f'{path}, line {number}: {key} is {found!r}, must be {allowed}')


def _identity(row: Published) -> tuple[object, ...]:
    """Return what no two rows may share."""
    return (
        row.kind,
        row.comparison,
        row.data_set,
        row.split,
        row.protocol,
        row.backbone,
        row.pretraining,
        row.pretraining_data,
        row.metric.key,
    )


def for_tasks(rows: Iterable[Published], tasks: Iterable[str]) -> tuple[Published, ...]:
    """Return the rows on the data sets of the named tasks."""
    wanted = {DATA_SETS[task] for task in tasks if task in DATA_SETS}
    return tuple(row for row in rows if (row.kind, row.data_set) in wanted)
