"""Let the libraries read pictures inside of archives as they read files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark import packed


def install_archives() -> None:
    """Let mmengine find and read files by :mod:`benchmark.packed`, so that all libraries do."""
    from mmengine.fileio import LocalBackend, register_backend

    class Local(LocalBackend):  # type: ignore[misc]
        def get(self, filepath: str | Path) -> bytes:
            return packed.read_bytes(filepath)

        def exists(self, filepath: str | Path) -> bool:
            return packed.is_file(filepath) or packed.is_folder(filepath)

        def isdir(self, filepath: str | Path) -> bool:
            return packed.is_folder(filepath)

        def isfile(self, filepath: str | Path) -> bool:
            return packed.is_file(filepath)

        def list_dir_or_file(
            self,
            dir_path: str | Path,
            list_dir: bool = True,
            list_file: bool = True,
            suffix: Any = None,
            recursive: bool = False,
        ) -> Iterator[str]:
            if list_dir and suffix is not None:
                raise TypeError('`suffix` should be None when `list_dir` is True')
            return _listed(str(dir_path), '', list_dir, list_file, suffix or '', recursive)

    register_backend('local', Local, force=True, prefixes='')


def _listed(
    root: str, place: str, has_folders: bool, has_files: bool, suffix: Any, recursive: bool
) -> Iterator[str]:
    """Yield relative paths as mmengine does: hidden files are left out, hidden folders are not."""
    folders, files = packed.names_in(f'{root}/{place}')
    if has_files:
        names = (place + name for name in files if not name.startswith('.'))
        yield from (name for name in names if name.endswith(suffix))
    for name in folders:
        if has_folders:
            yield place + name
        if recursive:
            yield from _listed(root, f'{place}{name}/', has_folders, has_files, suffix, recursive)
