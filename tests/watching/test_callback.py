"""A network inside a training loop gets the scores of its saved checkpoint, and trains on alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import transferbench as tb
from benchmark.launching.executors.inline import InlineExecutor
from benchmark.watching.evaluating import Evaluator
from benchmark.watching.watch import Watching, watch
from tests.watching.conftest import TASK, arch, plain_scores

Make = Callable[..., tb.Watcher]


@pytest.fixture
def make(tmp_path: Path, tiny_data: Path) -> Make:
    def made(which: str | None, name: str = 'callback', **options: Any) -> tb.Watcher:
        return tb.Watcher(
            which,
            suite='quick',
            tasks=[TASK],
            protocols=['knn'],
            seeds=[0],
            out=tmp_path / name,
            data_root=tiny_data,
            device='cpu',
            **options,
        )

    return made


def loop(
    net: ModuleType, steps: int, after: Callable[[nn.Module, int], Any]
) -> tuple[nn.Module, list[float]]:
    """Train on noise in plain torch, dropout included, and return module and losses."""
    torch.manual_seed(0)
    module = net.Net().train()
    optimiser = torch.optim.SGD(module.parameters(), lr=0.05)
    losses: list[float] = []
    for step in range(1, steps + 1):
        optimiser.zero_grad()
        loss: Tensor = module(torch.randn(4, 3, 32, 32))[1].square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        after(module, step)
        assert module.training
    return module, losses


def test_the_scores_are_those_of_the_saved_checkpoint(
    net: ModuleType, make: Make, tmp_path: Path, tiny_data: Path
) -> None:
    """With the weights saved or the module in memory; the training does not notice."""
    run = tmp_path / 'run'
    run.mkdir()

    def save(module: nn.Module, step: int) -> None:
        torch.save(module.state_dict(), run / f'step_{step}.pth')

    _, undisturbed = loop(net, 4, save)
    lines: list[str] = []
    saving = make(arch(tmp_path), every=2, say=lines.append)
    holding = make(None, 'memory', every=2, say=lines.append)
    _, losses = loop(net, 4, lambda module, step: (saving(module, step), holding(module, step)))
    assert losses == undisturbed
    assert [line.partition(':')[0] for line in lines if line.startswith('step')] == [
        'step 2', 'step 2', 'step 4', 'step 4'
    ]  # fmt: skip

    evaluator = Evaluator(
        suite='quick', out=tmp_path / 'alone', tasks=[TASK], protocols=['knn'], seeds=[0],
        options={'data_root': tiny_data},
    )  # fmt: skip
    watching = Watching(folder=run, arch=arch(tmp_path), every=2, once=True, interval=0)
    alone = watch(watching, evaluator, executor=InlineExecutor('cpu')).entries
    assert [entry.step for entry in alone] == [2, 4]
    for watcher in (saving, holding):
        assert [plain_scores(e.scores) for e in watcher.ledger.entries] == [
            plain_scores(e.scores) for e in alone
        ]
        for entry, other in zip(watcher.ledger.entries, alone, strict=True):
            assert entry.health == other.health
    assert not list((tmp_path / 'callback' / 'checkpoints').iterdir())


def test_a_loop_that_starts_again_evaluates_nothing_twice(net: ModuleType, make: Make) -> None:
    first: list[str] = []
    again: list[str] = []
    watcher = make('timm:test_vit', say=first.append)
    torch.manual_seed(0)
    import timm

    module = timm.create_model('test_vit')
    found = watcher(module, 1)
    assert found is not None
    assert found.health['attention_entropy'] is not None
    other = make('timm:test_vit', say=again.append)
    assert other(module, 1) == found
    assert again == []
    with pytest.raises(tb.IncompatibleError, match='are not weights of timm:test_vit'):
        other(net.Net(), 2)
    assert [entry.step for entry in other.ledger.entries] == [1]


class Called:
    """In the place of a watcher: notes what it is called with."""

    def __init__(self, every: int) -> None:
        self.every, self.calls = every, list[tuple[Any, int]]()

    def is_due(self, step: int) -> bool:
        return step % self.every == 0

    def __call__(self, module: Any, step: int) -> None:
        self.calls.append((module, step))


def test_the_hook_of_mmengine_calls_it_after_steps() -> None:
    from mmengine.runner import Runner

    from benchmark.watching.adapters import mmengine_hook

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = nn.Linear(1, 1)

    called = Called(2)
    runner: Any = SimpleNamespace(model=Model(), iter=0, _hooks=[])
    Runner.register_hook(runner, mmengine_hook(called, None))  # type: ignore[arg-type]
    for step in range(4):
        runner.iter = step
        Runner.call_hook(runner, 'after_train_iter', batch_idx=step, data_batch=None, outputs=None)
        Runner.call_hook(runner, 'after_test_epoch', metrics={})
    assert called.calls == [(runner.model.backbone, 2), (runner.model.backbone, 4)]


def test_the_callback_of_transformers_calls_it_after_steps() -> None:
    transformers = pytest.importorskip('transformers')
    from transformers.trainer_callback import CallbackHandler

    from benchmark.watching.adapters import TrainerCallback

    called = Called(10)
    model = nn.Linear(1, 1)
    callback = TrainerCallback(called, None)  # type: ignore[arg-type]
    handler = CallbackHandler([callback], model, None, None, None)
    state, control = transformers.TrainerState(), transformers.TrainerControl()
    arguments = SimpleNamespace()
    handler.on_train_begin(arguments, state, control)
    for step in (9, 10, 11, 20):
        state.global_step = step
        handler.on_step_end(arguments, state, control)
    handler.on_save(arguments, state, control)
    assert called.calls == [(model, 10), (model, 20)]


def test_the_callback_of_lightning_calls_it_once_per_step_of_the_optimiser() -> None:
    """Two batches add up to a step; Lightning is not installed here, its calls are imitated."""
    from benchmark.watching.adapters import LightningCallback

    called = Called(2)
    module = SimpleNamespace(backbone=nn.Linear(1, 1))
    callback = LightningCallback(called, lambda model: model.backbone)  # type: ignore[arg-type]
    trainer = SimpleNamespace(global_step=0)
    callback.setup(trainer, module, stage='fit')
    callback.on_fit_start(trainer, module)
    for batch in range(8):
        trainer.global_step = (batch + 1) // 2
        callback.on_train_batch_end(trainer, module, None, None, batch)
    assert callback.state_dict() == {}
    assert called.calls == [(module.backbone, 2), (module.backbone, 4)]
    with pytest.raises(AttributeError):
        callback.no_such_event  # noqa: B018
