"""Findings as files: values as CSV, a record as JSON, the figure as PNG and SVG."""

from __future__ import annotations

import csv
import io
import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.analysis.findings import Finding, Row
from benchmark.compiling import library_versions
from benchmark.report.data.analyses import FIGURE, PICTURE, RECORD, SCHEMA, VALUES
from benchmark.results.store import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 144


def write(finding: Finding, out: Path) -> list[Path]:
    """Write ``finding`` into the folder of its name below ``out`` and return the files.

    Raises:
        RecordError: a file cannot be written.
    """
    folder = out / finding.analysis
    figure = finding.draw()
    contents: dict[str, str | bytes] = {
        VALUES: table(finding.rows),
        FIGURE: image_bytes(figure, 'svg'),
        PICTURE: image_bytes(figure, 'png'),
        # the record comes last: where it is, the rest is
        RECORD: record(finding),
    }
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]


def table(rows: Sequence[Row]) -> str:
    """Return ``rows`` as CSV; numbers with 6 significant digits, missing values empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    if rows:
        writer.writerow(rows[0])
    for row in rows:
        writer.writerow([_cell(value) for value in row.values()])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if value is None or value != value:
        return ''
    return f'{value:.6g}' if isinstance(value, float) else value


def record(finding: Finding) -> str:
    """Return the JSON record of ``finding``, with versions and the time it was made."""
    content = {
        'schema': SCHEMA,
        'analysis': finding.analysis,
        'title': finding.title,
        'caption': finding.caption,
        'facts': finding.facts,
        'key_numbers': finding.key_numbers and finding.key_numbers.to_plain(),
        'backbones': finding.subjects,
        'images': finding.images,
        'provenance': {
            'libraries': library_versions(),
            'python': platform.python_version(),
            'platform': f'{platform.system()} {platform.machine()}',
            'finished': datetime.now(UTC).isoformat(timespec='seconds'),
        },
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + '\n'


def image_bytes(figure: Figure, kind: str) -> bytes:
    """Return a figure as a file, ``'svg'`` or ``'png'``; equal figures give equal bytes."""
    import matplotlib

    target = io.BytesIO()
    # no date, no random ids; text stays text
    steady = {'svg.hashsalt': 'transferbench', 'svg.fonttype': 'none'}
    metadata = {'Date': None} if kind == 'svg' else {}
    with matplotlib.rc_context(steady):
        figure.savefig(target, format=kind, dpi=_DOTS_PER_INCH, metadata=metadata)
    return target.getvalue()
