"""Several copies of a network in one file: that which its writer evaluates, in any order."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from benchmark.errors import CheckpointError
from benchmark.sources import Extractor, load_file
from tests.sources.test_wrappers import under
from tests.support.networks import VIT, network

Weights = dict[str, Tensor]
Wrap = Callable[[Weights, Weights], Any]


@pytest.fixture(scope='module')
def weights() -> Weights:
    return {name: value.clone() for name, value in network('timm vit', seed=1).state().items()}


@pytest.fixture(scope='module')
def others() -> Weights:
    return {name: value.clone() for name, value in network('timm vit', seed=4).state().items()}


@pytest.fixture
def target() -> Extractor:
    return network('timm vit', seed=2)


def has(target: Extractor, weights: Weights) -> bool:
    return all(torch.equal(target.state()[name], value) for name, value in weights.items())


# each takes the copy that is right and another one
WRITERS: dict[str, tuple[Wrap, str]] = {
    'timm': (lambda w, o: {'state_dict': o, 'state_dict_ema': w}, 'state_dict'),
    'DeiT and MAE': (
        lambda w, o: {'model': o, 'model_ema': w, 'args': argparse.Namespace(lr=1)},
        'model',
    ),
    'RT-DETR': (lambda w, o: {'ema': {'module': w, 'updates': 3}, 'model': o}, 'model'),
    'mmengine': (
        lambda w, o: {
            'state_dict': under('backbone.', w),
            'ema_state_dict': {'steps': torch.tensor(3), **under('module.backbone.', o)},
        },
        'ema_state_dict',
    ),
    'Lightning': (
        lambda w, o: {
            'state_dict': under('model.', w),
            'current_model_state': under('model.', o),
            'averaging_state': {'n_averaged': torch.tensor(3)},
        },
        'current_model_state',
    ),
    'iBOT': (
        lambda w, o: {
            'student': under('module.backbone.', o),
            'teacher': {**under('backbone.', w), 'head.mlp.0.weight': torch.ones(3)},
        },
        'student',
    ),
    'DINOv3': (
        lambda w, o: {
            'model': {
                **under('student.backbone.', o),
                **under('teacher.backbone.', {n: v + 1 for n, v in o.items()}),
                **under('model_ema.backbone.', w),
            }
        },
        'student.backbone',
    ),
    'stable-pretraining': (
        lambda w, o: {
            'state_dict': {**under('backbone.student.', o), **under('backbone.teacher.', w)}
        },
        'student',
    ),
    'lightly, two backbones': (
        lambda w, o: {
            'state_dict': {**under('student_backbone.', o), **under('teacher_backbone.', w)}
        },
        'student_backbone',
    ),
    'lightly, BYOL': (
        lambda w, o: {'state_dict': {**under('backbone.', w), **under('teacher_backbone.', o)}},
        'teacher_backbone',
    ),
    'lightly, DINO': (
        lambda w, o: {'state_dict': {**under('backbone.', w), **under('student_backbone.', o)}},
        'student_backbone',
    ),
    'solo-learn': (
        lambda w, o: {'state_dict': {**under('momentum_backbone.', o), **under('backbone.', w)}},
        'momentum_backbone',
    ),
    'MoCo': (
        lambda w, o: {
            'state_dict': {
                **under('module.encoder_k.', o),
                **under('module.encoder_q.', w),
                'module.queue': torch.ones(3),
            }
        },
        'encoder_k',
    ),
    'mmselfsup': (
        lambda w, o: {'state_dict': {**under('encoder_k.module.0.', o), **under('backbone.', w)}},
        'encoder_k',
    ),
    'I-JEPA': (
        lambda w, o: {
            'encoder': under('module.', o),
            'target_encoder': under('module.', w),
            'predictor': {'module.x': torch.ones(3)},
        },
        'encoder',
    ),
    'byol-pytorch': (
        lambda w, o: {**under('target_encoder.', o), **under('online_encoder.', w)},
        'target_encoder',
    ),
    'fairseq': (
        lambda w, o: {'model': {**under('encoder.', w), '_ema': under('encoder.', o)}},
        '_ema',
    ),
}


def reversed_keys(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    return {key: reversed_keys(value) for key, value in reversed(content.items())}


@pytest.mark.parametrize('order', [lambda x: x, reversed_keys], ids=['as written', 'reversed'])
@pytest.mark.parametrize(('wrap', 'key'), WRITERS.values(), ids=WRITERS)
def test_the_copy_that_its_writer_evaluates_is_taken_and_the_other_by_its_key(
    wrap: Wrap,
    key: str,
    order: Callable[[Any], Any],
    weights: Weights,
    others: Weights,
    target: Extractor,
    tmp_path: Path,
) -> None:
    path = str(tmp_path / 'w.pth')
    torch.save(order(wrap(weights, others)), path)
    report = load_file(target, path, may_miss={})
    assert has(target, weights)
    remark = report.conversion[-1]
    assert remark.startswith('of several copies took #')
    assert key in remark.partition(' takes')[0]
    chosen = load_file(target, path, copy=key, may_miss={})
    assert has(target, others)
    assert not any('copies' in done for done in chosen.conversion)


def test_the_choice_is_that_of_timms_own_loader(
    weights: Weights, others: Weights, target: Extractor, tmp_path: Path
) -> None:
    for first, second in (('state_dict', 'state_dict_ema'), ('model', 'model_ema')):
        path = str(tmp_path / f'{first}.pth')
        torch.save({first: weights, second: others}, path)
        known = timm.create_model('vit_tiny_patch16_224', num_classes=0, **VIT)
        timm.models.load_checkpoint(known, path)
        load_file(target, path, may_miss={})
        assert has(target, known.state_dict())


def test_torchvisions_average_is_taken(
    weights: Weights, others: Weights, target: Extractor, tmp_path: Path
) -> None:
    raw, averaged = (timm.create_model('vit_tiny_patch16_224', num_classes=0, **VIT) for _ in 'ab')
    raw.load_state_dict(others)
    averaged.load_state_dict(weights)
    average = AveragedModel(averaged)
    torch.save(
        {'model': raw.state_dict(), 'model_ema': average.state_dict(), 'epoch': 3},
        tmp_path / 'w.pth',
    )
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert has(target, weights)
    assert report.unexpected == ('n_averaged',)


def test_copies_of_no_known_writer_are_refused_with_their_keys(
    weights: Weights, others: Weights, target: Extractor, tmp_path: Path
) -> None:
    path = str(tmp_path / 'w.pth')
    for content in ({'left': weights, 'right': others}, {'right': others, 'left': weights}):
        torch.save(content, path)
        with pytest.raises(
            CheckpointError, match=r'2 copies of the network \(left, right\).*#left'
        ):
            load_file(target, path, may_miss={})
    load_file(target, path, copy='right', may_miss={})
    assert has(target, others)
    with pytest.raises(
        CheckpointError, match=r"no copy of weights under 'up' \(known: left, right"
    ):
        load_file(target, path, copy='up', may_miss={})


def test_the_top_of_a_file_has_a_key_too(
    weights: Weights, others: Weights, target: Extractor, tmp_path: Path
) -> None:
    path = str(tmp_path / 'w.pth')
    torch.save({**weights, 'kept': others}, path)
    with pytest.raises(CheckpointError, match=r'#\., #kept'):
        load_file(target, path, may_miss={})
    load_file(target, path, copy='.', may_miss={})
    assert has(target, weights)


def test_copies_of_equal_values_are_one(
    weights: Weights, target: Extractor, tmp_path: Path
) -> None:
    torch.save({'left': weights, 'right': dict(weights)}, tmp_path / 'w.pth')
    load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert has(target, weights)


def test_a_larger_teacher_is_no_copy(weights: Weights, target: Extractor, tmp_path: Path) -> None:
    torch.manual_seed(0)
    larger = {'img_size': 64, 'embed_dim': 64, 'depth': 6, 'num_heads': 2}
    teacher = timm.create_model('vit_tiny_patch16_224', num_classes=0, **larger).state_dict()
    torch.save({'teacher': teacher, 'student': weights}, tmp_path / 'w.pth')
    load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert has(target, weights)


def test_copies_in_another_librarys_names(tmp_path: Path) -> None:
    right, wrong, target = (network('mm vit', seed=seed) for seed in (1, 4, 2))
    common = network('timm vit', seed=1)
    del wrong
    torch.save(
        {
            'student': under('module.backbone.', network('timm vit', seed=4).state()),
            'teacher': under('backbone.', common.state()),
        },
        tmp_path / 'w.pth',
    )
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert torch.equal(
        target.state()['layers.0.attn.qkv.weight'], common.state()['blocks.0.attn.qkv.weight']
    )
    assert any('renamed from timm' in done for done in report.conversion)
    assert right.state().keys() == target.state().keys()


def chunked(weights: Weights, size: int = 2) -> Iterator[tuple[str, Tensor]]:
    for name, value in weights.items():
        first, _, rest = name.partition('.')
        if first != 'blocks':
            yield name, value
            continue
        number, _, rest = rest.partition('.')
        yield f'blocks.{int(number) // size}.{number}.{rest}', value


def test_blocks_in_chunks_are_read(
    weights: Weights, others: Weights, target: Extractor, tmp_path: Path
) -> None:
    torch.save(
        {
            'teacher': under('backbone.', dict(chunked(weights))),
            'student': under('backbone.', dict(chunked(others))),
        },
        tmp_path / 'w.pth',
    )
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert has(target, weights)
    assert 'renamed blocks.CHUNK.N, as DINOv2 trains, to blocks.N' in report.conversion


def test_names_of_wrappers_inside_are_removed(
    weights: Weights, target: Extractor, tmp_path: Path
) -> None:
    wrapped = {
        n.replace('.norm1.', '._checkpoint_wrapped_module.norm1.'): v for n, v in weights.items()
    }
    torch.save({'model': under('_fsdp_wrapped_module.', wrapped)}, tmp_path / 'w.pth')
    load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert has(target, weights)


def test_numbered_stages_of_a_convnet_are_no_chunks(tmp_path: Path) -> None:
    """EfficientNet's own blocks have two numbers."""
    from benchmark.sources import BuildRequest, open_network

    target = open_network('timm', BuildRequest('test_efficientnet', {}))
    weights = {n: v + 1 for n, v in target.state().items() if v.is_floating_point()}
    weights |= {n: v for n, v in target.state().items() if n not in weights}
    torch.save(weights, tmp_path / 'w.pth')
    report = load_file(target, str(tmp_path / 'w.pth'), may_miss={})
    assert not any('CHUNK' in done for done in report.conversion)
    assert report.loaded == report.total


def test_a_towers_text_is_no_copy_of_its_pictures(tmp_path: Path) -> None:
    """The blocks of CLIP's two towers go by the same names."""
    pytest.importorskip('transformers')
    from transformers import CLIPConfig, CLIPModel

    from benchmark.sources import BuildRequest, open_network

    facts = {
        'hidden_size': 32,
        'intermediate_size': 64,
        'num_hidden_layers': 2,
        'num_attention_heads': 2,
    }
    vision = {**facts, 'image_size': 32, 'patch_size': 8}
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config={**facts, 'vocab_size': 50}, vision_config=vision, projection_dim=32
    )
    model: nn.Module = CLIPModel(config)
    torch.save(model.state_dict(), tmp_path / 'w.bin')
    order = BuildRequest('tests/tiny', {'config': {'model_type': 'clip_vision_model', **vision}})
    target = open_network('hf', order)
    report = load_file(target, str(tmp_path / 'w.bin'), may_miss={})
    assert not any('copies' in done for done in report.conversion)
    name = 'vision_model.encoder.layers.1.mlp.fc1.weight'
    (found,) = (
        v for n, v in target.state().items() if n.endswith('encoder.layers.1.mlp.fc1.weight')
    )
    (wanted,) = (v for n, v in model.state_dict().items() if n.endswith(name))
    assert torch.equal(found, wanted)
