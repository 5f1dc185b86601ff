"""What a Python file defines, read without running it."""

from __future__ import annotations

import ast
from pathlib import Path

from benchmark.errors import DeclarationError, did_you_mean


def classes_in(path: Path) -> tuple[str, ...]:
    """Return the names of the classes that a file defines at its top, in order.

    Raises:
        DeclarationError: the file cannot be read or is not Python.
    """
    return tuple(node.name for node in _parse(path).body if isinstance(node, ast.ClassDef))


def check_class(path: Path, name: str) -> None:
    """Refuse a name that a file can hold nowhere: it defines, assigns and imports no such thing.

    Raises:
        DeclarationError: so it is, or the file cannot be read or is not Python.
    """
    tree = _parse(path)
    known = set(_names(tree))
    if name in known or '*' in known:
        return
    classes = classes_in(path)
    there = f' (there: {", ".join(classes)})' if classes else ''
    raise DeclarationError(f"{path}: has no class '{name}'{did_you_mean(name, classes)}{there}")


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding='utf-8'), str(path))
    except OSError as error:
        raise DeclarationError(f'{path}: cannot be read ({error.strerror})') from None
    except SyntaxError as error:
        raise DeclarationError(f'{path}:{error.lineno}: not Python ({error.msg})') from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise DeclarationError(f'{path}: not Python ({error})') from None


def _names(tree: ast.Module) -> list[str]:
    """Return every name that is defined, assigned or imported anywhere in a file."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found += [(alias.asname or alias.name).partition('.')[0] for alias in node.names]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node.id)
    return found
