"""A record that uses every field of the schema."""

from __future__ import annotations

from benchmark.results.records import RunRecord, Status
from benchmark.specs import RunSpec

FINGERPRINT = '0123456789abcdef' * 4


def full_record(spec: RunSpec | None = None, *, fingerprint: str = FINGERPRINT) -> RunRecord:
    return RunRecord(
        suite='quick',
        spec=spec or RunSpec('parts', 'vit-s-mae', 'finetune', 0),
        fingerprint=fingerprint,
        status=Status.OK,
        primary='mIoU',
        scores={'mIoU': 46.3, 'aAcc': 81.25},
        raw={'mIoU': 46.3, 'aAcc': 0.8125},
        task={'kind': 'segmentation', 'title': 'Körperteile · 部分', 'version': 1},
        backbone={'title': 'ViT-S “MAE”', 'pretraining': {'method': 'MAE', 'labels': False}},
        proof={'loaded': 150, 'missing': [], 'backbone_changed': True},
        cost={'train_seconds': 27.5, 'device': 'cpu'},
        provenance={'finished': '2031-05-04T10:00:00+00:00'},
        curves={'iteration': [1.0, 2.0], 'loss': [2.5, 1.5]},
        pictures=('a.png', 'b.png'),
        config={'model': {'type': 'X', 'channels': [1, 2]}},
    )
