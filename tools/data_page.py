"""Write the table of docs/data.md from the declared distributions; ``--check`` only compares."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmark.acquiring.declared import Distribution, distributions

PAGE = Path(__file__).resolve().parent.parent / 'docs/data.md'
START, END = '<!-- table: tools/data_page.py -->', '<!-- end of table -->'


def main() -> int:
    """Write the page, or say that it is stale; return 0 where it is right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--check', action='store_true', help='change nothing, exit 1 if stale')
    options = parser.parse_args()
    text = PAGE.read_text(encoding='utf-8')
    fresh = with_table(text)
    if options.check:
        return int(text != fresh)
    PAGE.write_text(fresh, encoding='utf-8')
    return 0


def with_table(text: str) -> str:
    """Return the page with the table as the declarations have it now."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    rows = [_row(one) for one in distributions().values()]
    names = '| data set | to fetch | licence | gate | checksums from |'
    rule = '| --- | ---: | --- | --- | --- |'
    return '\n'.join([before + START, names, rule, *rows, END]) + after


def _row(one: Distribution) -> str:
    cells = (f'[`{one.name}`]({one.page})', _size(one), one.licence, one.gate or 'none', _sums(one))
    return f'| {" | ".join(cell.replace("|", "/") for cell in cells)} |'


def _size(one: Distribution) -> str:
    unknown = sum(not file.expected for file in one.files)
    if unknown == len(one.files):
        return 'not stated'
    text = f'{one.size / 1e9:.2f} GB'
    return f'{text} and {unknown} of unknown size' if unknown else text


def _sums(one: Distribution) -> str:
    sources = sorted({f'{f.algorithm}: {f.source}' for f in one.files if f.checksum})
    missing = sum(not file.checksum for file in one.files)
    if missing:
        sources.append(f'{missing} of {len(one.files)} files: the first copy is recorded')
    return '; '.join(sources)


if __name__ == '__main__':
    sys.exit(main())
