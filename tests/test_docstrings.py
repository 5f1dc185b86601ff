"""What docstrings of public functions and dataclasses must say, beyond what the linter checks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
DECLARATIONS = ('zoo', 'suites', 'normalisers', 'distributions')

MANY = 4
"""From so many parameters or fields on, each is described."""

FOREIGN = 'benchmark/openmmlab/'
"""Functions there take the place of others' and have their parameters."""

IMPOSED = frozenset(
    {'after_test_iter', 'after_train_iter', 'forward', 'on_step_end', 'predict', 'probabilities'}
)
"""Names of functions whose parameters a base class, or another library, describes."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield the modules of both packages by path, declarations left out."""
    for package in ('benchmark', 'transferbench'):
        for path in sorted((ROOT / package).rglob('*.py')):
            if not set(DECLARATIONS) & set(path.parts):
                tree = ast.parse(path.read_text(encoding='utf-8'))
                yield path.relative_to(ROOT).as_posix(), tree


def public(body: list[ast.stmt], owner: str = '') -> Iterator[tuple[str, ast.stmt]]:
    """Yield public classes and functions with their names, methods of public classes too."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith('_'):
            yield owner + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f'{node.name}.')


def decorators(node: ast.ClassDef | ast.FunctionDef) -> set[str]:
    texts = (ast.unparse(item).partition('(')[0] for item in node.decorator_list)
    return {text.rpartition('.')[2] for text in texts}


def parameters(node: ast.FunctionDef) -> list[str]:
    names = [item.arg for item in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return [name for name in names if name not in ('self', 'cls')]


def section(node: ast.ClassDef | ast.FunctionDef, name: str) -> str:
    """Return a section of a docstring, down to the next one; empty if there is none."""
    text = ast.get_docstring(node) or ''
    after = text.partition(f'\n{name}:\n')[2]
    return after.partition('\n\n')[0]


def described(text: str) -> set[str]:
    """Return the names at the beginnings of the entries of a section."""
    entries = (line.strip() for line in text.splitlines() if line[:5].strip())
    return {entry.partition(':')[0] for entry in entries if ':' in entry}


def functions_without() -> list[str]:
    """Return public functions of many parameters, with those that ``Args:`` does not describe."""
    found = []
    for place, tree in modules():
        for name, node in public(tree.body):
            if not isinstance(node, ast.FunctionDef) or node.name in IMPOSED:
                continue
            wanted = parameters(node)
            lacking = [one for one in wanted if one not in described(section(node, 'Args'))]
            if len(wanted) >= MANY and lacking and not place.startswith(FOREIGN):
                found.append(f'{place} {name}: {", ".join(lacking)}')
    return found


def dataclasses_without() -> list[str]:
    """Return public dataclasses of many fields, with the fields that no word is about."""
    found = []
    for place, tree in modules():
        for name, node in public(tree.body):
            if not isinstance(node, ast.ClassDef) or 'dataclass' not in decorators(node):
                continue
            fields = public_fields(node)
            text = ast.get_docstring(node) or ''
            said = described(section(node, 'Attributes'))
            lacking = [one for one in fields if one not in said and f'``{one}``' not in text]
            if len(fields) >= MANY and lacking:
                found.append(f'{place} {name}: {", ".join(lacking)}')
    return found


def public_fields(node: ast.ClassDef) -> list[str]:
    """Return the fields of a dataclass, without class variables and those with a text below."""
    found = []
    for item, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            is_field = 'ClassVar' not in ast.unparse(item.annotation)
            if is_field and not item.target.id.startswith('_') and not isinstance(after, ast.Expr):
                found.append(item.target.id)
    return found


def test_public_functions_of_many_parameters_describe_each() -> None:
    assert functions_without() == []


def test_public_dataclasses_of_many_fields_describe_each() -> None:
    assert dataclasses_without() == []
