"""Which checkpoints are seen, when they are complete, and which step they are of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from benchmark.errors import CheckpointError
from benchmark.watching.looking import Looks, step_in_file, step_in_name


def names(looks: Looks) -> list[str]:
    return [seen.path.relative_to(looks.folder).as_posix() for seen in looks.look()[0]]


def test_a_file_counts_once_it_did_not_change_from_one_look_to_the_next(tmp_path: Path) -> None:
    looks = Looks(tmp_path)
    path = tmp_path / 'deep' / 'step_1.pth'
    path.parent.mkdir()
    path.write_bytes(b'a')
    assert looks.look() == ([], 1)
    path.write_bytes(b'ab')
    assert looks.look() == ([], 1)
    assert names(looks) == ['deep/step_1.pth']
    os.utime(path, ns=(0, 0))  # written over by content of the same size
    assert names(looks) == []
    assert names(looks) == ['deep/step_1.pth']


def test_what_lies_beside_weights_is_no_checkpoint(tmp_path: Path) -> None:
    for name in ('optimizer.pt', 'rng_state_0.pth', '.draft.pth', 'step_1.tmp.pt', 'log.txt',
                 'step_2.ckpt'):  # fmt: skip
        (tmp_path / name).write_bytes(b'a')
    trainer = tmp_path / 'checkpoint-500'
    trainer.mkdir()
    for name in ('model.safetensors', 'optimizer.pt', 'training_args.bin'):
        (trainer / name).write_bytes(b'a')
    looks = Looks(tmp_path)
    looks.look()
    assert names(looks) == ['checkpoint-500', 'step_2.ckpt']


def test_with_a_marker_only_marked_ones_count(tmp_path: Path) -> None:
    (tmp_path / 'step_1.pth').write_bytes(b'a')
    (tmp_path / 'step_2.pth').write_bytes(b'a')
    (tmp_path / 'step_2.pth.done').touch()
    folder = tmp_path / 'checkpoint-3'
    folder.mkdir()
    (folder / 'model.safetensors').write_bytes(b'a')
    looks = Looks(tmp_path, marker='.done')
    looks.look()
    assert names(looks) == ['step_2.pth']
    (folder / '.done').touch()
    looks.look()
    assert names(looks) == ['checkpoint-3', 'step_2.pth']


@pytest.mark.parametrize(
    ('name', 'step'),
    [
        ('iter_200-0a9b1c2d3e4f.pth', 200),
        ('epoch=3-step=500.ckpt', 500),
        ('checkpoint-0099.pth', 99),
        ('epoch_12.pth', 12),
        ('global_step1000/model.pt', 1000),
        ('vit_base_patch16_224_step_7.pth', 7),
        ('model_0042.pt', 42),
        ('last.pth', None),
        ('vit_small_patch16_224.augreg.pth', None),
    ],
)
def test_the_step_is_read_from_the_name(name: str, step: int | None) -> None:
    assert step_in_name(Path('runs') / name, Path('runs')) == step


def test_the_step_is_read_from_a_key(tmp_path: Path) -> None:
    torch.save({'meta': {'iter': 70}, 'state_dict': {'a': torch.ones(1)}}, tmp_path / 'last.pth')
    assert step_in_file(tmp_path / 'last.pth', 'meta.iter') == 70
    save_file({'a': torch.ones(1)}, tmp_path / 'a.safetensors', {'step': '80'})
    assert step_in_file(tmp_path / 'a.safetensors', 'step') == 80
    with pytest.raises(CheckpointError, match=r'no step under --step-key iter \(found: meta.iter'):
        step_in_file(tmp_path / 'last.pth', 'iter')
    (tmp_path / 'b.safetensors').write_bytes(b'\xff' * 20)
    with pytest.raises(CheckpointError, match='not a readable safetensors file'):
        step_in_file(tmp_path / 'b.safetensors', 'step')
