"""How long it takes to know data by content: read for the first time, known again, by name only.

    python tools/bench/data.py [--files 20000] [--kilobytes 110] [--cells 20000] [--folder DIR]

Writes a data set of that many pictures of random bytes into a folder of its own, which is removed
afterwards, and prints one line per case. The files were just written and lie in memory: a first
reading from a disk is as slow as the disk.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmark.catalog import find_task
from benchmark.compiling import compile_trivial, fingerprint_of, numerics_of
from benchmark.planning import contents
from benchmark.planning.contents import DataReader, Level

TASK = replace(find_task('world-covered'), tree={}, datasets={})
_FOLDERS = 100


def main() -> None:
    """Write the data, read them in each way, and compute the fingerprints of many cells."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--files', type=int, default=20_000)
    parser.add_argument('--kilobytes', type=int, default=110)
    parser.add_argument('--cells', type=int, default=20_000)
    parser.add_argument('--folder', type=Path)
    options = parser.parse_args()
    contents._SETTLED = 0  # files that were just written shall be remembered
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        root = Path(name) / 'data'
        _write(root, options.files, options.kilobytes << 10)
        cache = Path(name) / 'cache'
        for title, reader in (
            ('read for the first time', DataReader(cache)),
            ('known again', DataReader(cache)),
            ('photographs by name and size', DataReader(None, Level.QUICK)),
        ):
            _measure(title, reader, root)
        victim = next(root.rglob('*.jpg'))
        victim.write_bytes(os.urandom(victim.stat().st_size))
        _measure('one of them changed', DataReader(cache), root)
    _fingerprints(options.cells)


def _write(root: Path, files: int, size: int) -> None:
    for folder in range(_FOLDERS):
        (root / 'train' / f'{folder:03d}').mkdir(parents=True)
    for i in range(files):
        (root / 'train' / f'{i % _FOLDERS:03d}' / f'{i:07d}.jpg').write_bytes(os.urandom(size))
    (root / 'labels.txt').write_text('x\n' * files)


def _measure(title: str, reader: DataReader, root: Path) -> None:
    began = time.perf_counter()
    found = reader.manifest(TASK, root)
    seconds = time.perf_counter() - began
    rate = f', {found.unread / 1e6 / seconds:.0f} MB/s' if found.unread > 1e6 else ''
    print(
        f'{title}: {found.files:,} files of {found.size / 1e9:.2f} GB in {seconds:.2f} s, '
        f'{1e6 * seconds / found.files:.1f} us a file{rate}'
    )


def _fingerprints(cells: int) -> None:
    config = compile_trivial(find_task('world-covered'))
    numerics = numerics_of(config, kind=TASK.kind, protocol='trivial', source='')
    began = time.perf_counter()
    for i in range(cells):
        fingerprint_of(
            config, weights=None, manifest=str(i), task_version=1, numerics=numerics, source=''
        )
    seconds = time.perf_counter() - began
    print(
        f'fingerprints of {cells:,} cells: {seconds:.2f} s, {1e6 * seconds / cells:.0f} us a cell'
    )


if __name__ == '__main__':
    main()
