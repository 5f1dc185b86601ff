"""Probes from declaration to outcome, with a ViT and a convnet."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from benchmark.compiling import WORK, CellInputs, compile_probe, localise
from benchmark.errors import BenchmarkError, IncompatibleError
from benchmark.execution import jobs
from benchmark.execution.probe import CacheSlot, execute_probe
from benchmark.kinds.base import DATA, Config
from benchmark.kinds.classification.gallery import ClassificationGallery
from benchmark.models import FeatureBackbone
from benchmark.models.inspection import inspect_backbone
from benchmark.probes.cache import FeatureCache
from benchmark.protocols import load_protocol
from benchmark.results.kept_features import kept_bytes
from benchmark.specs import RunSpec
from tests.support.execution_cells import random_backbone, small_task

TASKS = {'world-covered': 'accuracy', 'world-segmentation': 'mIoU'}
BRIEF = {'iterations': 6, 'batch_size': 4, 'held_out': 0.25}


def compiled(
    world: Path, folder: Path, task: str, architecture: str, protocol: str, seed: int = 0
) -> Config:
    declared, backbone = small_task(task), random_backbone(architecture)
    only = {'knn': ('held_out',), 'logistic': ('held_out', 'iterations')}.get(protocol, BRIEF)
    changes = {key: BRIEF[key] for key in only}
    config = compile_probe(
        CellInputs(
            spec=RunSpec(declared.name, backbone.id, protocol, seed),
            backbone=backbone,
            features=inspect_backbone(backbone),
            task=declared,
            protocol=load_protocol(protocol),
            changes=(changes,),
        )
    )
    return localise(config, {DATA: str(world / declared.source.root), WORK: str(folder)})


@pytest.mark.parametrize(
    ('task', 'architecture', 'protocol'),
    [
        *product(['world-covered'], ['test_vit'], ['knn', 'linear', 'linear-fixed', 'logistic']),
        *product(['world-segmentation'], ['test_resnet'], ['knn', 'linear', 'linear-fixed']),
    ],
)
def test_cell(
    task: str, architecture: str, protocol: str, tiny_world: Path, tmp_path: Path
) -> None:
    outcome = execute_probe(compiled(tiny_world, tmp_path, task, architecture, protocol))
    assert math.isfinite(outcome.raw[TASKS[task]])
    assert outcome.proof['backbone_changed'] is False
    assert outcome.proof['is_random'] is True
    selection = outcome.proof['selection']
    assert selection['trials'] == len(outcome.trials)
    assert selection['score'] == max(t['score'] for t in outcome.trials)
    assert len({json.dumps({**t, 'score': 0}) for t in outcome.trials}) == len(outcome.trials)
    assert len(outcome.pictures) == 4
    assert all((tmp_path / picture).stat().st_size > 1000 for picture in outcome.pictures)
    assert json.loads(json.dumps(asdict(outcome)))


def test_seed_determines_everything(tiny_world: Path, tmp_path: Path) -> None:
    first, again, other = (
        execute_probe(compiled(tiny_world, tmp_path, 'world-covered', 'test_vit', 'linear', seed))
        for seed in (3, 3, 4)
    )
    assert (first.raw, first.trials) == (again.raw, again.trials)
    assert first.trials != other.trials


@pytest.mark.parametrize('task', TASKS)
def test_kept_features_give_the_same_numbers_without_the_backbone(
    task: str, tiny_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = compiled(tiny_world, tmp_path, task, 'test_vit', 'linear-fixed')
    slot = CacheSlot(FeatureCache(tmp_path / 'features', 1 << 24), 'made so')
    cold = execute_probe(config, slot)
    assert set(cold.proof['features'].values()) == {'written to the cache'}
    monkeypatch.setattr(
        'benchmark.execution.probe.read_blocks', lambda *_: pytest.fail('a picture was read again')
    )
    sizes = [path.stat().st_size for path in (tmp_path / 'features').glob('*.safetensors')]
    assert kept_bytes(tmp_path / 'features', 'made so') == sum(sizes)
    assert len(sizes) >= 2
    warm = execute_probe(config, slot)
    assert set(warm.proof['features'].values()) == {'read from the cache'}
    assert (warm.raw, warm.trials) == (cold.raw, cold.trials)


def test_other_weights_are_other_features(tiny_world: Path, tmp_path: Path) -> None:
    """Random weights differ by seed alone; what the campaign knows of the cell is the same."""
    slot = CacheSlot(FeatureCache(tmp_path / 'features', 1 << 24), 'made so')
    first, second = (
        execute_probe(
            compiled(tiny_world, tmp_path, 'world-segmentation', 'test_vit', 'knn', seed), slot
        )
        for seed in (0, 1)
    )
    assert set(second.proof['features'].values()) == {'written to the cache'}
    assert first.trials != second.trials


@HOOKS.register_module()
class TouchingGallery(ClassificationGallery):
    """Changes the backbone while predictions are drawn."""

    touched: list[Any] = []  # noqa: RUF012  (what the test hands in)

    def after_test_iter(self, *arguments: Any, **named: Any) -> None:
        """Add 1 to a parameter."""
        with torch.no_grad():
            next(self.touched[0].parameters()).add_(1)


def test_a_backbone_that_changes_is_refused(
    tiny_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = compiled(tiny_world, tmp_path, 'world-covered', 'test_vit', 'knn')
    config['gallery']['type'] = 'TouchingGallery'
    build = FeatureBackbone.__init__

    def remember(self: FeatureBackbone, **arguments: Any) -> None:
        build(self, **arguments)
        TouchingGallery.touched[:] = [self]

    monkeypatch.setattr(FeatureBackbone, '__init__', remember)
    assert issubclass(TouchingGallery, Hook)
    with pytest.raises(BenchmarkError, match='frozen backbone changed'):
        execute_probe(config)


def test_a_worker_answers_with_plain_data(tiny_world: Path, tmp_path: Path) -> None:
    config = compiled(tiny_world, tmp_path, 'world-covered', 'test_resnet', 'knn')
    cache = {'folder': str(tmp_path / 'features'), 'limit': 1 << 24, 'key': 'made so'}
    request = {'job': 'probe', 'config': config, 'folder': str(tmp_path / 'work'), 'cache': cache}
    found = jobs.answer(request)
    assert found['error'] == ''
    # one choice of features; 1, 5 or 10 of 12 neighbours at three temperatures
    assert len(found['trials']) == 9
    assert json.loads(json.dumps(found)) == found
    assert len(list((tmp_path / 'features').glob('*.safetensors'))) == 2
    cache['limit'] = 0
    assert jobs.answer(request)['proof']['features'] == {'train': 'not kept', 'test': 'not kept'}


def test_a_split_too_small_to_choose_on_is_told(tiny_world: Path, tmp_path: Path) -> None:
    config = compiled(tiny_world, tmp_path, 'world-covered', 'test_resnet', 'knn')
    config['solver']['held_out'] = 0.01
    with pytest.raises(BenchmarkError, match='is too small to hold out'):
        execute_probe(config)


def test_features_that_do_not_fit_into_memory_are_refused(
    tiny_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = compiled(tiny_world, tmp_path, 'world-covered', 'test_resnet', 'knn')
    monkeypatch.setattr('psutil.virtual_memory', lambda: SimpleNamespace(available=1000))
    with pytest.raises(IncompatibleError, match=r"of 16 pictures .* take the protocol 'linear'"):
        execute_probe(config)
