"""Weights files: what is accepted, what is refused, and what is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file
from torch import Tensor, nn

from benchmark.catalog import find_backbone
from benchmark.errors import CheckpointError
from benchmark.models.inspection import build
from benchmark.sources import BuildRequest, Extractor, load_file, load_published
from benchmark.sources import network as fetches
from benchmark.sources.timm import open_source

Weights = dict[str, Tensor]


@pytest.fixture(scope='module')
def weights() -> Weights:
    torch.manual_seed(7)
    return timm.create_model('test_vit', num_classes=0).state_dict()


@pytest.fixture
def network() -> Extractor:
    torch.manual_seed(8)
    return open_source(BuildRequest('test_vit'))


def equal(network: Extractor, weights: Weights) -> bool:
    own = network.network.state_dict()
    return all(torch.equal(own[name], value) for name, value in weights.items() if name in own)


def in_safetensors(weights: Weights, folder: Path) -> Path:
    save_file(weights, folder / 'w.safetensors')
    return folder / 'w.safetensors'


def in_torch(wrap: Callable[[Weights], object]) -> Callable[[Weights, Path], Path]:
    def write(weights: Weights, folder: Path) -> Path:
        torch.save(wrap(weights), folder / 'w.pth')
        return folder / 'w.pth'

    return write


FORMATS = {
    'safetensors': in_safetensors,
    'bare': in_torch(lambda w: w),
    'state_dict': in_torch(lambda w: {'state_dict': w, 'epoch': 3}),
    'model': in_torch(lambda w: {'model': w, 'optimizer': {'lr': 0.1}}),
    'module.': in_torch(lambda w: {f'module.{k}': v for k, v in w.items()}),
    'model of module.': in_torch(lambda w: {'model': {f'module.{k}': v for k, v in w.items()}}),
    'backbone.': in_torch(lambda w: {'state_dict': {f'backbone.{k}': v for k, v in w.items()}}),
}


@pytest.mark.parametrize('write', FORMATS.values(), ids=FORMATS)
def test_round_trip(
    write: Callable[[Weights, Path], Path], weights: Weights, network: Extractor, tmp_path: Path
) -> None:
    assert not equal(network, weights)
    report = load_file(network, str(write(weights, tmp_path)), may_miss={})
    assert equal(network, weights)
    assert (report.loaded, report.total) == (len(weights), len(weights))
    assert (report.missing, report.unexpected, report.is_random) == ((), (), False)


def test_classifier_is_left_over(weights: Weights, network: Extractor, tmp_path: Path) -> None:
    classifier = {'head.weight': torch.zeros(10, 64), 'head.bias': torch.zeros(10)}
    path = in_safetensors({**weights, **classifier}, tmp_path)
    report = load_file(network, str(path), may_miss={})
    assert report.unexpected == ('head.bias', 'head.weight')
    assert equal(network, weights)


def test_missing_tensors_are_counted_and_named(
    weights: Weights,
    network: Extractor,
    tmp_path: Path,
    one_line: Callable[[BaseException], str],
) -> None:
    kept = {k: v for k, v in weights.items() if not k.startswith('blocks.5.')}
    path = in_safetensors(kept, tmp_path)
    before = {k: v.clone() for k, v in network.network.state_dict().items()}
    with pytest.raises(CheckpointError) as caught:
        load_file(network, str(path), may_miss={})
    message = one_line(caught.value)
    gone = sorted(weights.keys() - kept.keys())
    assert f'{path}: {len(gone)} of {len(weights)} tensors are missing' in message
    assert gone[0] in message
    assert equal(network, before)


def test_what_may_miss_is_reported_but_no_error(
    weights: Weights, network: Extractor, tmp_path: Path
) -> None:
    kept = {k: v for k, v in weights.items() if not k.startswith('norm.')}
    path = str(in_safetensors(kept, tmp_path))
    report = load_file(network, path, may_miss={'norm.*': 'pretrained without a final norm'})
    assert report.missing == ('norm.bias', 'norm.weight')
    assert report.loaded == len(weights) - 2
    with pytest.raises(CheckpointError, match=r'1 of \d+ tensors are missing \(norm\.bias\)'):
        load_file(network, path, may_miss={'norm.weight': 'only this one'})


def test_foreign_tensors_are_refused(weights: Weights, network: Extractor, tmp_path: Path) -> None:
    foreign = {'blocks.6.norm1.weight': torch.zeros(64), 'blocks.6.norm1.bias': torch.zeros(64)}
    path = in_safetensors({**weights, **foreign}, tmp_path)
    with pytest.raises(CheckpointError, match=r'2 tensors have no place .*blocks\.6\.norm1\.bias'):
        load_file(network, str(path), may_miss={'blocks.*': 'does not excuse what is too much'})


def test_other_shape_names_both(weights: Weights, network: Extractor, tmp_path: Path) -> None:
    path = in_safetensors({**weights, 'norm.weight': torch.zeros(65)}, tmp_path)
    with pytest.raises(CheckpointError, match=r"'norm.weight' has shape \(65,\), .*needs \(64,\)"):
        load_file(network, str(path), may_miss={'norm.*': 'a wrong shape is no absence'})


def test_half_precision_file_loads_as_single(
    weights: Weights, network: Extractor, tmp_path: Path
) -> None:
    half = {name: value.half() for name, value in weights.items()}
    load_file(network, str(in_safetensors(half, tmp_path)), may_miss={})
    assert {value.dtype for value in network.network.state_dict().values()} == {torch.float32}
    assert equal(network, {name: value.float() for name, value in half.items()})


@pytest.mark.parametrize(
    'kind', [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float64]
)
def test_a_conversion_of_numbers_is_told(
    kind: torch.dtype, weights: Weights, network: Extractor, tmp_path: Path
) -> None:
    other = {name: value.to(kind) for name, value in weights.items()}
    report = load_file(network, str(in_safetensors(other, tmp_path)), may_miss={})
    name = str(kind).removeprefix('torch.')
    assert report.conversion[0] == f'converted {len(weights)} tensors from {name} to float32'
    assert equal(network, {name: value.float() for name, value in other.items()})


@pytest.mark.parametrize('value', [float('nan'), float('inf'), float('-inf')])
@pytest.mark.parametrize('kind', [torch.float32, torch.bfloat16])
def test_a_value_that_is_not_finite_is_refused_by_its_tensor(
    value: float, kind: torch.dtype, weights: Weights, network: Extractor, tmp_path: Path
) -> None:
    bad = {name: tensor.to(kind) for name, tensor in weights.items()}
    bad['blocks.1.mlp.fc1.weight'] = bad['blocks.1.mlp.fc1.weight'].clone()
    bad['blocks.1.mlp.fc1.weight'][0, 3] = value
    before = {k: v.clone() for k, v in network.network.state_dict().items()}
    path = in_safetensors(bad, tmp_path)
    with pytest.raises(
        CheckpointError,
        match=rf"{path}: 'blocks\.1\.mlp\.fc1\.weight' holds 1 of .* NaN or infinite",
    ):
        load_file(network, str(path), may_miss={})
    assert equal(network, before)


def test_values_beside_the_backbone_may_be_anything(
    weights: Weights, network: Extractor, tmp_path: Path
) -> None:
    head = {'head.weight': torch.full((10, 64), float('nan'))}
    load_file(network, str(in_safetensors({**weights, **head}, tmp_path)), may_miss={})
    assert equal(network, weights)


@pytest.mark.filterwarnings('ignore:.*quantize_per_tensor')
def test_quantised_weights_are_refused(
    weights: Weights, network: Extractor, tmp_path: Path
) -> None:
    name = 'blocks.0.attn.qkv.weight'
    for changed in (
        {name: weights[name].to(torch.int8), f'{name}.SCB': torch.ones(3)},
        {name: weights[name].to(torch.float8_e4m3fn), f'{name}_scale_inv': torch.ones(3)},
    ):
        path = str(in_safetensors({**weights, **changed}, tmp_path))
        with pytest.raises(CheckpointError, match=rf"'{name}' is of type .*quantised weights"):
            load_file(network, path, may_miss={})
    quantised = torch.quantize_per_tensor(weights[name], 0.1, 0, torch.qint8)
    path = str(in_torch(lambda w: {**w, name: quantised})(weights, tmp_path))
    with pytest.raises(CheckpointError, match=r'is of type qint8.*quantised weights'):
        load_file(network, path, may_miss={})


def test_weights_that_do_not_vary_are_told(
    weights: Weights, network: Extractor, tmp_path: Path
) -> None:
    flat = {'blocks.0.mlp.fc1.weight': torch.zeros_like(weights['blocks.0.mlp.fc1.weight'])}
    report = load_file(network, str(in_safetensors({**weights, **flat}, tmp_path)), may_miss={})
    assert report.conversion == (
        'hold one value throughout, which is suspicious: blocks.0.mlp.fc1.weight',
    )


def test_empty_tensors_of_a_split_checkpoint_are_named(
    weights: Weights, network: Extractor, tmp_path: Path
) -> None:
    empty = {name: torch.empty(0) for name in weights}
    path = tmp_path / 'mp_rank_00_model_states.pt'
    torch.save({'module': empty}, path)
    with pytest.raises(CheckpointError, match=r'is empty, as in .*zero_to_fp32'):
        load_file(network, str(path), may_miss={})
    torch.save({'module': weights}, path)  # one process, nothing split
    assert load_file(network, str(path), may_miss={}).missing == ()


def test_shards_are_those_that_transformers_reads(tmp_path: Path) -> None:
    transformers = pytest.importorskip('transformers')
    facts = {'hidden_size': 32, 'num_hidden_layers': 2, 'num_attention_heads': 2}
    config = transformers.ViTConfig(**facts, intermediate_size=64, image_size=32, patch_size=8)
    torch.manual_seed(1)
    model = transformers.ViTModel(config, add_pooling_layer=False)
    model.save_pretrained(tmp_path / 'vit', max_shard_size='40KB')
    assert len([*(tmp_path / 'vit').glob('*.safetensors')]) > 1
    backbone = find_backbone(f'hf:{tmp_path / "vit"}')
    images = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    known = transformers.ViTModel.from_pretrained(tmp_path / 'vit', add_pooling_layer=False).eval()
    with torch.no_grad():
        (found,) = build(backbone).eval()(images)
        wanted = known(images).last_hidden_state[:, 1:]
    torch.testing.assert_close(found.flatten(2).transpose(1, 2), wanted)
    as_file = find_backbone(f'hf:{tmp_path / "vit"}@{tmp_path / "vit"}')
    assert as_file.checkpoint == backbone.checkpoint


def test_the_architecture_that_a_file_names_is_told(network: Extractor, tmp_path: Path) -> None:
    other = timm.create_model('vit_tiny_patch16_224', num_classes=0, depth=2).state_dict()
    path = str(in_torch(lambda w: {'model': w, 'args': {'arch': 'vit_tiny'}})(other, tmp_path))
    with pytest.raises(CheckpointError, match="the file names its architecture 'vit_tiny'"):
        load_file(network, path, may_miss={})
    path = str(in_safetensors(other, tmp_path))
    with pytest.raises(
        CheckpointError, match='2 blocks of width 192 on patches of 16 px, as timm:vit_tiny_patch16'
    ):
        load_file(network, path, may_miss={})


def test_another_architecture_is_refused(network: Extractor, tmp_path: Path) -> None:
    other = timm.create_model('test_resnet', num_classes=0).state_dict()
    with pytest.raises(CheckpointError, match=r'tensors are missing .*wrong architecture'):
        load_file(network, str(in_safetensors(other, tmp_path)), may_miss={})


def published(name: str) -> Extractor:
    return open_source(BuildRequest(name))


def test_published_weights_without_network(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    one_line: Callable[[BaseException], str],
) -> None:
    monkeypatch.setattr(fetches, 'is_reachable', lambda address: False)
    monkeypatch.setattr(constants, 'HF_HUB_CACHE', str(tmp_path))
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', False)
    name = 'test_vit.r160_in1k'
    with pytest.raises(CheckpointError) as caught:
        load_published(published(name), f'timm:{name}', may_miss={})
    message = one_line(caught.value)
    assert 'timm:test_vit.r160_in1k: the published weights cannot be fetched' in message
    assert 'timm:test_vit.r160_in1k@CHECKPOINT' in message
    assert constants.HF_HUB_OFFLINE is False


def test_published_weights_are_those_that_timm_makes(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    extractor = published('test_vit.r160_in1k')

    def create(name: str, *, pretrained: bool, num_classes: int) -> nn.Module:
        asked.append((name, pretrained, num_classes))
        source = nn.Module()
        source.state_dict = lambda: dict(weights)  # type: ignore[method-assign]
        return source

    monkeypatch.setattr(fetches, 'is_reachable', lambda address: True)
    monkeypatch.setattr(timm, 'create_model', create)
    report = load_published(extractor, 'timm:test_vit.r160_in1k', may_miss={})
    assert asked == [('test_vit.r160_in1k', True, 0)]
    assert equal(extractor, weights)
    assert report.loaded == len(weights)
