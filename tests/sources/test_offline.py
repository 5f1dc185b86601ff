"""Without a network, and without an optional library: one line at once, with the remedy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from huggingface_hub import constants

from benchmark.errors import BenchmarkError, CheckpointError, DeclarationError, EnvironmentProblem
from benchmark.sources import BuildRequest, open_network
from benchmark.sources import network as fetches

OneLine = Callable[[BaseException], str]


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fetches, 'is_reachable', lambda address: False)
    monkeypatch.setattr(constants, 'HF_HUB_CACHE', str(tmp_path))
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', False)


def test_a_repository_that_cannot_be_reached(one_line: OneLine) -> None:
    with pytest.raises(CheckpointError) as caught:
        open_network('hf', BuildRequest('facebook/dinov2-base'))
    message = one_line(caught.value)
    assert message.startswith('hf:facebook/dinov2-base: ')
    assert message.endswith('give a folder with config.json as hf:FOLDER')


def test_transformers_is_asked_for_when_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, one_line: OneLine
) -> None:
    monkeypatch.setitem(sys.modules, 'transformers', None)
    with pytest.raises(EnvironmentProblem) as caught:
        open_network('hf', BuildRequest('x/y', {'config': {'model_type': 'vit'}}))
    assert "'pip install transformers'" in one_line(caught.value)


def test_published_weights_of_torchvision(
    monkeypatch: pytest.MonkeyPatch, one_line: OneLine
) -> None:
    import torch

    def refuse(*_: object, **__: object) -> None:
        raise OSError('no route to host')

    monkeypatch.setattr(torch.hub, 'load_state_dict_from_url', refuse)
    with pytest.raises(CheckpointError) as caught:
        open_network('torchvision', BuildRequest('resnet18')).published()
    assert 'torchvision:resnet18@CHECKPOINT' in one_line(caught.value)


MISTAKES = {
    'no such class': ('class Net: ...', 'Other', DeclarationError, "has no class 'Other'"),
    'code that fails': ('1 / 0', 'Net', DeclarationError, 'ZeroDivisionError'),
    'no module': ('class Net: ...', 'Net', BenchmarkError, r'is not a torch\.nn\.Module'),
    'arguments': (
        'class Net:\n    def __init__(self, width): ...',
        'Net',
        BenchmarkError,
        'cannot be built',
    ),
}


@pytest.mark.parametrize(('code', 'name', 'error', 'part'), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_in_a_file(
    code: str, name: str, error: type[Exception], part: str, tmp_path: Path
) -> None:
    (tmp_path / 'net.py').write_text(f'# {tmp_path}\n{code}\n')
    with pytest.raises(error, match=part):
        open_network('file', BuildRequest(f'{tmp_path / "net.py"}:{name}'))


def test_openmmlab_does_not_see_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmark.openmmlab import optional

    optional.install()
    monkeypatch.delitem(sys.modules, 'transformers', raising=False)
    asking = ModuleType('mmengine.asking')
    with pytest.raises(ModuleNotFoundError, match='hidden from the OpenMMLab libraries'):
        exec('import transformers', asking.__dict__)
    import mmpretrain.utils.dependency as dependency

    assert dependency.WITH_MULTIMODAL is False


def test_a_long_reason_ends_after_a_word() -> None:
    told = fetches.one_line(OSError('word ' * 100 + '\nsecond line'))
    assert told.endswith('word ...')
    assert len(told) <= 165
    assert fetches.one_line(OSError('x' * 400)) == 'x' * 160 + ' ...'
    assert fetches.one_line(OSError('short\nmore')) == 'short'
    assert fetches.one_line(OSError()) == 'OSError'
