"""Every kind from declaration to outcome, on both protocols, with a ViT and a convnet."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch

from benchmark.errors import BenchmarkError, CheckpointError
from benchmark.execution.execute import Learning, execute, verify
from benchmark.execution.outcome import Outcome
from tests.support.execution_cells import KEPT, Cell, moved, random_backbone, small_task

KINDS = {
    'classification': ('world-covered', 'linear', 'accuracy'),
    'upernet': ('world-segmentation', 'upernet', 'mIoU'),
    'linear segmentation': ('world-segmentation', 'linear', 'mIoU'),
    'detection': ('world-detection', 'mask_rcnn', 'mask_AP'),
}


def run(cell: Cell) -> Outcome:
    return execute(cell.config_with({'type': 'KeepStates', 'name': str(cell.folder)}), cell.folder)


@pytest.mark.parametrize('protocol', ['frozen', 'finetune'])
@pytest.mark.parametrize('architecture', ['test_vit', 'test_resnet'])
@pytest.mark.parametrize('kind', KINDS)
def test_cell(
    kind: str, architecture: str, protocol: str, tiny_world: Path, tmp_path: Path
) -> None:
    name, head, metric = KINDS[kind]
    backbone = random_backbone(architecture)
    cell = Cell(tiny_world, tmp_path / 'cell', small_task(name, head), backbone, protocol)
    outcome = run(cell)
    before, after = KEPT[str(cell.folder)]
    assert bool(moved(before, after, backbone=True)) is (protocol == 'finetune')
    assert moved(before, after, backbone=False)
    assert outcome.proof['backbone_changed'] is (protocol == 'finetune')
    assert metric in outcome.raw
    assert all(math.isfinite(value) for value in outcome.raw.values())
    assert outcome.curves['iteration'] == [1.0, 2.0, 3.0, 4.0]
    assert outcome.cost['iterations'] == 4
    assert outcome.cost['resumed_at'] == 0
    assert min(outcome.cost[k] for k in ('train_seconds', 'test_seconds', 'peak_memory_mb')) > 0
    assert len(outcome.pictures) == 4
    assert all((cell.folder / picture).stat().st_size > 1000 for picture in outcome.pictures)
    # until the record is safe, the last checkpoints stay
    assert len(list(cell.folder.glob('*.pth'))) == 2


@pytest.mark.parametrize(
    ('kind', 'architecture'), [('classification', 'test_vit'), ('detection', 'test_resnet')]
)
def test_seed_determines_everything(
    kind: str, architecture: str, tiny_world: Path, tmp_path: Path
) -> None:
    name, head, _ = KINDS[kind]
    changes = {'drop_path': 0.2, 'iterations': 2}
    first, again, other = (
        execute(
            Cell(
                tiny_world,
                tmp_path / folder,
                small_task(name, head),
                random_backbone(architecture),
                seed=seed,
                changes=changes,
            ).config(),
            tmp_path / folder,
        )
        for folder, seed in (('first', 3), ('again', 3), ('other', 4))
    )
    assert first.raw == again.raw
    assert first.curves == again.curves
    assert first.curves['loss'] != other.curves['loss']
    pictures = [(tmp_path / f / first.pictures[0]).read_bytes() for f in ('first', 'again')]
    assert pictures[0] == pictures[1]


def test_proof_tells_rates_normalisation_and_weights(tiny_world: Path, tmp_path: Path) -> None:
    source = timm.create_model('test_vit', num_classes=0)
    torch.save({'model': source.state_dict()}, tmp_path / 'vit.pth')
    backbone = replace(
        random_backbone('test_vit'), is_random=False, checkpoint=tmp_path / 'vit.pth'
    )
    cell = Cell(tiny_world, tmp_path / 'cell', small_task('world-covered'), backbone)
    outcome = run(cell)
    before, _ = KEPT[str(cell.folder)]
    loaded = {k.removeprefix('backbone.body.'): v for k, v in before.items()}
    assert all(torch.equal(loaded[name], value) for name, value in source.state_dict().items())
    proof = outcome.proof
    assert (proof['is_random'], proof['missing'], proof['unexpected']) == (False, [], [])
    assert proof['loaded'] == proof['total'] == len(source.state_dict())
    assert proof['normalisation'] == {'mean': [127.5] * 3, 'std': [127.5] * 3}
    rates = {group['name']: group['lr'] for group in proof['groups']}
    assert rates['head'] == pytest.approx(1e-3)
    assert rates['backbone layer 0'] == pytest.approx(1e-3 * 0.9**7)
    total = sum(group['parameters'] for group in proof['groups'])
    assert total == sum(v.numel() for k, v in before.items() if 'num_batches' not in k)


def test_weights_of_another_architecture(tiny_world: Path, tmp_path: Path) -> None:
    torch.save(timm.create_model('test_vit2', num_classes=0).state_dict(), tmp_path / 'vit2.pth')
    checkpoint = tmp_path / 'vit2.pth'
    backbone = replace(random_backbone('test_vit'), is_random=False, checkpoint=checkpoint)
    cell = Cell(tiny_world, tmp_path / 'cell', small_task('world-covered'), backbone)
    with pytest.raises(CheckpointError, match=r'vit2\.pth: .*wrong architecture'):
        execute(cell.config(), cell.folder)


def test_backbone_that_is_not_frozen_after_all(tiny_world: Path, tmp_path: Path) -> None:
    backbone = random_backbone('test_resnet')
    cell = Cell(tiny_world, tmp_path / 'cell', small_task('world-covered'), backbone, 'frozen')
    with pytest.raises(BenchmarkError, match='frozen backbone changed in training: 1 of'):
        execute(cell.config_with({'type': 'TouchBackbone'}), cell.folder)


@pytest.mark.parametrize(
    ('backbone_changed', 'head_changed', 'frozen', 'message'),
    [
        (False, False, True, 'the head did not learn'),
        (True, False, False, 'the head did not learn'),
        (True, True, True, 'frozen backbone changed in training: 3 of 9'),
        (False, True, False, 'was not fine-tuned'),
    ],
)
def test_verify_refuses(
    backbone_changed: bool, head_changed: bool, frozen: bool, message: str
) -> None:
    proof = {
        'backbone_changed': backbone_changed,
        'backbone_learned': backbone_changed,
        'head_learned': head_changed,
        'backbone_tensors': '3 of 9 changed',
    }
    with pytest.raises(BenchmarkError, match=message):
        verify(proof, Learning.NOTHING if frozen else Learning.ALL)


@pytest.mark.parametrize('frozen', [True, False])
def test_verify_accepts_what_the_protocol_says(frozen: bool) -> None:
    moved = not frozen
    proof = {'backbone_changed': moved, 'backbone_learned': moved, 'head_learned': True}
    verify(proof, Learning.NOTHING if frozen else Learning.ALL)


def test_moving_statistics_are_no_learning() -> None:
    proof = {'backbone_changed': True, 'backbone_learned': False, 'head_learned': True}
    with pytest.raises(BenchmarkError, match='was not fine-tuned'):
        verify(proof, Learning.ALL)
