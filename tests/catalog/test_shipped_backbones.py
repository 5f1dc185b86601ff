"""The backbones that the project pretrained itself: what is declared, and what lies there."""

from __future__ import annotations

from typing import Any

import pytest
from safetensors import safe_open

from benchmark.catalog import find_suite, zoo
from benchmark.catalog.backbones import zoo_files
from benchmark.openmmlab import prepare
from benchmark.specs import Backbone
from tests.support.tool_loading import load_tool

WEIGHTS = zoo_files()[0].parent / 'weights'
LARGEST = 8 * 2**20
"""Bytes of one file; the package carries all of them."""

SHIPPED = {
    name: backbone
    for name, backbone in zoo().items()
    if backbone.checkpoint is not None and backbone.checkpoint.parent == WEIGHTS
}


@pytest.fixture(scope='module')
def tool() -> Any:
    prepare()  # before mmpretrain is imported
    return load_tool('remake_backbones')


def header(backbone: Backbone) -> dict[str, str]:
    with safe_open(str(backbone.checkpoint), framework='np') as file:
        found: dict[str, str] = file.metadata()
    return found


def architecture(backbone: Backbone) -> tuple[Any, ...]:
    return backbone.source, dict(backbone.options), backbone.normalisation


def test_every_weights_file_is_declared_and_small() -> None:
    files = {path.stem: path for path in WEIGHTS.glob('*.safetensors')}
    assert files.keys() == SHIPPED.keys()
    assert all(0 < path.stat().st_size < LARGEST for path in files.values())


def test_every_one_can_be_remade(tool: Any) -> None:
    assert tool.BACKBONES.keys() == SHIPPED.keys()


@pytest.mark.parametrize('name', SHIPPED)
def test_the_header_says_what_is_declared(name: str, tool: Any) -> None:
    found, backbone, recipe = header(SHIPPED[name]), SHIPPED[name], tool.BACKBONES[name]
    facts = backbone.pretraining
    assert found['name'] == name
    assert found['method'] == recipe.method == (facts.method or '').split(',')[0].lower()
    assert found['seed'] == str(recipe.seed)
    assert facts.epochs is not None
    assert int(found['passes']) == round(facts.epochs * int(found['pictures']))
    assert f'{int(found["pictures"]):,} pictures' in (facts.data or '')
    assert facts.labels is (recipe.method == 'supervised')
    assert found['labels'] == (recipe.labels if facts.labels else 'none')


def test_arms_that_are_compared_share_the_architecture() -> None:
    arms = [zoo()[name] for name in find_suite('quick').backbones]
    for prefix in ('world-vit', 'world-swin'):
        own = [backbone for backbone in arms if backbone.id.startswith(prefix)]
        assert {b.pretraining.family for b in own} == {'mim', 'supervised', 'none'}
        assert len(own) == 3
        assert all(architecture(b) == architecture(own[0]) for b in own)
        trained = [b for b in own if not b.is_random]
        assert len({b.pretraining.epochs for b in trained}) == 1
        assert len({b.pretraining.data for b in trained}) == 1
