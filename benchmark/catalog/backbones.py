"""Backbones by id, by name in the zoo, or by declaration file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.catalog.code import classes_in
from benchmark.catalog.literals import read_literals
from benchmark.catalog.schema import Block, Key, block, is_number
from benchmark.catalog.sources import SOURCES, Located, locate, source_forms
from benchmark.catalog.types import check_types
from benchmark.errors import (
    BenchmarkError,
    CheckpointError,
    DeclarationError,
    UnknownNameError,
    did_you_mean,
    unknown_name,
)
from benchmark.results.titles import split_name
from benchmark.specs import REINIT, Backbone, LastBlocks, Pretraining
from benchmark.weight_files import locate_weights, weights_hash

RANDOM = '+random'
_LAST_BLOCKS = re.compile(r'\+(drop|reinit)(\d+)$')
_NO_NUMBER = re.compile(r'\+(drop|reinit)[^/@+]*$')

FAMILIES = ('mim', 'supervised', 'contrastive', 'distilled', 'none')
"""Families of pretraining that tables compare."""

_NUMBERS = Key((tuple,))
_BACKBONE_KEYS = {
    'name': Key((str,), required=True),
    'source': Key((str,), required=True),
    'checkpoint': Key((str,)),
    'random': Key((bool,)),
    'options': Key((Mapping,)),
    'may_miss': Key((Mapping,)),
    'mean': _NUMBERS,
    'std': _NUMBERS,
    'title': Key((str,)),
    'pretraining': Key((Mapping,)),
    'licence': Key((str,)),
    'reference': Key((str,)),
}
_PRETRAINING_KEYS = {
    'method': Key((str,)),
    'family': Key((str,), allowed=FAMILIES),
    'data': Key((str,)),
    'epochs': Key((int, float)),
    'labels': Key((bool,)),
}


def zoo_files() -> tuple[Path, ...]:
    """Return the declaration files of the backbones that come with the project, sorted."""
    folder = Path(__file__).resolve().parent.parent / 'zoo'
    return tuple(sorted(p for p in folder.glob('*.py') if not p.name.startswith('_')))


def zoo() -> dict[str, Backbone]:
    """Return the declared backbones by name.

    Raises:
        DeclarationError: a file is wrong, or two declare the same name.
    """
    found: dict[str, Backbone] = {}
    for path in zoo_files():
        backbone = read_backbone(path, is_for_use=False)
        if backbone.id in found:
            raise DeclarationError(f"{path}: the name '{backbone.id}' is declared twice")
        found[backbone.id] = backbone
    return found


def find_backbone(text: str, *, relative_to: Path | None = None) -> Backbone:
    """Return the backbone that a command-line ``text`` names.

    A source (``timm:NAME``, ``hf:FOLDER``, ``FILE.py:CLASS`` and so on), a declaration file
    ``FILE.py`` or a zoo name. Each may be followed by ``@CHECKPOINT`` (a weights file or folder;
    ``@CHECKPOINT#KEY`` for one of several copies in it) or by ``+random`` (the same architecture,
    randomly initialised), and at last by ``+dropK`` or ``+reinitK`` (its last K blocks left out,
    or set back to their random initialisation). Where a longer reading of the text names a path
    that exists, that is meant: ``@``, ``#`` and ``+`` may occur in names of files and folders.
    All of it may follow ``NAME=``, the title in tables, which is not part of the id.

    Raises:
        UnknownNameError: neither a known source nor a declared name.
        DeclarationError: the declaration is wrong, or what follows the name does not go together.
        CheckpointError: the weights file does not exist.
    """
    name, id_ = split_name(text)
    if name and not _is_path_of_source(text, relative_to):
        return _replace(find_backbone(id_, relative_to=relative_to), title=name)
    parts = _parse(text, relative_to)
    if parts.last is None and (unfinished := _NO_NUMBER.search(parts.loose)):
        raise DeclarationError(
            f"backbone '{text}': a number of blocks must follow +{unfinished[1]}, as in "
            f'+{unfinished[1]}2, at the end'
        )
    if earlier := _LAST_BLOCKS.search(parts.loose.partition('@')[0]):
        raise DeclarationError(
            f"backbone '{text}': only one of +dropK and +reinitK is allowed, at the end, not "
            f"'{earlier[0]}' too"
        )
    if parts.is_random and parts.checkpoint:
        raise DeclarationError(f"backbone '{text}': a checkpoint cannot be combined with {RANDOM}")
    backbone = _find_named(parts.name, relative_to)
    if parts.checkpoint and backbone.is_random:
        raise DeclarationError(
            f"backbone '{text}': '{parts.name}' is random and cannot have a checkpoint"
        )
    if parts.checkpoint:
        backbone = _with_checkpoint(backbone, Path(parts.checkpoint), parts.key)
    elif parts.is_random:
        backbone = _randomise(backbone)
    elif str(backbone.checkpoint).startswith('$'):
        raise _not_there(backbone)
    return _with_last_blocks(backbone, parts.last) if parts.last else backbone


class _Parts(NamedTuple):
    """What the text of a backbone consists of; ``loose`` is what no existing path accounts for."""

    name: str
    checkpoint: str = ''
    key: str = ''
    is_random: bool = False
    last: LastBlocks | None = None
    loose: str = ''


def _parse(text: str, relative_to: Path | None) -> _Parts:
    for body, last in _without_last_blocks(text):
        if _is_path_of_source(body, relative_to):
            return _Parts(body, last=last)
        if body.endswith(RANDOM) and _is_path_of_source(body.removesuffix(RANDOM), relative_to):
            return _Parts(body.removesuffix(RANDOM), is_random=True, last=last)
    for place in (i for i, character in enumerate(text) if character == '@'):
        name, rest = text[:place], text[place + 1 :]
        if not _may_be_name(name, relative_to):
            continue
        for body, last in _without_last_blocks(rest):
            if found := _existing(body):
                loose = '' if _is_path_of_source(name, relative_to) else name
                return _Parts(name, *found, last=last, loose=loose)
    return _parse_without_paths(text)


def _parse_without_paths(text: str) -> _Parts:
    """Return the parts of a text in which no path is found to exist."""
    body, last = list(_without_last_blocks(text))[-1]
    is_random = body.endswith(RANDOM)
    name, _, checkpoint = body.removesuffix(RANDOM).partition('@')
    return _Parts(name, checkpoint, is_random=is_random, last=last, loose=body)


def _without_last_blocks(text: str) -> Iterator[tuple[str, LastBlocks | None]]:
    """Yield the text as it is, then without an ending such as ``+drop2``, and that ending."""
    yield text, None
    if ending := _LAST_BLOCKS.search(text):
        yield text[: ending.start()], LastBlocks(ending[1], int(ending[2]))


def _existing(text: str) -> tuple[str, str] | None:
    """Return an existing path and the key that follows it, the longest path first."""
    if text and _exists(Path(text)):
        return text, ''
    for place in reversed([i for i, character in enumerate(text) if character == '#']):
        if text[:place] and _exists(Path(text[:place])):
            return text[:place], text[place + 1 :]
    return None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a null character
        return False


def _is_path_of_source(text: str, relative_to: Path | None) -> bool:
    """Return whether ``text`` as a whole names a declaration, a class in a file or a folder."""
    path, separator, name = text.rpartition('.py:')
    if separator:
        return name.isidentifier() and _exists((relative_to or Path()) / f'{path}.py')
    if text.endswith('.py'):
        return _exists((relative_to or Path()) / text)
    folder = text.removeprefix('hf:')
    return folder != text and _exists((relative_to or Path()) / Path(folder).expanduser())


def _may_be_name(text: str, relative_to: Path | None) -> bool:
    """Return whether ``text`` may precede a checkpoint."""
    source, separator, name = text.partition(':')
    if separator and source in SOURCES.names() and source != 'hf':
        return bool(name)
    is_repository = source == 'hf' and name.count('/') == 1
    return is_repository or '/' not in text or _is_path_of_source(text, relative_to)


def _not_there(backbone: Backbone) -> CheckpointError:
    variable, _, name = str(backbone.checkpoint).partition('/')
    return CheckpointError(
        f"backbone '{backbone.id}': download its weights by hand, see {backbone.reference}; "
        f'put them into a folder as {name} and set the environment variable {variable[1:]} to it'
    )


def _find_named(name: str, relative_to: Path | None) -> Backbone:
    if name.endswith('.py'):
        path = (relative_to or Path()) / name
        _refuse_code(path, name)
        return read_backbone(path)
    if ':' in name:
        return _from_source(locate(name, relative_to))
    declared = zoo()
    if name not in declared:
        raise _not_found(name, declared)
    return declared[name]


def _refuse_code(path: Path, name: str) -> None:
    """Refuse a file that holds classes but no declaration, and list the classes to choose from."""
    classes = classes_in(path) if path.is_file() else ()
    if classes:
        forms = ', '.join(f'{name}:{one}' for one in classes)
        raise DeclarationError(f'{path}: contains classes but no declaration; name one: {forms}')


def _from_source(found: Located) -> Backbone:
    return Backbone(
        id=found.id,
        source=found.source,
        checkpoint=found.checkpoint,
        options=found.options,
        code=found.code,
    )


def _not_found(name: str, declared: Mapping[str, Backbone]) -> UnknownNameError:
    if close := did_you_mean(name, declared):
        return UnknownNameError(
            f"unknown backbone '{name}'{close} `tbench list backbones` shows all"
        )
    hint = (
        f'{source_forms()}, each with [@CHECKPOINT[#KEY]] or [{RANDOM}] and [+dropK] or '
        '[+reinitK], or a declaration file also work'
    )
    return UnknownNameError(f'{unknown_name("backbone", name, declared)}; {hint}')


def _with_checkpoint(backbone: Backbone, checkpoint: Path, key: str) -> Backbone:
    if not _exists(checkpoint):
        raise CheckpointError(f"{checkpoint}: no such weights file (backbone '{backbone.id}')")
    name = checkpoint.name or checkpoint.resolve().name
    weights = locate_weights(checkpoint)
    # the mark distinguishes files of the same name by content; facts declared about the original
    # weights do not apply to these
    mark = weights_hash(weights)[:6]
    # an id as reports show it ends with the mark
    key = key.removesuffix(mark).removesuffix('#') if key.endswith(mark) else key
    chosen = f'#{key}' if key else ''
    return _replace(
        backbone,
        id=f'{backbone.id}@{name}{chosen}#{mark}',
        checkpoint=weights,
        copy=key,
        title='',
        pretraining=Pretraining(),
    )


def _randomise(backbone: Backbone) -> Backbone:
    return _replace(
        backbone,
        id=backbone.id + RANDOM,
        is_random=True,
        checkpoint=None,
        copy='',
        title=f'{backbone.title}, random' if backbone.title else '',
        pretraining=Pretraining(method='random init', family='none', labels=False),
    )


def _with_last_blocks(backbone: Backbone, last: LastBlocks) -> Backbone:
    name = backbone.id + last.suffix
    if backbone.last_blocks:
        raise DeclarationError(f"backbone '{name}': only one of +dropK and +reinitK is allowed")
    if last.count < 1:
        raise DeclarationError(f"backbone '{name}': must name at least 1 block")
    if backbone.is_random and last.action == REINIT:
        raise DeclarationError(f"backbone '{name}': all of its blocks are already random")
    said = f'last {last.count} {last.done}'
    title = f'{backbone.title}, {said}' if backbone.title else ''
    return _replace(backbone, id=name, title=title, last_blocks=last)


def _replace(backbone: Backbone, **changes: Any) -> Backbone:
    return Backbone(**{**vars(backbone), **changes})


def read_backbone(path: Path, *, is_for_use: bool = True) -> Backbone:
    """Return the backbone that the file at ``path`` declares.

    Unless it is for use, the folder of its weights need not be known.

    Raises:
        DeclarationError: names the file, the key, the value found and what is allowed.
    """
    literals = read_literals(path)
    if unknown := sorted(literals.keys() - {'backbone'}):
        raise DeclarationError(f"{path}: unknown block '{unknown[0]}' (allowed: backbone)")
    return _build_backbone(block(path, literals, 'backbone'), is_for_use)


def declare_backbone(values: Mapping[str, Any]) -> Backbone:
    """Return the backbone that a mapping declares, with the keys of a declaration file.

    Paths are relative to the working directory.

    Raises:
        DeclarationError: names the key, the value found and what is allowed.
    """
    return _build_backbone(Block(Path('backbone'), 'declaration', values), is_for_use=True)


def _build_backbone(facts: Block, is_for_use: bool) -> Backbone:
    path, values = facts.path, facts.checked(_BACKBONE_KEYS)
    check_types(path, "backbone['options']", values.get('options', {}))
    located = _declared_source(facts)
    is_random = values.get('random', False)
    declared, key = _declared_checkpoint(facts, is_for_use)
    weights = declared or located.checkpoint
    return Backbone(
        id=values['name'],
        source=located.source,
        is_random=is_random,
        checkpoint=None if is_random else weights,
        copy=key,
        options={**located.options, **values.get('options', {})},
        code=located.code,
        may_miss=values.get('may_miss', {}),
        normalisation=_normalisation(facts),
        title=values.get('title', ''),
        pretraining=_pretraining(facts),
        licence=values.get('licence'),
        reference=values.get('reference'),
    )


def _declared_source(facts: Block) -> Located:
    if ':' not in facts.values['source']:
        raise facts.error('source', f'must be {source_forms()}')
    try:
        return locate(facts.values['source'], facts.path.parent)
    except BenchmarkError as error:
        raise facts.error('source', str(error)) from None


def _declared_checkpoint(facts: Block, is_for_use: bool) -> tuple[Path | None, str]:
    """Return the path of the checkpoint, and the key of the copy in it that is to be taken.

    The path is beside the file, or below the folder in ``$VARIABLE``.
    """
    declared: str | None = facts.values.get('checkpoint')
    if declared is None:
        return None, ''
    if facts.values.get('random'):
        raise facts.error('checkpoint', "cannot be combined with 'random'")
    first, _, rest = declared.partition('/')
    if not first.startswith('$'):
        return _declared_path(facts.path.parent / declared)
    folder = os.environ.get(first[1:])
    if not folder and not is_for_use:
        return Path(declared), ''
    if not folder:
        raise facts.error('checkpoint', f'the environment variable {first[1:]} is not set')
    return _declared_path(Path(folder) / rest)


def _declared_path(path: Path) -> tuple[Path, str]:
    """Resolve a declared path; a folder is replaced by the weights file in it."""
    text, key = _existing(str(path)) or (str(path), '')
    found = Path(text)
    return (locate_weights(found) if found.is_dir() else found), key


def _normalisation(
    facts: Block,
) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    pair = [facts.values.get(key) for key in ('mean', 'std')]
    if pair == [None, None]:
        return None
    for key, numbers in zip(('mean', 'std'), pair, strict=True):
        if numbers is None or len(numbers) != 3 or not all(map(is_number, numbers)):
            raise facts.error(key, 'must be three numbers per RGB channel on the 0-255 scale')
    return tuple(pair[0]), tuple(pair[1])  # type: ignore[arg-type]


def _pretraining(facts: Block) -> Pretraining:
    declared = Block(facts.path, 'backbone pretraining', facts.values.get('pretraining', {}))
    return Pretraining(**declared.checked(_PRETRAINING_KEYS))
