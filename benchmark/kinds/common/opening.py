"""Opening a data set so that whatever is wrong with it names the data set's key or file."""

from __future__ import annotations

import contextlib
import inspect
import json
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, ConcatDataset

from benchmark import packed
from benchmark.errors import BenchmarkError, DataError, UnknownNameError, did_you_mean
from benchmark.hashing import fingerprint
from benchmark.kinds.common import xml
from benchmark.kinds.common.listing import check_list, is_emptiness, why_unreadable
from benchmark.kinds.common.loading import compare_sizes, replace_loaders
from benchmark.kinds.common.order import SeededSamples
from benchmark.kinds.common.parts import chosen, held_out, joined
from benchmark.kinds.common.unread import check_folders, no_folder, why_empty
from benchmark.kinds.common.views import FixedViews
from benchmark.openmmlab import coco
from benchmark.openmmlab.decoding import header_of, is_broken
from benchmark.registry import DATASETS
from benchmark.wording import count_noun

Config = Mapping[str, Any]

_FILES = ('img_path', 'seg_map_path', 'depth_map_path', 'ann_file', 'frames', 'folder')
"""Under which keys samples and data sets name files."""

OURS = (
    'ImageFolders',
    'KeypointDataset',
    'DepthFolders',
    'DepthPairs',
    'GOT10k',
    'MotFrames',
)
"""Our data sets for users' own data, suggested when a library's name like theirs is unknown."""

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_LONGEST = 160

_PARTIAL: dict[Any, tuple[str, ...]] = {
    held_out: ('of', 'every', 'rest'),
    chosen: ('of', 'count'),
}
"""Data sets that are part of another, with the arguments of their own."""

_SAMPLED = 20
"""Of how many pictures the size is compared with the annotations' when a data set is opened."""


_EXPECTED: ContextVar[Mapping[str, int]] = ContextVar('expected')
"""How many samples splits had when they were looked at, by :func:`key_of`."""


def key_of(of: Config) -> str:
    """Return what identifies the files that the split ``of`` reads, whatever is done with them."""
    plain = {key: value for key, value in of.items() if key != 'pipeline'}
    return fingerprint(json.loads(json.dumps(plain, default=str)))[:24]


@contextlib.contextmanager
def expecting(sizes: Mapping[str, int]) -> Iterator[None]:
    """Refuse, in this block, splits with other numbers of samples than ``sizes`` has by key."""
    token = _EXPECTED.set(sizes)
    try:
        yield
    finally:
        _EXPECTED.reset(token)


def expected() -> dict[str, int]:
    """Return the sizes that :func:`expecting` was given."""
    return dict(_EXPECTED.get({}))


@DATASETS.register_module(name='Opened')
def opened(*, of: Config) -> BaseDataset:
    """Return the data set ``of``, whose errors name files.

    Raises:
        UnknownNameError: no registry has its type.
        DataError: an argument is unknown, its annotations cannot be used, they are of pictures
            of another size, or it has more or fewer samples than when it was looked at.
    """
    if problem := misfit(of):
        raise DataError(problem)
    for kind in _classes(of):
        coco.adopt(kind)
        xml.adopt(kind)
    dataset = _build(of)
    if not len(dataset):
        raise DataError(f'{_annotations(of)}: holds no sample')
    _check_size(of, len(dataset))
    for part in _parts(dataset):
        _check_some_sizes(part)
        if not isinstance(part.pipeline, _NamesFiles):  # one may be there several times
            noted = getattr(part, 'notes', ())  # by what read its annotations
            part.oddities = [*noted, *check_folders(part), *check_list(part)]
            replace_loaders(part)
            part.pipeline = _NamesFiles(part.pipeline)
    return dataset


def _check_size(of: Config, found: int) -> None:
    """Compare the number of samples with that of the look at the data before the run.

    Raises:
        DataError: they differ.
    """
    sizes = _EXPECTED.get({})
    before = sizes.get(key_of(of), found) if sizes else found
    if found != before:
        raise DataError(
            f'{_place_of(of)}: holds {count_noun(found, "sample")}, but held {before} when the '
            'data were looked at before the run: files came or went meanwhile; let them be, and '
            'run again'
        )


@DATASETS.register_module(name='Seeded')
def seeded(*, of: Config, seed: int, views: int = 0) -> SeededSamples:
    """Return the data set ``of``, opened, whose samples are drawn for their turns.

    With ``views``, each sample has so many that are drawn once, whatever the turn.
    """
    dataset = opened(of=of)
    return SeededSamples(FixedViews(dataset, views) if views else dataset, seed)


def _build(of: Config) -> BaseDataset:
    """Return the data set, whatever is wrong with its annotations being a :class:`DataError`."""
    try:
        dataset = DATASETS.build(dict(of))
        for part in _parts(dataset):
            part.full_init()
    except BenchmarkError:
        raise
    except Exception as error:  # libraries raise whatever their readers do
        logging.getLogger(__name__).error(traceback.format_exc())
        raise DataError(_explain(of, error)) from None
    return dataset


def _explain(of: Config, error: Exception) -> str:
    """Return why a data set cannot be opened, naming the line or folder where one is to blame."""
    for config in _unread_parts(of):
        try:
            part = DATASETS.build({**config, 'lazy_init': True})
            reason = no_folder(part) or (
                why_empty(part) if is_emptiness(error) else why_unreadable(part)
            )
        except BenchmarkError as other:
            return str(other)
        except Exception:  # that it cannot be explained must not hide what it is
            reason = ''
        if reason:
            return reason
    return f'{_annotations(of)}: cannot be read by {of["type"]} ({one_line(error)})'


def _unread_parts(config: Config) -> Iterator[dict[str, Any]]:
    """Yield the configurations of the data sets that one is made of."""
    kind = find_type(config['type'])
    if kind is joined:
        own: tuple[str, ...] = ('of', 'parts', 'ignore_keys', 'type', 'times')
        common = {key: value for key, value in config.items() if key not in own}
        for part in config.get('parts', ()):
            named = {key: value for key, value in part.items() if key not in own}
            yield {**common, **named, 'type': config['of']}
    elif kind in _PARTIAL:
        own = _PARTIAL[kind]
        kept = {k: v for k, v in config.items() if k not in (*own, 'type')}
        yield from _unread_parts({**kept, **config['of']})
    else:
        yield dict(config)


def _classes(config: Config) -> Iterator[type]:
    """Yield the classes that a configuration builds, those of its parts included."""
    for part in _unread_parts(config):
        kind = find_type(part['type'])
        if isinstance(kind, type):
            yield kind


def _parts(dataset: BaseDataset) -> list[BaseDataset]:
    return list(dataset.datasets) if isinstance(dataset, ConcatDataset) else [dataset]


def _check_some_sizes(part: BaseDataset) -> None:
    """Compare the annotated size of a few pictures with the pictures' own, read from their heads.

    Raises:
        DataError: they differ.
    """
    for index in {int(i) for i in np.linspace(0, len(part) - 1, min(len(part), _SAMPLED))}:
        info = part.get_data_info(index)
        annotated = _annotated_size(info)
        if annotated is None:
            return
        try:
            header = header_of(info['img_path'])
        except DataError:
            continue  # it is named when it is loaded
        if header is not None and annotated != header.upright_shape:
            compare_sizes(info['img_path'], annotated, header.shape)


def _annotated_size(info: Any) -> tuple[int, int] | None:
    """Return the height and width that annotations state, if they do."""
    found = (info.get('height'), info.get('width')) if isinstance(info, Mapping) else ()
    return found if all(isinstance(side, int) for side in found) and found else None  # type: ignore[return-value]


def one_line(error: BaseException) -> str:
    """Return the type and message of an error, shortened at the end of a word."""
    said = str(error) or (_asserted(error) if isinstance(error, AssertionError) else '')
    text = f'{type(error).__name__}: {" ".join(said.split())}'.rstrip(': ')
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST].rsplit(maxsplit=1)[0]} ...'


def _asserted(error: BaseException) -> str:
    """Return the line of an assertion that says nothing itself."""
    frames = traceback.extract_tb(error.__traceback__)
    return (frames[-1].line or '') if frames else ''


def misfit(config: Config) -> str:
    """Return which argument its class does not take, in a line; nothing where all fit.

    Raises:
        UnknownNameError: no registry has a type that it names.
    """
    name, arguments = config['type'], {k: v for k, v in config.items() if k != 'type'}
    kind = find_type(name)
    if kind is joined:
        own = ('of', 'parts', 'ignore_keys')
        common = {key: value for key, value in arguments.items() if key not in own}
        parts = ({**common, **part, 'type': config['of']} for part in config.get('parts', ()))
        found = (misfit({k: v for k, v in part.items() if k != 'times'}) for part in parts)
        return next((problem for problem in found if problem), '')
    if kind in _PARTIAL:
        common = {k: v for k, v in arguments.items() if k not in _PARTIAL[kind]}
        return misfit({**common, **config['of']})
    taken = _arguments(kind)
    unknown = next((key for key in arguments if key not in taken), None)
    if unknown is None:
        return ''
    hint = did_you_mean(unknown, taken)
    return f"{name} has no argument '{unknown}'{hint} (it takes: {', '.join(sorted(taken))})"


def find_type(name: str) -> Callable[..., Any]:
    """Return the class or function that the registries of data sets hold as ``name``.

    Raises:
        UnknownNameError: they do not.
    """
    with DATASETS.switch_scope_and_registry(None) as registry:
        try:
            found = registry.get(name)
        except RuntimeError:
            found = None
        if found is None:
            raise _unknown(name, registry)
    return found  # type: ignore[no-any-return]


def _unknown(name: str, registry: Any) -> UnknownNameError:
    scope, _, own = name.rpartition('.')
    root = registry.root
    children = {'mmengine': root, **root.children}
    names = children[scope].module_dict if scope in children else registry.module_dict
    hint = did_you_mean(own, OURS, prefix='benchmark.') if scope != 'benchmark' else ''
    hint = hint or did_you_mean(own, names, prefix=scope and f'{scope}.')
    where = f'the registry of {scope or registry.scope}'
    return UnknownNameError(f"unknown data set '{name}': {where} has none of that name{hint}")


def _arguments(kind: Callable[..., Any]) -> set[str]:
    """Return the names of the arguments of a class, those that it hands on to its bases included.

    A base class is asked as long as arguments are handed on.
    """
    taken: set[str] = set()
    steps = kind.__mro__[:-1] if isinstance(kind, type) else (kind,)
    for step in steps:
        called = vars(step).get('__init__') if isinstance(step, type) else step
        if called is None:
            continue
        parameters = inspect.signature(called).parameters.values()
        taken |= {one.name for one in parameters if one.kind in _NAMED}
        if all(one.kind is not inspect.Parameter.VAR_KEYWORD for one in parameters):
            break
    return taken - {'self'}


class _NamesFiles:
    """A pipeline whose errors name the files of the sample that it could not load."""

    def __init__(self, pipeline: Callable[[Any], Any]) -> None:
        self._pipeline = pipeline

    def __getattr__(self, name: str) -> Any:
        if name == '_pipeline':  # while it is unpickled
            raise AttributeError(name)
        return getattr(self._pipeline, name)

    def __call__(self, sample: Any) -> Any:
        files = list(dict.fromkeys(_files(sample)))  # the pipeline may change the sample
        try:
            return self._pipeline(sample)
        except BenchmarkError:
            raise
        except Exception as error:  # libraries raise whatever their readers do
            logging.getLogger(__name__).error(traceback.format_exc())
            raise DataError(_blame(files, error)) from None


def _blame(files: list[str], error: Exception) -> str:
    """Return which of a sample's files is to blame for an error, or all where none is broken."""
    if broken := next((file for file in files if is_broken(file)), None):
        is_there = packed.is_file(broken)
        return f'{broken}: {"cannot be read as a picture" if is_there else "no such file"}'
    return f'{", ".join(files)}: sample cannot be loaded ({one_line(error)})'


def _files(sample: Any) -> Iterator[str]:
    if isinstance(sample, list | tuple):
        for item in sample:
            yield from _files(item)
    elif isinstance(sample, Mapping):
        for key in _FILES:
            found = sample.get(key)
            if isinstance(found, str):
                yield found


def _place_of(config: Config) -> str:
    """Return the annotation file that a data set reads, or the folder of its pictures."""
    part = next(_unread_parts(config))
    prefix = part.get('data_prefix')
    named = prefix.values() if isinstance(prefix, Mapping) else [prefix]
    folder = next((one for one in named if isinstance(one, str) and one), '')
    if part.get('ann_file') or not folder:
        return _annotations(config)
    return str(Path(str(part.get('data_root') or '')) / folder)


def _annotations(config: Config) -> str:
    """Return the annotation file that a data set reads, or else its folder."""
    inner = config.get('of')
    if isinstance(inner, Mapping):
        return _annotations({**{k: v for k, v in config.items() if k != 'of'}, **inner})
    parts: Any = config.get('parts') or ({},)
    named = [{**config, **part} for part in parts]
    root = Path(str(config.get('data_root') or ''))
    files = [str(root / one['ann_file']) for one in named if one.get('ann_file')]
    return ', '.join(files) or str(root)
