"""What a published row may not say of itself: labels, years and repeats that contradict it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

LABELLED_TEACHERS = ('DeiT', 'SAM 2.1')
"""Teachers whose own training saw labels, which a student therefore saw as well."""

OWN_RUN = 'a run of its own'
"""What the note of a row says that equals another source's number without repeating it."""

FIRST_PUBLISHED: Mapping[str, int] = {
    'BEiT': 2021,
    'BEiT v2': 2022,
    'BYOL': 2020,
    'Barlow Twins': 2021,
    'CAE': 2022,
    'CAPI': 2025,
    'CLIP': 2021,
    'ConvMAE': 2022,
    'DINO': 2021,
    'DINOv2': 2023,
    'DINOv3': 2025,
    'DeepCluster': 2018,
    'DenseCL': 2020,
    'EVA': 2022,
    'EVA-02': 2023,
    'EsViT': 2021,
    'FCMAE': 2023,
    'FastConvMAE': 2022,
    'Feature distillation': 2022,
    'Franca': 2025,
    'GreenMIM': 2022,
    'HiViT-MAE': 2022,
    'I-JEPA': 2023,
    'MAE': 2021,
    'MILAN': 2022,
    'MaskFeat': 2021,
    'MixMAE': 2022,
    'MixMIM': 2022,
    'MoBY': 2021,
    'MoCo v1': 2019,
    'MoCo v2': 2020,
    'MoCo v3': 2021,
    'NPID': 2018,
    'ODC': 2020,
    'PE-Core': 2025,
    'PE-Spatial': 2025,
    'Relative-Loc': 2015,
    'Rotation': 2018,
    'SimCLR': 2020,
    'SimMIM': 2021,
    'SimSiam': 2020,
    'SparK': 2022,
    'SwAV': 2020,
    'TIPS': 2024,
    'TIPSv2': 2026,
    'data2vec': 2022,
    'iBOT': 2021,
}
"""The year in which each method of pretraining first appeared."""

_LABELS_USED = re.compile(r'\blabels\b')
_LABELLED_SETS = re.compile(r'\b(Objects365|COCO-Stuff|Mapillary)\b')
"""Data sets that enter a pretraining for their boxes and masks."""

_FINE_TUNED = re.compile(r'(?<![a-z])(ft|medft)(_?in)?\d+k|\bthen \S', re.IGNORECASE)
"""How the name of a pretraining says that labels were used after it, as in ``pt22k_ft22k``."""

_REPEATED = (
    'data_set', 'split', 'protocol', 'backbone', 'pretraining', 'pretraining_data', 'head',
    'metric',
)  # fmt: skip


def contradiction(row: Mapping[str, str], year: int) -> tuple[str, str] | None:
    """Return the column that contradicts the rest of the row, and what it must be; else ``None``.

    ``year`` is that of the row's source.
    """
    return _labels(row) or _scratch(row) or _year(row, year)


def _labels(row: Mapping[str, str]) -> tuple[str, str] | None:
    evidence = _evidence_of_labels(row)
    if row['labels'] == 'false' and evidence:
        return 'labels', f'true, for {evidence}'
    if row['labels'] == 'true' and row['family'] in ('contrastive', 'pretext'):
        return 'labels', f'false, for the family is {row["family"]}'
    if row['labels'] == 'true' and not evidence:
        return 'labels', 'false, or the labels must be named in pretraining_data'
    return None


def _evidence_of_labels(row: Mapping[str, str]) -> str:
    data, teacher = row['pretraining_data'], row['teacher']
    if row['family'] == 'supervised':
        return 'the family is supervised'
    if _LABELS_USED.search(data) or _LABELLED_SETS.search(data):
        return f'the data are {data!r}'
    if _FINE_TUNED.search(row['pretraining']):
        return f'the pretraining is {row["pretraining"]!r}'
    return f'the teacher is {teacher}' if teacher in LABELLED_TEACHERS else ''


def _scratch(row: Mapping[str, str]) -> tuple[str, str] | None:
    if row['protocol'] != 'from-scratch':
        return None
    if row['family'] != 'supervised' or row['pretraining_data'] != row['data_set']:
        return 'protocol', 'finetune or frozen, for other data than those of the score were seen'
    return None


def _year(row: Mapping[str, str], year: int) -> tuple[str, str] | None:
    method = method_of(row['pretraining'])
    if method is None or year >= FIRST_PUBLISHED[method]:
        return None
    return 'source', f'one from {FIRST_PUBLISHED[method]} or later, for {method} is not older'


def method_of(pretraining: str) -> str | None:
    """Return the method of ``FIRST_PUBLISHED`` with which the name begins, the longest one."""
    found = [
        name for name in FIRST_PUBLISHED if re.match(rf'{re.escape(name)}(?![\w-])', pretraining)
    ]
    return max(found, key=len, default=None)


def unmarked_repeat(rows: Iterable[Mapping[str, str]]) -> tuple[int, int] | None:
    """Return the positions of two sources' equal numbers for one thing, neither of them marked.

    A row is marked by ``same_as``, or by a note that says it is ``OWN_RUN``.
    """
    seen: dict[tuple[object, ...], list[tuple[int, str]]] = {}
    for position, row in enumerate(rows):
        if row['same_as'] or OWN_RUN in row['note']:
            continue
        key = (*(row[name] for name in _REPEATED), float(row['value']))
        for earlier, source in seen.setdefault(key, []):
            if source != row['source']:
                return earlier, position
        seen[key].append((position, row['source']))
    return None
