"""Declarations in the documents are valid, by ``tbench check task`` and the readers of others."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from benchmark.catalog import find_suite
from benchmark.catalog.backbones import read_backbone
from benchmark.catalog.tasks import read_task
from benchmark.checking.task import task_lines
from benchmark.kinds import kind_names
from benchmark.regression.accepted import read_accepted
from benchmark.report import read_normaliser
from tests.support.documents import Block, blocks

PYTHON = blocks('python')


def of(name: str) -> list[Block]:
    return [block for block in PYTHON if block.text.startswith(f'{name} = ')]


def written(block: Block, folder: Path) -> Path:
    path = folder / (block.title or 'declared.py')
    path.write_text(block.text)
    return path


def place(block: Block) -> str:
    return block.place


@pytest.mark.parametrize('block', of('task'), ids=place)
def test_a_task_passes_its_check(block: Block, tmp_path: Path) -> None:
    lines = task_lines(str(written(block, tmp_path)), tmp_path)
    assert [line.split()[0] for line in lines] == ['ok', 'ok', 'ok', 'ok', 'absent']


def test_every_kind_has_a_template(tmp_path: Path) -> None:
    kinds = [read_task(written(block, tmp_path)).kind for block in of('task') if block.title]
    assert sorted(kinds) == list(kind_names())


@pytest.mark.parametrize('block', of('suite'), ids=place)
def test_a_suite_names_tasks_that_the_documents_declare(block: Block, tmp_path: Path) -> None:
    for task in of('task'):
        written(task, tmp_path)
    suite = find_suite(str(written(block, tmp_path)))
    assert all((tmp_path / Path(task).name).is_file() for task in suite.tasks)


@pytest.mark.parametrize('block', of('recipes'), ids=place)
def test_recipes_are_those_of_a_suite(block: Block, tmp_path: Path) -> None:
    path = tmp_path / 'suite.py'
    path.write_text(
        'suite = dict(name="s", title="s", tasks=("world-depth",), protocols=("finetune",), '
        f'seeds=(0,), {block.text.strip().replace(" = ", "=", 1)})'
    )
    assert find_suite(str(path)).recipes


@pytest.mark.parametrize('block', of('backbone'), ids=place)
def test_a_backbone_is_read_with_its_weights(block: Block, tmp_path: Path) -> None:
    (tmp_path / 'my_weights.safetensors').write_bytes(b'weights')
    assert read_backbone(written(block, tmp_path)).checkpoint.is_file()


@pytest.mark.parametrize('block', of('normaliser'), ids=place)
def test_a_normaliser_is_read(block: Block, tmp_path: Path) -> None:
    assert read_normaliser(written(block, tmp_path)).tasks


@pytest.mark.parametrize('block', blocks('toml'), ids=place)
def test_toml_is_read(block: Block, tmp_path: Path) -> None:
    if 'shift' in tomllib.loads(block.text):
        path = tmp_path / 'accepted.toml'
        path.write_text(block.text)
        assert read_accepted(path)


def test_every_python_block_is_run_by_a_test() -> None:
    from tests.docs.test_python import RUN

    declared = ('task', 'suite', 'recipes', 'backbone', 'normaliser')
    checked = [block for name in declared for block in of(name)]
    assert [block.place for block in PYTHON if block not in checked and block not in RUN] == []
