"""Let archives stand for a data set: pictures stay inside, all other files come out."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path, PurePath

from benchmark import packed
from benchmark.acquiring.getting import STAGE, Shelf, counted, held
from benchmark.acquiring.unpacking import FREE, RATIO, move_in
from benchmark.errors import DataError
from benchmark.planning.contents import PIXELS
from benchmark.specs import Task

_PICTURES = PIXELS - {'.npy', '.npz', '.bin', '.exr', '.hdr', '.pfm'}
"""Endings of files that the project itself decodes, wherever they lie."""


def link_archives(shelf: Shelf, archives: Sequence[Path], tasks: Sequence[Task]) -> list[str]:
    """Make zip or tar archives stand for a data set; return what was done.

    Folders that hold nothing but pictures become links into the archives. All other files, and
    pictures beside them, are copied out: lists and annotations are read by many libraries.

    Args:
        shelf: where the data set belongs.
        archives: files of the layout that the data set has below its folder, one for all or one
            for each of some folders.
        tasks: those that read the data set.

    Raises:
        DataError: an archive is damaged or cannot be read in place, two hold the same folder, or
            something is in the way.
    """
    if shelf.home.exists() or shelf.home.is_symlink():
        raise DataError(f'{shelf.home}: is there already; delete it first')
    with held(shelf):
        stage = shelf.downloads / STAGE
        shutil.rmtree(stage, ignore_errors=True)
        try:
            done = [_lay_out(shelf, path.resolve(), stage) for path in archives]
            move_in(stage, shelf.data_root)
        except OSError as error:
            raise DataError(f'{error.filename}: cannot be made ({error.strerror})') from None
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        packed.forget()
        shelf.remember(counts={task.name: counted(task, shelf.data_root) for task in tasks})
    return done


def _lay_out(shelf: Shelf, path: Path, stage: Path) -> str:
    archive = packed.open_archive(path)
    declared = {file.name: file.into for file in shelf.one.files}
    place = Path(declared.get(path.name, shelf.one.root))
    inner = ''
    folders, files = archive.listed(inner)
    if path.name not in declared and folders == [shelf.home.name] and not files:
        inner = folders[0]
    layout = _Layout(archive, max(FREE, RATIO * path.stat().st_size))
    layout.lay(inner, stage / place, may_link=place != Path(shelf.one.root) and place != Path())
    return f'{path.name}: {layout.links:,} folders stay inside, {layout.copied:,} files copied out'


class _Layout:
    """Lays out the content of an archive as links and copies; counts both."""

    def __init__(self, archive: packed.Archive, most: int) -> None:
        self.archive = archive
        self.left = most
        self.links = self.copied = 0

    def lay(self, inner: str, folder: Path, *, may_link: bool = True) -> None:
        """Link a folder of the archive, or copy its files out and go on with its folders."""
        if may_link and self._has_only_pictures(inner):
            if folder.exists() or folder.is_symlink():
                raise DataError(
                    f'{self.archive.path}: {inner or folder.name!r} is also in another of the '
                    'archives; join them into one'
                )
            folder.parent.mkdir(parents=True, exist_ok=True)
            # the dot keeps a link to all of the archive from being one to its file
            folder.symlink_to(self.archive.path / inner if inner else f'{self.archive.path}/.')
            self.links += 1
            return
        if folder.is_symlink():
            raise DataError(f'{self.archive.path}: {inner!r} is also in another of the archives')
        folder.mkdir(parents=True, exist_ok=True)
        folders, files = self.archive.listed(inner)
        for name, facts in files:
            self.left -= facts.size
            if self.left < 0:
                raise DataError(
                    f'{self.archive.path}: unpacks to more than {RATIO} times its size (at '
                    f'{name!r}): refused'
                )
            with (folder / name).open('xb') as out:
                out.write(self.archive.read(f'{inner}/{name}' if inner else name))
            self.copied += 1
        for name in folders:
            self.lay(f'{inner}/{name}' if inner else name, folder / name)

    def _has_only_pictures(self, inner: str) -> bool:
        folders, files = self.archive.listed(inner)
        return all(PurePath(name).suffix.lower() in _PICTURES for name, _ in files) and all(
            self._has_only_pictures(f'{inner}/{name}' if inner else name) for name in folders
        )
