"""Hooks of MkDocs: pages that stand outside of ``docs/``, and links that lead out of it.

`CONTRIBUTING.md`, `CHANGELOG.md` and two pages of ``results/`` are part of the site where they
stand in the repository. A link to a file that the site does not show becomes its text; a link to
a file that does not exist stays as it is, so that the strict build fails.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    'CONTRIBUTING.md': 'contributing.md',
    'CHANGELOG.md': 'changelog.md',
    'results/README.md': 'results/index.md',
    'results/sweeps/README.md': 'results/sweeps.md',
}
"""Paths in the repository and in the site of the pages outside of ``docs/``."""

FIGURES = 'results/analysis/*/figure.png'
"""Figures outside of ``docs/`` that its pages show; they keep their paths."""

_LOG = logging.getLogger('mkdocs.hooks.site')  # warnings below this name fail the strict build
_FOREIGN = re.compile(
    r'<(?:script|img|iframe|link rel="?stylesheet)[^>]*(?:src|href)="?https?:[^">\s]*'
)
_LINK = re.compile(
    r'(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)'
)
_ROLE = re.compile(r':(?:class|data|func|meth|mod):(?=<code|<span|<a)')


def on_files(files: Files, config: Any) -> Files:
    """Return the files of the site, with those outside of ``docs/``."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    for figure in sorted(ROOT.glob(FIGURES)):
        place = figure.relative_to(ROOT).as_posix()
        files.append(File.generated(config, place, abs_src_path=str(figure)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return a page whose relative links lead to pages of the site."""
    here = page.file.src_uri
    source = next((path for path, name in PAGES.items() if name == here), f'docs/{here}')
    return _LINK.sub(lambda link: _relinked(link, source, here), markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Return a page without the roles that docstrings have before names."""
    return _ROLE.sub('', html)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Return a page; one that would load something from another host fails the strict build."""
    for loaded in _FOREIGN.findall(output):
        _LOG.warning('%s loads from another host: %s', page.file.src_uri, loaded)
    return output


def _relinked(link: re.Match[str], source: str, here: str) -> str:
    target = link['target']
    if ':' in target or target.startswith('/'):
        return link[0]
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    place = site_path(path)
    if place is not None:
        relative = posixpath.relpath(place, posixpath.dirname(here) or '.')
        return f'{link["image"]}[{link["text"]}]({relative}{link["anchor"] or ""})'
    return link['text'] if (ROOT / path).exists() else link[0]


def site_path(path: str) -> str | None:
    """Return where the site shows a file of the repository; ``None`` if it does not."""
    if path in PAGES:
        return PAGES[path]
    if path.startswith('docs/'):
        return path.removeprefix('docs/')
    return path if Path(path).match(FIGURES) else None
