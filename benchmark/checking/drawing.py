"""An HTML page with samples of each split, drawn with their labels."""

from __future__ import annotations

import base64
import html
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from mmengine.dataset import BaseDataset
from mmengine.registry import HOOKS, DefaultScope

import benchmark.registry  # noqa: F401  (makes 'benchmark.X' known to mmengine)
from benchmark.compiling import drawn_splits, localise
from benchmark.errors import BenchmarkError, DataError
from benchmark.kinds import load_kind
from benchmark.kinds.base import DATA
from benchmark.kinds.common.gallery import Gallery, palette
from benchmark.kinds.common.opening import opened
from benchmark.specs import Task

SAMPLES = 12
"""Number of samples drawn per split, spread evenly over it."""

_LISTED = 40
_PAGE = 'data.html'
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem;
  color: #222; background: #fff }
h1 { font-size: 1.4rem; margin-bottom: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { color: #555; margin: .25rem 0 } .error { color: #b00020 }
.samples { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start }
i { display: inline-block; width: .8em; height: .8em; margin-right: .25em }
figure { margin: 0; max-width: 100% } img { display: block; max-width: 100% }
figcaption { font-size: .75rem; color: #555; overflow-wrap: anywhere; max-width: 14rem }
"""


class Drawn(NamedTuple):
    """A sample of a split: its number, its file, and its drawing (PNG) or the error instead."""

    number: int
    name: str
    picture: bytes
    error: str


def draw_data(task: Task, folder: Path, out: Path) -> Path:
    """Write a page with samples of each split and their labels, and return its path.

    ``out`` is an HTML file, or a folder into which ``data.html`` goes. Nothing else is needed to
    open it.

    Raises:
        DataError: the page cannot be written.
    """
    path = out if out.suffix.lower() in ('.html', '.htm') else out / _PAGE
    text = ''.join(_page(task, folder))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    except OSError as error:
        raise DataError(f'{path}: cannot be written ({error.strerror})') from None
    return path


def _page(task: Task, folder: Path) -> Iterator[str]:
    config = localise(drawn_splits(task), {DATA: str(folder)})
    for module in config['custom_imports']:
        importlib.import_module(module)
    title = html.escape(f'{task.name}: {task.title}')
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{title}</title><style>{_STYLE}</style></head><body>'
    )
    yield f'<h1>{title}</h1><p>{task.kind}; {_legend(task)}</p>'
    with DefaultScope.overwrite_default_scope(config['default_scope']):
        for role, split in config['splits'].items():
            yield from _section(role, split, config['gallery'])
    yield '</body></html>\n'


def _legend(task: Task) -> str:
    """Return the names of the classes, each with its colour if samples are drawn in colours."""
    colours = palette(len(task.classes)) if load_kind(task.kind).has_colours else []
    chips = [f'<i style="background:rgb({r},{g},{b})"></i>' for b, g, r in colours]
    names = [html.escape(name) for name in task.classes[:_LISTED]]
    shown = ', '.join(a + b for a, b in zip(chips or [''] * len(names), names, strict=False))
    count = len(task.classes)
    return f'{count} {"class" if count == 1 else "classes"}: {shown}' + (
        ' ...' if len(task.classes) > _LISTED else ''
    )


def _section(role: str, split: dict[str, Any], gallery: dict[str, Any]) -> Iterator[str]:
    try:
        dataset = opened(of=split)
    except BenchmarkError as error:
        yield f'<h2>{role}</h2><p class="error">{html.escape(str(error))}</p>'
        return
    yield f'<h2>{role}: {len(dataset)} samples</h2><div class="samples">'
    for one in _draw_samples(dataset, gallery):
        yield _figure(role, one)
    yield '</div>'


def _figure(role: str, one: Drawn) -> str:
    text = html.escape(f'{one.number}: {one.name}')
    if one.error:
        return f'<p class="error">{text}: {html.escape(one.error)}</p>'
    data = base64.b64encode(one.picture).decode()
    alt = html.escape(f'{role} sample {one.number} with its labels')
    return (
        f'<figure><img alt="{alt}" src="data:image/png;base64,{data}">'
        f'<figcaption>{text}</figcaption></figure>'
    )


def _draw_samples(dataset: BaseDataset, gallery: dict[str, Any]) -> Iterator[Drawn]:
    drawer: Gallery = HOOKS.build({**gallery, 'folder': '.'})
    drawer.name_classes(dataset)
    count = min(SAMPLES, len(dataset))
    for index in sorted({int(i) for i in np.linspace(0, len(dataset) - 1, count)}):
        info = dataset.get_data_info(index)
        name = Path(str(info.get('img_path') or info.get('folder'))).name
        try:
            yield Drawn(index, name, _png(drawer.show(dataset[index]['data_samples'])), '')
        except BenchmarkError as error:
            yield Drawn(index, name, b'', str(error))


def _png(image: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode('.png', image)[1].tobytes()
