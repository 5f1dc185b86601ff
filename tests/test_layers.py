"""Imports point downwards, and what must stay free of torch is."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.kinds import kind_names

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / 'benchmark'
RUNNER = ('mmengine.runner', 'mmengine.runner.Runner', 'mmengine.runner.runner.Runner')
DECLARATIONS = ('zoo', 'suites', 'normalisers', 'task_configs')


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield every module of the package by its dotted name."""
    for path in sorted(PACKAGE.rglob('*.py')):
        place = path.relative_to(ROOT).with_suffix('')
        if place.parts[1] not in DECLARATIONS:
            name = '.'.join(place.parts).removesuffix('.__init__')
            yield name, ast.parse(path.read_text(encoding='utf-8'))


def imported_at_run_time(tree: ast.AST) -> Iterator[str]:
    """Yield ``module.name`` of all imports but those for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f'{node.module}.{alias.name}' for alias in node.names)
        else:
            yield from imported_at_run_time(node)


def test_the_contracts_of_import_linter_hold() -> None:
    pytest.importorskip('importlinter')
    done = subprocess.run(
        [sys.executable, '-c', 'from importlinter.cli import lint_imports_command as c; c()',
         '--no-cache'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert '0 broken' in done.stdout


def test_one_module_imports_the_training_runner() -> None:
    importing = {
        name
        for name, tree in modules()
        for imported in imported_at_run_time(tree)
        if imported in RUNNER
    }
    assert importing == {'benchmark.execution.execute'}


def test_every_module_is_in_a_layer() -> None:
    """A package that the contract does not name would be free to import anything."""
    import tomllib

    contracts = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['importlinter']
    layers = next(c['layers'] for c in contracts['contracts'] if c['type'] == 'layers')
    named = {name.strip('() ').removeprefix('benchmark.') for layer in layers
             for name in layer.replace('|', ':').split(':')}  # fmt: skip
    there = {
        path.stem
        for path in PACKAGE.iterdir()
        if not path.name.startswith(('_', '.')) and path.name not in DECLARATIONS
        if path.suffix == '.py' or (path / '__init__.py').exists()
    }
    assert there == named - {'transferbench'}


@pytest.mark.parametrize(
    'module',
    [
        'benchmark.catalog',
        'benchmark.compiling',
        'benchmark.planning',
        'benchmark.launching.campaign',
        'benchmark.launching.worker',
        'benchmark.execution.locking',
        'benchmark.results.store',
        'benchmark.openmmlab',
    ],
)
def test_it_is_imported_without_torch(module: str) -> None:
    program = f'import {module}, sys; print("torch" in sys.modules, "mmengine" in sys.modules)'
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == 'False False\n'


def test_nobody_keeps_a_list_of_kinds() -> None:
    kinds = set(kind_names())
    for module, tree in modules():
        if module.startswith('benchmark.kinds.'):
            continue
        for node in ast.walk(tree):
            parts = node.keys if isinstance(node, ast.Dict) else getattr(node, 'elts', ())
            named = {part.value for part in parts if isinstance(part, ast.Constant)} & kinds
            assert len(named) < 2, (
                f'{module}, line {node.lineno}, lists {sorted(named)}: declare it in KIND'
            )
