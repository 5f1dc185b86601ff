"""Backbones by id, by name in the zoo, or by declaration file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.catalog.literals import read_literals
from benchmark.catalog.schema import Block, Key, block, is_number
from benchmark.catalog.sources import Located, locate, source_forms
from benchmark.catalog.types import check_types
from benchmark.errors import (
    BenchmarkError,
    CheckpointError,
    DeclarationError,
    UnknownNameError,
    did_you_mean,
    unknown_name,
)
from benchmark.specs import REINIT, Backbone, LastBlocks, Pretraining, file_hash

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
    """Return the backbone that ``text`` means.

    A source (``timm:NAME``, ``hf:FOLDER``, ``FILE.py:CLASS`` and so on), a declaration file
    ``FILE.py`` or a zoo name. Each may be followed by ``@CHECKPOINT`` (a weights file) or by
    ``+random`` (the same architecture, randomly initialised), and at last by ``+dropK`` or
    ``+reinitK`` (its last K blocks left out, or set back to their random initialisation).

    Raises:
        UnknownNameError: neither a known source nor a declared name.
        DeclarationError: the declaration is wrong, or what follows the name does not go together.
        CheckpointError: the weights file does not exist.
    """
    ending = _LAST_BLOCKS.search(text)
    if ending:
        last = LastBlocks(ending[1], int(ending[2]))
        return _ended(find_backbone(text[: ending.start()], relative_to=relative_to), last)
    if unfinished := _NO_NUMBER.search(text):
        raise DeclarationError(
            f"backbone '{text}': a number of blocks must follow +{unfinished[1]}, as in "
            f'+{unfinished[1]}2, at the end'
        )
    body, is_random = (text.removesuffix(RANDOM), True) if text.endswith(RANDOM) else (text, False)
    name, _, checkpoint = body.partition('@')
    if is_random and checkpoint:
        raise DeclarationError(f"backbone '{text}': a checkpoint and {RANDOM} exclude each other")
    backbone = _named(name, relative_to)
    if checkpoint and backbone.is_random:
        raise DeclarationError(f"backbone '{text}': '{name}' is random and takes no checkpoint")
    if checkpoint:
        return _with_checkpoint(backbone, Path(checkpoint))
    if is_random:
        return _randomised(backbone)
    if str(backbone.checkpoint).startswith('$'):
        raise _not_there(backbone)
    return backbone


def _not_there(backbone: Backbone) -> CheckpointError:
    variable, _, name = str(backbone.checkpoint).partition('/')
    return CheckpointError(
        f"backbone '{backbone.id}': its weights must be fetched by hand, see {backbone.reference}; "
        f'put them into a folder as {name} and set the environment variable {variable[1:]} to it'
    )


def _named(name: str, relative_to: Path | None) -> Backbone:
    if name.endswith('.py'):
        return read_backbone((relative_to or Path()) / name)
    if ':' in name:
        return _from_source(locate(name, relative_to))
    declared = zoo()
    if name not in declared:
        raise _not_found(name, declared)
    return declared[name]


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
        f'{source_forms()}, each with [@CHECKPOINT] or [{RANDOM}] and [+dropK] or [+reinitK], or a '
        'declaration file also work'
    )
    return UnknownNameError(f'{unknown_name("backbone", name, declared)}; {hint}')


def _with_checkpoint(backbone: Backbone, checkpoint: Path) -> Backbone:
    if not checkpoint.is_file():
        raise CheckpointError(f"{checkpoint}: no such weights file (backbone '{backbone.id}')")
    # files of one name are told apart by their content; what is declared of other weights is not
    # said of these
    mark = file_hash(checkpoint)[:6]
    return _changed(
        backbone,
        id=f'{backbone.id}@{checkpoint.name}#{mark}',
        checkpoint=checkpoint,
        title='',
        pretraining=Pretraining(),
    )


def _randomised(backbone: Backbone) -> Backbone:
    return _changed(
        backbone,
        id=backbone.id + RANDOM,
        is_random=True,
        checkpoint=None,
        title=f'{backbone.title}, random' if backbone.title else '',
        pretraining=Pretraining(method='random init', family='none', labels=False),
    )


def _ended(backbone: Backbone, last: LastBlocks) -> Backbone:
    name = backbone.id + last.suffix
    if backbone.last_blocks:
        raise DeclarationError(f"backbone '{name}': only one of +dropK and +reinitK may stand")
    if last.count < 1:
        raise DeclarationError(f"backbone '{name}': must name at least 1 block")
    if backbone.is_random and last.action == REINIT:
        raise DeclarationError(f"backbone '{name}': all of its blocks are random already")
    said = f'last {last.count} {last.done}'
    title = f'{backbone.title}, {said}' if backbone.title else ''
    return _changed(backbone, id=name, title=title, last_blocks=last)


def _changed(backbone: Backbone, **changes: Any) -> Backbone:
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
    return _declared(block(path, literals, 'backbone'), is_for_use)


def declare_backbone(values: Mapping[str, Any]) -> Backbone:
    """Return the backbone that a mapping declares, with the keys of a declaration file.

    Paths are relative to the working directory.

    Raises:
        DeclarationError: names the key, the value found and what is allowed.
    """
    return _declared(Block(Path('backbone'), 'declaration', values), is_for_use=True)


def _declared(facts: Block, is_for_use: bool) -> Backbone:
    path, values = facts.path, facts.checked(_BACKBONE_KEYS)
    check_types(path, "backbone['options']", values.get('options', {}))
    located = _declared_source(facts)
    is_random = values.get('random', False)
    weights = _declared_checkpoint(facts, is_for_use) or located.checkpoint
    return Backbone(
        id=values['name'],
        source=located.source,
        is_random=is_random,
        checkpoint=None if is_random else weights,
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


def _declared_checkpoint(facts: Block, is_for_use: bool) -> Path | None:
    """Return the checkpoint's path: beside the file, or below the folder in ``$VARIABLE``."""
    declared: str | None = facts.values.get('checkpoint')
    if declared is None:
        return None
    if facts.values.get('random'):
        raise facts.error('checkpoint', "cannot stand beside 'random'")
    first, _, rest = declared.partition('/')
    if not first.startswith('$'):
        return facts.path.parent / declared
    folder = os.environ.get(first[1:])
    if not folder and not is_for_use:
        return Path(declared)
    if not folder:
        raise facts.error('checkpoint', f'the environment variable {first[1:]} is not set')
    return Path(folder) / rest


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
