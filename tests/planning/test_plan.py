from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import (
    BenchmarkError,
    DeclarationError,
    IncompatibleError,
    UnknownNameError,
)
from benchmark.planning import Request, expand
from benchmark.specs import RunSpec
from tests.support.declarations import Declarations


@pytest.fixture
def suite(declare: Declarations) -> str:
    for name in ('one', 'two'):
        declare.task(name=name)
    declare.backbone()
    path = declare.suite(
        tasks=('two.py', 'one.py'),
        protocols=('frozen', 'finetune'),
        seeds=(1, 0),
        backbones=('mine.py', 'mine.py+random'),
    )
    return str(path)


def test_cells_come_in_the_declared_order_with_seeds_last(suite: str) -> None:
    cells = expand(Request.read(suite))
    assert len(cells) == len(set(cells)) == 2 * 2 * 2 * 2
    assert cells[:5] == (
        RunSpec('two', 'mine', 'frozen', 1),
        RunSpec('two', 'mine', 'frozen', 0),
        RunSpec('two', 'mine', 'finetune', 1),
        RunSpec('two', 'mine', 'finetune', 0),
        RunSpec('two', 'mine+random', 'frozen', 1),
    )
    assert cells[-1] == RunSpec('one', 'mine+random', 'finetune', 0)
    assert expand(Request.read(suite)) == cells


def test_costly_tasks_run_with_the_first_seed_unless_seeds_are_named(declare: Declarations) -> None:
    for name in ('one', 'two'):
        declare.task(name=name)
    path = str(declare.suite(tasks=('one.py', 'two.py'), seeds=(4, 2), one_seed=('two',)))
    seeds = [(cell.task, cell.seed) for cell in expand(Request.read(path))]
    assert seeds == [('one', 4), ('one', 2), ('two', 4)]
    named = [(cell.task, cell.seed) for cell in expand(Request.read(path, seeds=[0, 1]))]
    assert named == [('one', 0), ('one', 1), ('two', 0), ('two', 1)]


def test_a_cell_that_no_seed_changes_runs_once(declare: Declarations) -> None:
    declare.task(name='one')
    declare.backbone()
    path = str(
        declare.suite(
            tasks=('one.py',),
            protocols=('knn', 'linear'),
            seeds=(3, 5),
            backbones=('mine.py', 'mine.py+random', 'mine.py+reinit1'),
        )
    )
    seeds: dict[tuple[str, str], list[int]] = {}
    for spec in expand(Request.read(path)):
        seeds.setdefault((spec.protocol, spec.backbone), []).append(spec.seed)
    assert seeds[('knn', 'mine')] == [3]
    # weights are drawn by the seed
    assert seeds[('knn', 'mine+random')] == seeds[('knn', 'mine+reinit1')] == [3, 5]
    assert seeds[('linear', 'mine')] == [3, 5]


def test_one_seed_names_tasks_of_the_suite(declare: Declarations) -> None:
    declare.task(name='one')
    path = str(declare.suite(tasks=('one.py',), one_seed=('on',)))
    with pytest.raises(DeclarationError, match="unknown task in one_seed 'on'; did you mean 'one'"):
        Request.read(path)


def test_trivial_predictors_run_once_per_task_before_the_rest(suite: str) -> None:
    cells = expand(Request.read(suite, protocols=['finetune', 'trivial']))
    assert cells[:2] == (
        RunSpec('two', 'trivial:most frequent label', 'trivial', 0),
        RunSpec('one', 'trivial:most frequent label', 'trivial', 0),
    )
    assert cells[2:] == expand(Request.read(suite, protocols=['finetune']))


def test_trivial_predictors_need_no_backbone(declare: Declarations) -> None:
    declare.task()
    path = declare.suite(backbones=(), protocols=('trivial',), seeds=(4, 5))
    request = Request.read(str(path))
    assert request.backbones == ()
    assert expand(request) == (RunSpec('small', 'trivial:most frequent label', 'trivial', 0),)


def test_a_request_is_narrowed_by_what_it_names(suite: str) -> None:
    request = Request.read(
        suite,
        backbones=['timm:test_vit'],
        tasks=['one'],
        protocols=['finetune'],
        seeds=[5, 3],
    )
    assert expand(request) == (
        RunSpec('one', 'timm:test_vit', 'finetune', 5),
        RunSpec('one', 'timm:test_vit', 'finetune', 3),
    )


def test_what_is_named_twice_runs_once(suite: str) -> None:
    request = Request.read(
        suite,
        backbones=['timm:test_vit', 'timm:test_vit'],
        tasks=['one', 'one'],
        protocols=['finetune', 'finetune'],
        seeds=[0, 0],
    )
    assert len(expand(request)) == 1


@pytest.mark.parametrize(
    ('changes', 'part'),
    [
        ({'tasks': ['three']}, r"unknown task 'three' of suite 'tiny'.*\(known: one, two\)"),
        ({'protocols': ['finetun']}, "unknown protocol 'finetun'; did you mean 'finetune'"),
        ({'backbones': ['vit']}, "unknown backbone 'vit'"),
    ],
)
def test_an_unknown_name_is_refused(suite: str, changes: dict[str, Any], part: str) -> None:
    with pytest.raises(UnknownNameError, match=part):
        Request.read(suite, **changes)


def test_a_probe_has_cells_for_the_kinds_that_it_knows(declare: Declarations) -> None:
    path = declare.suite(
        tasks=('world-pose', 'world-depth'),
        protocols=('knn', 'finetune'),
        seeds=(0,),
        backbones=('timm:test_vit+random',),
    )
    found = [(cell.task, cell.protocol) for cell in expand(Request.read(str(path)))]
    assert found == [
        ('world-pose', 'finetune'),
        ('world-depth', 'knn'),
        ('world-depth', 'finetune'),
    ]
    with pytest.raises(IncompatibleError, match=r"'knn' is for classification, .* kind pose"):
        Request.read(str(path), tasks=['world-pose'])


def test_a_suite_may_change_a_probe(declare: Declarations) -> None:
    recipes = {'small/knn': {'neighbours': (3,), 'held_out': 0.2}}
    path = declare.suite(tasks=('small.py',), protocols=('knn',), recipes=recipes)
    declare.task()
    assert Request.read(str(path), backbones=['timm:test_vit']).suite.recipes == recipes


def test_an_unknown_task_in_the_suite_is_refused(declare: Declarations) -> None:
    path = declare.suite(tasks=('no-such-task',))
    with pytest.raises(UnknownNameError, match="unknown task 'no-such-task'"):
        Request.read(str(path))


@pytest.mark.parametrize('seed', [-1, 2**32])
def test_a_seed_that_numpy_refuses_is_refused_first(suite: str, seed: int) -> None:
    with pytest.raises(BenchmarkError, match=rf'seed {seed} is not from 0 to 4294967295'):
        Request.read(suite, seeds=[0, seed])


def test_two_tasks_of_one_name_are_refused(declare: Declarations) -> None:
    one = declare.task()
    declare.text(one.read_text(), 'again.py')
    path = declare.suite(tasks=('small.py', 'again.py'))
    with pytest.raises(DeclarationError, match=r"two tasks are called 'small': .*again\.py"):
        Request.read(str(path))


def two_weights(tmp_path: Path, *contents: bytes) -> list[str]:
    for index, content in enumerate(contents):
        (tmp_path / str(index)).mkdir()
        (tmp_path / str(index) / 'w.pth').write_bytes(content)
    return [f'timm:test_vit@{tmp_path}/{index}/w.pth' for index in range(len(contents))]


def test_weights_of_one_file_name_are_told_apart(suite: str, tmp_path: Path) -> None:
    request = Request.read(suite, backbones=two_weights(tmp_path, b'one', b'two'))
    assert len({backbone.id for backbone in request.backbones}) == 2


def test_two_backbones_of_one_name_are_refused(suite: str, tmp_path: Path) -> None:
    same = two_weights(tmp_path, b'one', b'one')
    match = r"two different backbones .*'timm:test_vit@w\.pth#"
    with pytest.raises(DeclarationError, match=match):
        Request.read(suite, backbones=same)


def test_a_suite_without_backbones_wants_some(declare: Declarations) -> None:
    declare.task()
    path = declare.suite(backbones=())
    with pytest.raises(BenchmarkError, match='names no backbones: add --backbones'):
        Request.read(str(path))
    assert len(expand(Request.read(str(path), backbones=['timm:test_vit']))) == 1


@pytest.mark.parametrize(
    'place', ['smal', '*/finetun', 'small/finetun', 'small/frozen/x', '*', '*/trivial']
)
def test_recipe_fields_for_no_cell_are_refused(declare: Declarations, place: str) -> None:
    declare.task()
    path = declare.suite(recipes={place: {'lr': 1.0}})
    with pytest.raises(DeclarationError, match=r'suite\.py: unknown place in recipes'):
        Request.read(str(path))


def test_a_suite_may_count_a_task_in_another_group(declare: Declarations) -> None:
    declare.task(name='one', group='fine-grained')
    declare.task(name='two', group='fine-grained')
    path = declare.suite(tasks=('one.py', 'two.py'), groups={'semantic': ('two.py',)})
    request = Request.read(str(path))
    assert [task.group for task in request.tasks] == ['fine-grained', 'semantic']


def test_names_are_titles_and_no_part_of_the_id(declare: Declarations) -> None:
    declare.task()
    suite = str(declare.suite())
    named = ('ours=timm:test_vit+random', 'timm:test_vit2+random')
    request = Request.read(suite, backbones=named)
    assert [(b.id, b.title) for b in request.backbones] == [
        ('timm:test_vit+random', 'ours'),
        ('timm:test_vit2+random', ''),
    ]
    assert request.titles == {
        'timm:test_vit+random': 'ours',
        'timm:test_vit2+random': 'test_vit2, random',
    }


@pytest.mark.parametrize(
    ('backbones', 'said'),
    [
        (('A=timm:x+random', 'A=timm:y+random'), "two backbones are named 'A'"),
        (('A=timm:x+random', 'B=timm:x+random'), "'A' and 'B' are the same backbone, timm:x"),
    ],
)
def test_names_and_backbones_go_one_to_one(
    declare: Declarations, backbones: tuple[str, ...], said: str
) -> None:
    declare.task()
    with pytest.raises(BenchmarkError, match=said):
        Request.read(str(declare.suite()), backbones=backbones)
