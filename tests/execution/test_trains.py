"""A protocol says what trains: what it names changes, all the rest stays to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmark.compiling import CellInputs, compile_config
from benchmark.engine.audit import ParameterAudit
from benchmark.errors import BenchmarkError, IncompatibleError
from benchmark.execution.execute import execute
from benchmark.execution.outcome import Outcome
from benchmark.models import FeatureBackbone
from benchmark.models.inspection import inspect_backbone
from benchmark.protocols import load_protocol
from benchmark.registry import MODELS
from benchmark.specs import Adapter, Names, Protocol, RunSpec, Trains
from tests.support.execution_cells import BUDGET, KEPT, TRAINED, moved, random_backbone, small_task

ALL = load_protocol('finetune')


@MODELS.register_module()
class AddedBias(nn.Module):
    """Adds what it learns to the output of every attention's projection."""

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self._pattern = pattern
        self.biases = nn.ParameterList()

    def attach(self, network: nn.Module) -> None:
        for name, part in network.named_modules():
            if name.endswith(self._pattern) and isinstance(part, nn.Linear):
                bias = nn.Parameter(torch.zeros(part.out_features))
                self.biases.append(bias)
                part.register_forward_hook(_adding(bias))


def _adding(bias: nn.Parameter) -> Any:
    def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return output + bias

    return hook


def protocol(trains: Trains | Names | Adapter) -> Protocol:
    return Protocol('mine', 'mine', trains, ALL.recipes)


def run(
    world: Path, folder: Path, architecture: str, trains: Trains | Names | Adapter, *hooks: Any
) -> tuple[Outcome, list[str]]:
    """Return the outcome of a short training, and the backbone's tensors that changed."""
    from benchmark.compiling import WORK, localise
    from benchmark.kinds.base import DATA

    task, backbone = small_task('world-covered'), random_backbone(architecture)
    spec = RunSpec(task.name, backbone.id, 'mine', 0)
    features = inspect_backbone(backbone)
    changes = ({**TRAINED, **BUDGET},)
    cell = CellInputs(spec, backbone, features, task, protocol(trains), changes)
    places = {DATA: str(world / task.source.root), WORK: str(folder)}
    config = localise(compile_config(cell), places)
    KEPT.pop('trains', None)
    keep = {'type': 'KeepStates', 'name': 'trains'}
    config['custom_hooks'] = [*config['custom_hooks'], keep, *hooks]
    outcome = execute(config, folder)
    before, after = KEPT['trains']
    return outcome, moved(before, after, backbone=True)


def test_a_pattern_of_names_trains_what_it_matches(tiny_world: Path, tmp_path: Path) -> None:
    outcome, changed = run(tiny_world, tmp_path, 'test_vit', Names(('blocks.5.*', 'norm.*')))
    assert changed
    assert all(
        name.startswith(('backbone.body.blocks.5.', 'backbone.body.norm.')) for name in changed
    )
    assert any('blocks.5.mlp' in name for name in changed)
    assert outcome.proof['frozen_changed'] is False
    assert outcome.proof['frozen_tensors'].startswith('0 of ')
    trained = len(
        [n for n in KEPT['trains'][0] if 'backbone.body.blocks.5.' in n or 'body.norm.' in n]
    )
    assert outcome.proof['trained_tensors'].endswith(f' of {trained} changed')
    assert outcome.proof['head_learned']


def test_the_last_layers_train_and_statistics_below_stay(tiny_world: Path, tmp_path: Path) -> None:
    outcome, changed = run(tiny_world, tmp_path, 'test_resnet', Names(last=1))
    assert any(name.endswith('running_mean') for name in changed)
    network = FeatureBackbone(source='timm:test_resnet', random=True)
    layers = {name: network.layer_of(name)[0] for name, _ in network.named_parameters()}
    top = max(layers.values())
    assert {layers[n.removeprefix('backbone.')] for n in changed if n[9:] in layers} == {top}
    still = [n for n in KEPT['trains'][0] if n.startswith('backbone.') and n not in changed]
    assert any(name.endswith('running_mean') for name in still)
    assert {group['name'].partition('/')[0] for group in outcome.proof['groups']} == {
        'head', f'backbone layer {top}'
    }  # fmt: skip


def test_an_adapter_trains_in_the_place_of_the_backbone(tiny_world: Path, tmp_path: Path) -> None:
    adapter = Adapter('benchmark.AddedBias', {'pattern': 'attn.proj'})
    outcome, changed = run(tiny_world, tmp_path, 'test_vit', adapter)
    assert changed
    assert all(name.startswith('backbone.adapter.biases.') for name in changed)
    assert outcome.proof['frozen_changed'] is False
    names = {group['name'] for group in outcome.proof['groups'] if 'backbone' in group['name']}
    assert len(names) == 1  # at the rate of the head
    (rate,) = {group['lr'] for group in outcome.proof['groups']}
    assert rate == TRAINED['lr']


@pytest.mark.parametrize('name', ['lora', 'partial'])
def test_a_shipped_protocol_trains_a_part_of_the_backbone(
    name: str, tiny_world: Path, tmp_path: Path
) -> None:
    trains = load_protocol(name).trains
    outcome, changed = run(tiny_world, tmp_path, 'test_vit', trains)
    assert outcome.proof['frozen_changed'] is False
    assert outcome.proof['head_learned']
    top = FeatureBackbone(source='timm:test_vit', random=True).layer_of('norm.weight')[1]
    last = range(top + 1, top + 2) if name == 'lora' else range(top - 3, top + 1)
    assert changed
    assert {group['name'].partition('/')[0] for group in outcome.proof['groups']} == {
        'head', *(f'backbone layer {layer}' for layer in last)
    }  # fmt: skip
    if name == 'lora':
        assert all(item.startswith('backbone.adapter.changes.') for item in changed)


def test_a_frozen_part_that_changes_is_found_out(tiny_world: Path, tmp_path: Path) -> None:
    class Touch(ParameterAudit.__mro__[1]):  # type: ignore[misc]
        """Changes a frozen number."""

        def after_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
            next(runner.model.backbone.body.parameters()).data.add_(1)

    from mmengine.registry import HOOKS

    HOOKS.register_module(name='TouchFrozen', module=Touch, force=True)
    with pytest.raises(BenchmarkError, match='frozen part of the backbone changed in training: 1'):
        run(tiny_world, tmp_path, 'test_vit', Names(last=1), {'type': 'TouchFrozen'})


@pytest.mark.parametrize(
    ('trains', 'message'),
    [
        (Names(('blocks.77.*',)), r'no parameter is called blocks\.77\.\*; its first and last'),
        (Adapter('benchmark.AddedBias', {'pattern': 'nowhere'}), 'found nothing to attach to'),
    ],
)
def test_nothing_to_train_is_refused(
    trains: Names | Adapter, message: str, tiny_world: Path, tmp_path: Path
) -> None:
    with pytest.raises(IncompatibleError, match=message):
        run(tiny_world, tmp_path, 'test_vit', trains)


def test_a_part_must_be_named() -> None:
    with pytest.raises(ValueError, match='name patterns of parameters'):
        Names()


@pytest.mark.parametrize('trains', list(Trains))
def test_all_head_and_none_compile_as_before(trains: Trains) -> None:
    task, backbone = small_task('world-covered'), random_backbone('test_vit')
    spec, features = RunSpec(task.name, backbone.id, 'mine', 0), inspect_backbone(backbone)
    cell = CellInputs(spec, backbone, features, task, protocol(trains), (BUDGET,))
    found = compile_config(cell)['model']['backbone']
    assert found['frozen'] is (trains is not Trains.ALL)
    assert not {'trained', 'adapter'} & found.keys()
