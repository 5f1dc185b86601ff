"""Loss curves and the audit, driven as mmengine's loop drives them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from benchmark.engine import LossHistory, ParameterAudit
from benchmark.errors import BenchmarkError, CheckpointError


class Hub:
    """What mmengine's log is written from."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []

    def update_scalar(self, name: str, value: float) -> None:
        self.seen.append((name, value))


def at(iteration: int) -> Any:
    """Return a runner at an iteration."""
    return SimpleNamespace(iter=iteration, message_hub=Hub(), optim_wrapper=SimpleNamespace())


def feed(history: LossHistory, losses: list[dict[str, float]], start: int = 0) -> None:
    for iteration, values in enumerate(losses, start):
        runner = at(iteration)
        tensors = {k: torch.tensor(v, requires_grad=True) for k, v in values.items()}
        history.before_train_iter(runner, iteration)
        history.after_train_iter(runner, iteration, outputs=tensors)


def test_curves_are_means_over_intervals() -> None:
    history = LossHistory(interval=2)
    feed(
        history,
        [
            {'loss': 4.0, 'rpn.loss_cls': 3.0, 'acc': 9.0},
            {'loss': 2.0, 'rpn.loss_cls': 1.0, 'acc': 9.0},
            {'loss': 1.0, 'rpn.loss_cls': 0.5, 'acc': 9.0},
            {'loss': 0.0, 'rpn.loss_cls': 0.25, 'acc': 9.0},
            {'loss': 7.0, 'rpn.loss_cls': 7.0, 'acc': 9.0},
        ],
    )
    assert history.curves == {
        'iteration': [2.0, 4.0],
        'loss': [3.0, 0.5],
        'rpn.loss_cls': [2.0, 0.375],
    }
    assert history.first_iteration == 0


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_loss_that_is_no_number_ends_training(value: float) -> None:
    with pytest.raises(BenchmarkError, match=r'loss_mask became (nan|inf) at iteration 2'):
        feed(LossHistory(interval=5), [{'loss_mask': 1.0}, {'loss_mask': value}])


STEPS = [{'loss': 4.0}, {'loss': 2.0}, {'loss': 1.0}, {'loss': 0.5}, {'loss': 8.0}]


@pytest.mark.parametrize('block', [1, 2, 3, 100])
def test_curves_do_not_depend_on_how_many_steps_are_read_together(block: int) -> None:
    history, alone = LossHistory(interval=4, block=block), LossHistory(interval=4)
    for one in (history, alone):
        feed(one, STEPS)
        one.after_train(at(5))
    assert history.curves == alone.curves == {'iteration': [4.0], 'loss': [1.875]}
    assert history._window == alone._window == {'loss': [8.0]}


def test_nothing_is_read_before_a_block_is_full() -> None:
    history, runner = LossHistory(interval=100, block=3), at(0)
    for step, expected in enumerate([0, 0, 3, 3]):
        runner.iter = step
        history.after_train_iter(runner, step, outputs={'loss': torch.tensor(float(step))})
        assert len(runner.message_hub.seen) == expected
    assert runner.message_hub.seen == [('train/loss', float(step)) for step in range(3)]


@pytest.mark.parametrize('end', ['after_train', 'before_save_checkpoint'])
def test_a_loss_that_is_no_number_is_not_missed_at_the_end(end: str) -> None:
    history = LossHistory(interval=100, block=50)
    feed(history, [{'loss': 1.0}, {'loss': float('nan')}, {'loss': 1.0}])
    with pytest.raises(BenchmarkError, match='loss became nan at iteration 2'):
        getattr(history, end)(at(3), *({},) * (end != 'after_train'))


def test_the_norm_of_the_gradient_goes_to_the_log_alone() -> None:
    history, runner = LossHistory(interval=1), at(0)
    runner.optim_wrapper.grad_norm = torch.tensor(3.0)
    history.after_train_iter(runner, 0, outputs={'loss': torch.tensor(1.0)})
    assert runner.message_hub.seen == [('train/loss', 1.0), ('train/grad_norm', 3.0)]
    assert history.curves == {'iteration': [1.0], 'loss': [1.0]}


def test_curves_continue_after_a_checkpoint() -> None:
    runner = at(2)
    first, second, checkpoint = LossHistory(interval=2), LossHistory(interval=2), {}
    feed(first, [{'loss': 4.0}, {'loss': 2.0}, {'loss': 1.0}])
    first.before_save_checkpoint(runner, checkpoint)
    second.after_load_checkpoint(runner, checkpoint)
    feed(second, [{'loss': 3.0}], start=3)
    assert second.curves == {'iteration': [2.0, 4.0], 'loss': [3.0, 2.0]}
    assert second.first_iteration == 3


class Model(nn.Module):
    """A backbone with statistics, and a head."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, width, 1), nn.BatchNorm2d(width))
        self.head = nn.Linear(width, 2)


def audited(model: nn.Module) -> Any:
    groups = [
        {'name': 'head', 'params': list(model.head.parameters()), 'lr': 0.0, 'initial_lr': 0.1},
        {'name': 'rest', 'params': list(model.backbone.parameters()), 'lr': 0.2},
    ]
    optimiser = SimpleNamespace(param_groups=[{**g, 'weight_decay': 0.05} for g in groups])
    wrapper = SimpleNamespace(optimizer=optimiser)
    return SimpleNamespace(model=model, optim_wrapper=wrapper, work_dir='work')


def report_after(model: Model, *changed: str) -> dict[str, Any]:
    audit = ParameterAudit()
    audit.before_train(audited(model))
    with torch.no_grad():
        for name in changed:
            model.state_dict()[name].add_(1)
    audit.after_train(audited(model))
    return audit.report


def test_audit_of_untouched_model() -> None:
    report = report_after(Model())
    assert (report['backbone_changed'], report['head_changed']) == (False, False)
    assert report['backbone_tensors'] == '0 of 7 changed'
    assert report['head_tensors'] == '0 of 2 changed'


@pytest.mark.parametrize(
    'name',
    [
        'backbone.0.weight',
        'backbone.1.bias',
        'backbone.1.running_var',
        'backbone.1.num_batches_tracked',
    ],
)
def test_audit_sees_parameters_and_buffers(name: str) -> None:
    report = report_after(Model(), name)
    assert (report['backbone_changed'], report['head_changed']) == (True, False)
    assert report['backbone_tensors'] == '1 of 7 changed'


def test_audit_tells_head_from_backbone_and_keeps_the_groups() -> None:
    report = report_after(Model(), 'head.weight')
    assert (report['backbone_changed'], report['head_changed']) == (False, True)
    assert report['groups'] == [
        {'name': 'head', 'lr': 0.1, 'weight_decay': 0.05, 'parameters': 10},
        {'name': 'rest', 'lr': 0.2, 'weight_decay': 0.05, 'parameters': 24},
    ]


def test_audit_compares_with_the_state_before_the_resumed_training() -> None:
    model = Model()
    interrupted, resumed, checkpoint = ParameterAudit(), ParameterAudit(), {}
    interrupted.before_train(audited(model))
    with torch.no_grad():
        model.head.weight.add_(1)
    checkpoint['state_dict'] = model.state_dict()
    interrupted.before_save_checkpoint(audited(model), checkpoint)
    resumed.after_load_checkpoint(audited(model), checkpoint)
    resumed.before_train(audited(model))
    resumed.after_train(audited(model))
    assert resumed.report['head_changed']
    assert not resumed.report['backbone_changed']


def test_checkpoint_of_another_model_is_refused() -> None:
    checkpoint = {'state_dict': Model(width=5).state_dict()}
    with pytest.raises(CheckpointError, match='work: the checkpoint there is of another model'):
        ParameterAudit().after_load_checkpoint(audited(Model()), checkpoint)
