"""Learning rates and weight decay of every parameter."""

from __future__ import annotations

import pytest
from mmengine.optim import OptimWrapper
from torch import nn

from benchmark.engine import LayerDecayConstructor
from benchmark.models import FeatureBackbone

LR, WEIGHT_DECAY, DECAY = 2e-3, 0.05, 0.65


class Model(nn.Module):
    """A backbone, a neck and a head."""

    def __init__(self, architecture: str, *, frozen: bool = False) -> None:
        super().__init__()
        self.backbone = FeatureBackbone(source=f'timm:{architecture}', random=True, frozen=frozen)
        self.neck = nn.LayerNorm(64)
        self.head = nn.Linear(64, 3)


def optimiser(model: nn.Module, decay: float = DECAY) -> OptimWrapper:
    config = {
        'type': 'OptimWrapper',
        'optimizer': {'type': 'AdamW', 'lr': LR, 'weight_decay': WEIGHT_DECAY},
    }
    wrapper: OptimWrapper = LayerDecayConstructor(config, {'layer_decay': decay})(model)
    return wrapper


def group_of(model: nn.Module, wrapper: OptimWrapper, name: str) -> dict[str, object]:
    parameter = model.get_parameter(name)
    (group,) = [
        g for g in wrapper.optimizer.param_groups if any(p is parameter for p in g['params'])
    ]
    return group


def test_rates_follow_mae() -> None:
    model = Model('test_vit')
    wrapper = optimiser(model)
    # MAE: num_layers = depth + 1; the stem is layer 0, block i (from 0) layer i + 1, and the
    # head, at num_layers, keeps the full rate
    layers = {'backbone.body.patch_embed.proj.weight': 0, 'backbone.body.pos_embed': 0}
    layers |= {f'backbone.body.blocks.{i}.mlp.fc1.weight': i + 1 for i in range(6)}
    layers |= {'neck.weight': 7, 'head.weight': 7, 'head.bias': 7}
    for name, layer in layers.items():
        group = group_of(model, wrapper, name)
        assert group['lr'] == pytest.approx(LR * DECAY ** (7 - layer), rel=1e-12), name


def test_no_decay_gives_one_rate() -> None:
    rates = {
        group['lr'] for group in optimiser(Model('test_vit'), decay=1.0).optimizer.param_groups
    }
    assert rates == {LR}


@pytest.mark.parametrize(
    ('name', 'decay'),
    [
        ('backbone.body.blocks.3.attn.qkv.weight', WEIGHT_DECAY),
        ('backbone.body.patch_embed.proj.weight', WEIGHT_DECAY),
        ('head.weight', WEIGHT_DECAY),
        ('backbone.body.blocks.3.attn.qkv.bias', 0.0),
        ('backbone.body.blocks.3.norm1.weight', 0.0),
        ('backbone.body.pos_embed', 0.0),
        ('backbone.body.cls_token', 0.0),
        ('neck.weight', 0.0),
        ('head.bias', 0.0),
    ],
)
def test_weight_decay_spares_biases_norms_and_positions(name: str, decay: float) -> None:
    model = Model('test_vit')
    assert group_of(model, optimiser(model), name)['weight_decay'] == decay


@pytest.mark.parametrize('architecture', ['test_vit', 'test_convnext', 'test_resnet'])
def test_every_trainable_parameter_is_in_one_group(architecture: str) -> None:
    model = Model(architecture)
    grouped = [id(p) for g in optimiser(model).optimizer.param_groups for p in g['params']]
    assert sorted(grouped) == sorted(id(p) for p in model.parameters())
    names = [group['name'] for group in optimiser(model).optimizer.param_groups]
    assert len(names) == len(set(names))


def test_frozen_parameters_are_in_no_group() -> None:
    model = Model('test_vit', frozen=True)
    grouped = {id(p) for g in optimiser(model).optimizer.param_groups for p in g['params']}
    assert grouped == {id(p) for part in (model.neck, model.head) for p in part.parameters()}


def test_rates_rise_with_depth_in_a_convnet() -> None:
    model = Model('test_convnext')
    wrapper = optimiser(model)
    names = [f'backbone.body.stages.{i}.blocks.0.mlp.fc1.weight' for i in range(4)]
    rates = [group_of(model, wrapper, name)['lr'] for name in names]
    assert rates == sorted(set(rates))
    assert rates[-1] < LR


@pytest.mark.parametrize(
    ('decayed', 'with_decay'),
    [
        ('matrices', {'mlp.fc1.weight'}),
        ('biases', {'mlp.fc1.weight', 'mlp.fc1.bias'}),
        ('all', {'mlp.fc1.weight', 'mlp.fc1.bias', 'norm1.weight', 'norm1.bias', 'pos_embed'}),
    ],
)
def test_what_decays_is_what_the_recipe_names(decayed: str, with_decay: set[str]) -> None:
    model = Model('test_vit')
    config = {
        'type': 'OptimWrapper',
        'optimizer': {'type': 'AdamW', 'lr': LR, 'weight_decay': WEIGHT_DECAY},
    }
    wrapper = LayerDecayConstructor(config, {'layer_decay': 1.0, 'decayed': decayed})(model)
    names = ('mlp.fc1.weight', 'mlp.fc1.bias', 'norm1.weight', 'norm1.bias', 'pos_embed')
    for name in names:
        place = 'backbone.body.' + (name if name == 'pos_embed' else f'blocks.0.{name}')
        decay = group_of(model, wrapper, place)['weight_decay']
        assert decay == (WEIGHT_DECAY if name in with_decay else 0.0), name


def test_the_backbone_has_a_factor_of_its_own() -> None:
    model = Model('test_vit')
    config = {
        'type': 'OptimWrapper',
        'optimizer': {'type': 'AdamW', 'lr': LR, 'weight_decay': WEIGHT_DECAY},
    }
    arguments = {'layer_decay': DECAY, 'backbone_factor': 0.1}
    wrapper = LayerDecayConstructor(config, arguments)(model)
    for name, rate in (
        ('head.weight', LR),
        ('neck.weight', LR),
        ('backbone.body.blocks.5.mlp.fc1.weight', 0.1 * DECAY * LR),
    ):
        assert group_of(model, wrapper, name)['lr'] == pytest.approx(rate)
