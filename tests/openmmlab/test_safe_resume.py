"""Resuming by mmengine's Runner, which must work and must not execute a checkpoint."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmark.errors import CheckpointError
from benchmark.openmmlab import prepare

prepare()

from mmengine.model import BaseModel  # noqa: E402
from mmengine.runner import CheckpointLoader, Runner  # noqa: E402
from mmengine.runner import checkpoint as mmengine_checkpoint  # noqa: E402

pytestmark = pytest.mark.filterwarnings('ignore::DeprecationWarning:mmengine')


class Points(torch.utils.data.Dataset):
    """Sixteen points, with such numpy arrays in the description as mmpose's data sets have."""

    metainfo: ClassVar = {'classes': ('a',), 'sigmas': np.array([0.1, 0.2], dtype=np.float32)}

    def __len__(self) -> int:
        """Return the number of points."""
        return 16

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Return one point."""
        return {'x': torch.tensor([float(index), 1.0])}


class Regression(BaseModel):
    """A linear layer that learns to return one."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(2, 1)
        torch.nn.init.zeros_(self.linear.weight)
        torch.nn.init.zeros_(self.linear.bias)

    def forward(self, x: list[Tensor], mode: str = 'loss') -> dict[str, Tensor]:
        """Return the loss of a batch."""
        return {'loss': (self.linear(torch.stack(x)) - 1).square().mean()}


class CreatesFile:
    """An object whose unpickling creates the file ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., int], tuple[str]]:
        """Return what a pickle is told to call."""
        return os.system, (f'touch {self.path}',)


def make_runner(folder: Path, *, iterations: int, **options: Any) -> Runner:
    """Return a Runner that writes a checkpoint at its last iteration."""
    return Runner(
        model=Regression(),
        work_dir=str(folder),
        experiment_name=f'{folder.name}_{iterations}_{"resume" in options}',
        train_dataloader={
            'batch_size': 4,
            'dataset': Points(),
            'sampler': {'type': 'InfiniteSampler', 'shuffle': False},
            'num_workers': 0,
        },
        train_cfg={'by_epoch': False, 'max_iters': iterations},
        optim_wrapper={'optimizer': {'type': 'AdamW', 'lr': 0.01}},
        param_scheduler={'type': 'CosineAnnealingLR', 'by_epoch': False, 'end': 8},
        default_hooks={
            'checkpoint': {'type': 'CheckpointHook', 'by_epoch': False, 'interval': iterations},
            'logger': {'type': 'LoggerHook', 'interval': 1},
        },
        custom_hooks=[{'type': 'EMAHook'}],
        randomness={'seed': 0},
        log_level='ERROR',
        **options,
    )


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """Return the checkpoint of a training of four iterations."""
    make_runner(tmp_path, iterations=4).train()
    return tmp_path / 'iter_4.pth'


def test_resumed_training_ends_like_an_uninterrupted_one(trained: Path, tmp_path: Path) -> None:
    whole = make_runner(tmp_path / 'whole', iterations=8)
    whole.train()
    resumed = make_runner(tmp_path, iterations=8, load_from=str(trained), resume=True)
    resumed.train()
    losses = [runner.message_hub.get_scalar('train/loss').data[0] for runner in (resumed, whole)]
    assert len(losses[0]) == 8
    assert losses[0].tolist() == losses[1].tolist()
    assert torch.equal(resumed.model.linear.weight, whole.model.linear.weight)


def test_checkpoint_with_code_is_refused_and_not_executed(trained: Path) -> None:
    content = torch.load(trained, weights_only=False)
    trace = trained.parent / 'executed'
    torch.save({**content, 'extra': CreatesFile(trace)}, trained)
    resumed = make_runner(trained.parent, iterations=8, load_from=str(trained), resume=True)
    with pytest.raises(CheckpointError, match=r'iter_4\.pth: holds code .*posix\.system'):
        resumed.train()
    assert not trace.exists()


@pytest.mark.parametrize(
    'load',
    [
        lambda path: CheckpointLoader.load_checkpoint(str(path), logger='silent'),
        lambda path: mmengine_checkpoint.load_from_http(path.as_uri(), model_dir=path.parent / 'c'),
        lambda path: mmengine_checkpoint._safe_torch_load(io.BytesIO(path.read_bytes())),
        lambda path: mmengine_checkpoint._safe_torch_load(str(path), weights_only=False),
    ],
    ids=['local', 'download', 'stream', 'unsafe on request'],
)
def test_no_way_of_loading_executes_code(load: Callable[[Path], Any], tmp_path: Path) -> None:
    trace, good, bad = (tmp_path / name for name in ('executed', 'good.pth', 'bad.pth'))
    torch.save({'a': torch.ones(1), 'log': np.arange(2)}, good)
    torch.save({'a': torch.ones(1), 'extra': CreatesFile(trace)}, bad)
    assert load(good)['log'].tolist() == [0, 1]
    with pytest.raises(CheckpointError, match='holds code'):
        load(bad)
    assert not trace.exists()
