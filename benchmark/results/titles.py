"""What backbones are called where people read: their names, else the shortest part of their ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from benchmark.errors import BenchmarkError, unknown_name

_ENDING = re.compile(r'((?:\+random)?(?:\+(?:drop|reinit)\d+)?)$')
_MARK = re.compile(r'#[0-9a-f]{6}$')
_SAID = {'+random': ', random'}


def short_titles(ids: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return a title for each id of a backbone, as short as keeps all of them apart.

    Args:
        ids: of backbones that have no name.
        taken: names of others, which no title repeats.

    >>> short_titles(['timm:vit_s@a.pth#8e6b32', 'timm:vit_s@b.pth#0f1e2d', 'timm:vit_s+random'])
    {'timm:vit_s@a.pth#8e6b32': 'a.pth', 'timm:vit_s@b.pth#0f1e2d': 'b.pth', \
'timm:vit_s+random': 'vit_s, random'}
    """
    left = {id_: _parts(id_) for id_ in dict.fromkeys(ids)}
    used, found = set(taken), {}
    while left:
        counts = Counter(parts[0] for parts in left.values())
        for id_, parts in list(left.items()):
            if (counts[parts[0]] == 1 and parts[0] not in used) or len(parts) == 1:
                found[id_] = left.pop(id_)[0]
        # a title that two ids would share is nobody's
        used |= {*counts, *found.values()}
        left = {id_: parts[1:] for id_, parts in left.items()}
    return {id_: found[id_] for id_ in found}


def _parts(id_: str) -> list[str]:
    """Return titles of an id, the shortest first, the id last."""
    ending = _ENDING.search(id_)
    assert ending is not None, 'an ending may be empty'
    body = id_[: ending.start()]
    said = ending[1]
    for text, words in _SAID.items():
        said = said.replace(text, words)
    name, _, checkpoint = body.partition('@')
    architecture = _MARK.sub('', name.rpartition('.py:')[2] or name)
    architecture = architecture.partition(':')[2] or architecture
    file = _MARK.sub('', checkpoint)
    found = [f'{file}{said}', f'{architecture}@{file}{said}'] if file else [f'{architecture}{said}']
    return list(dict.fromkeys([*found, f'{body.partition(":")[2] or body}{said}', id_]))


def find_id(text: str, titles: Mapping[str, str], what: str = 'backbone') -> str:
    """Return the id of the backbone that ``text`` names: by title, id, or id without its mark.

    Args:
        text: what somebody wrote.
        titles: title by id.
        what: what an error calls it.

    Raises:
        UnknownNameError: there is none.
        BenchmarkError: there are several.
    """
    fits = [id_ for id_, title in titles.items() if text in (id_, title)]
    fits = fits or [id_ for id_ in titles if _MARK.sub('', id_) == text]
    if len(fits) > 1:
        raise BenchmarkError(f"{what} '{text}' is one of several: {', '.join(sorted(fits))}")
    if not fits:
        raise unknown_name(what, text, {title or id_ for id_, title in titles.items()} | {*titles})
    return fits[0]


def split_name(text: str) -> tuple[str, str]:
    """Return the name and the id of ``NAME=ID``; an id alone has no name.

    >>> split_name('ours=timm:vit_s@a.pth'), split_name('timm:vit_s@lr=1.pth')
    (('ours', 'timm:vit_s@a.pth'), ('', 'timm:vit_s@lr=1.pth'))
    """
    name, separator, id_ = text.partition('=')
    if not separator or not id_ or not name.strip() or set(name) & set(':/@#'):
        return '', text
    return name.strip(), id_
