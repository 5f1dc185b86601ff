"""A declaration names entries of registries; it cannot make mmengine import and call anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmark.catalog import read_backbone, read_suite, read_task, shipped_tasks, zoo
from benchmark.errors import DeclarationError
from tests.support.declarations import Declarations

OneLine = Callable[[BaseException], str]

EVIL = ('os.system', 'mmseg.datasets.ADE20KDataset', 'mmengine.utils.mkdir', 'evil.X', '', 'a b', 3)
NESTED: dict[str, tuple[dict[str, Any], str]] = {
    'common': ({'type': 'os.system'}, "data['type'] is 'os.system'"),
    'of a split': ({'test': {'type': 'os.system'}}, "data['test']['type'] is 'os.system'"),
    'in a list': (
        {'train': {'pipeline': [{'type': 'mmcv.Pad'}, {'type': 'os.system', 'command': 'ls'}]}},
        "data['train']['pipeline'][1]['type'] is 'os.system'",
    ),
    'in a tuple of a tuple': (
        {'train': {'parts': (({'type': 'os.system'},),)}},
        "data['train']['parts'][0][0]['type']",
    ),
    'beneath another key': (
        {'train': {'of': {'of': {'type': 'builtins.exec'}}}},
        "data['train']['of']['of']['type'] is 'builtins.exec'",
    ),
    'type of parts': (
        {'type': 'benchmark.Joined', 'of': 'os.system'},
        "data['of'] is 'os.system'",
    ),
}


@pytest.mark.parametrize('name', EVIL)
def test_a_place_in_a_module_is_no_type(
    declare: Declarations, one_line: OneLine, name: object
) -> None:
    path = declare.task({'type': name})
    with pytest.raises(DeclarationError) as caught:
        read_task(path)
    message = one_line(caught.value)
    assert message.startswith(f"{path}: data['type'] is {name!r}: must be NAME or SCOPE.NAME")
    assert 'benchmark, mmcv, mmdet, mmengine, mmpose, mmpretrain, mmseg' in message


@pytest.mark.parametrize(('data', 'part'), NESTED.values(), ids=NESTED)
def test_it_is_found_at_any_depth(declare: Declarations, data: dict[str, Any], part: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        read_task(declare.task(data))
    assert part in str(caught.value)


@pytest.mark.parametrize('key', ['_scope_', 'from_file'])
def test_keys_by_which_libraries_run_files_are_refused(declare: Declarations, key: str) -> None:
    with pytest.raises(DeclarationError, match=rf"data\['metainfo'\]\['{key}'\] is 'x.py'"):
        read_task(declare.task({'metainfo': {key: 'x.py'}}))


def test_options_of_a_backbone_are_checked_too(declare: Declarations) -> None:
    options = {'norm_cfg': {'type': 'os.system'}}
    with pytest.raises(DeclarationError, match=r"backbone\['options'\]\['norm_cfg'\]\['type'\]"):
        read_backbone(declare.backbone(source='mmpretrain:x', options=options))


@pytest.mark.parametrize('place', ['lr', 'milestones', 'grid', 'learning_rates'])
def test_a_recipe_has_no_place_for_a_type(declare: Declarations, place: str) -> None:
    evil = {'type': 'os.system'}
    value = evil if place in ('lr', 'grid') else (evil,)
    with pytest.raises(DeclarationError):
        read_suite(declare.suite(recipes={'*/finetune': {place: value}}))


@pytest.mark.parametrize('name', ['BaseSegDataset', 'mmseg.BaseSegDataset', 'benchmark.Joined'])
def test_registry_names_pass(declare: Declarations, name: str) -> None:
    assert {d['type'] for d in read_task(declare.task({'type': name})).datasets.values()} == {name}


def test_everything_shipped_passes() -> None:
    assert shipped_tasks()
    assert zoo()


@pytest.mark.parametrize(
    'data',
    [
        {'train': {'ann_file': 'http://127.0.0.1:1/x.json'}},
        {'data_prefix': {'img_path': 's3://bucket/x'}},
        {'files': ['a.txt', 'petrel: s3://x/b.txt']},
    ],
)
def test_nothing_is_fetched_by_a_declaration(declare: Declarations, data: dict[str, Any]) -> None:
    with pytest.raises(DeclarationError, match='download the file and give its path'):
        read_task(declare.task(data))


@pytest.mark.parametrize('value', ["float32, __import__('os').getpid()", 3])
def test_a_name_of_numbers_is_no_expression(declare: Declarations, value: object) -> None:
    with pytest.raises(DeclarationError, match=r"\['dtype'\] is .* must be a name"):
        read_task(declare.task({'train': {'pipeline': [{'type': 'ToTensor', 'dtype': value}]}}))


@pytest.mark.parametrize('name', ['mmpose.H36MWholeBodyDataset', 'OpenImagesChallengeDataset'])
def test_data_sets_that_unpickle_are_refused(declare: Declarations, name: str) -> None:
    with pytest.raises(DeclarationError, match='it unpickles a file of its data'):
        read_task(declare.task({'train': {'type': name}}))
