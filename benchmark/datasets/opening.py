"""Opening a data set so that whatever is wrong with it names the data set's key or file."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
from mmengine.dataset import BaseDataset, ConcatDataset

from benchmark.datasets import xml
from benchmark.datasets.parts import held_out, joined
from benchmark.errors import BenchmarkError, DataError, UnknownNameError, did_you_mean
from benchmark.openmmlab import coco
from benchmark.registry import DATASETS

Config = Mapping[str, Any]

_FILES = ('img_path', 'seg_map_path', 'depth_map_path', 'ann_file', 'frames', 'folder')
"""Under which keys samples and data sets name files."""

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_LONGEST = 160

_ORIENTATION = 274
"""EXIF's key of how a picture is turned; from 5 on its sides are swapped."""

_SAMPLED = 20
"""Of how many pictures the size is compared with the annotations' when a data set is opened."""


@DATASETS.register_module(name='Opened')
def opened(*, of: Config) -> BaseDataset:
    """Return the data set ``of``, whose errors name files.

    Raises:
        UnknownNameError: no registry has its type.
        DataError: an argument is unknown, its annotations cannot be used, or they are of pictures
            of another size.
    """
    if problem := misfit(of):
        raise DataError(problem)
    for kind in _classes(of):
        coco.adopt(kind)
        xml.adopt(kind)
    try:
        dataset = DATASETS.build(dict(of))
        for part in _parts(dataset):
            part.full_init()
    except BenchmarkError:
        raise
    except Exception as error:  # libraries raise whatever their readers do
        logging.getLogger(__name__).error(traceback.format_exc())
        raise DataError(f'{_annotations(of)}: cannot be read ({one_line(error)})') from None
    if not len(dataset):
        raise DataError(f'{_annotations(of)}: holds no sample')
    for part in _parts(dataset):
        _check_some_sizes(part)
    _name_files(dataset)
    return dataset


def _classes(config: Config) -> Iterator[type]:
    """Yield the classes that a configuration builds, those of its parts included."""
    kind = find_type(config['type'])
    if kind is joined:
        yield from _classes({'type': config['of']})
    elif kind is held_out:
        yield from _classes(config['of'])
    elif isinstance(kind, type):
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
            with PIL.Image.open(info['img_path']) as picture:
                size = picture.size
                is_turned = picture.getexif().get(_ORIENTATION, 1) >= 5
        except (OSError, SyntaxError, ValueError, TypeError):
            continue  # it is named when it is loaded
        _compare_sizes(info['img_path'], annotated, size[:: 1 if is_turned else -1], is_turned)


def _annotated_size(info: Any) -> tuple[int, int] | None:
    """Return the height and width that annotations state, if they do."""
    found = (info.get('height'), info.get('width')) if isinstance(info, Mapping) else ()
    return found if all(isinstance(side, int) for side in found) and found else None  # type: ignore[return-value]


def _compare_sizes(
    path: str, annotated: tuple[int, int], found: tuple[int, ...], is_turned: bool = False
) -> None:
    if annotated != tuple(found[:2]):
        turned = ', turned as its EXIF orientation says' if is_turned else ''
        raise DataError(
            f'{path}: is {found[1]} x {found[0]} pixels (width x height){turned}, its annotations '
            f'are for {annotated[1]} x {annotated[0]}: places in it would be wrong; correct the '
            'size in the annotations if only that is wrong, or use the pictures that were annotated'
        )


def one_line(error: BaseException) -> str:
    """Return the type and message of an error, shortened at the end of a word."""
    text = f'{type(error).__name__}: {" ".join(str(error).split())}'.rstrip(': ')
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST].rsplit(maxsplit=1)[0]} ...'


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
    if kind is held_out:
        common = {k: v for k, v in arguments.items() if k not in ('of', 'every', 'rest')}
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
    hint = did_you_mean(own, names, prefix=scope and f'{scope}.')
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
        # the pipeline may change the sample
        files, annotated = list(dict.fromkeys(_files(sample))), _annotated_size(sample)
        try:
            loaded = self._pipeline(sample)
        except BenchmarkError:
            raise
        except Exception as error:  # libraries raise whatever their readers do
            logging.getLogger(__name__).error(traceback.format_exc())
            raise DataError(_blame(files, error)) from None
        found = _loaded_size(loaded)
        if annotated and found:
            _compare_sizes(files[0], annotated, found)
        return loaded


def _loaded_size(loaded: Any) -> tuple[int, int] | None:
    """Return the height and width that a picture had when it was decoded, if they are known."""
    sample = loaded.get('data_samples') if isinstance(loaded, Mapping) else None
    found = getattr(sample, 'ori_shape', None)
    return None if found is None else tuple(found[:2])


def _blame(files: list[str], error: Exception) -> str:
    """Return which of a sample's files is to blame for an error, or all where none is broken."""
    if broken := next((file for file in files if is_broken(file)), None):
        is_there = Path(broken).exists()
        return f'{broken}: {"cannot be read as a picture" if is_there else "no such file"}'
    return f'{", ".join(files)}: sample cannot be loaded ({one_line(error)})'


def _name_files(dataset: BaseDataset) -> None:
    for part in _parts(dataset):
        if not isinstance(part.pipeline, _NamesFiles):  # one may be there several times
            part.pipeline = _NamesFiles(part.pipeline)


def _files(sample: Any) -> Iterator[str]:
    if isinstance(sample, list | tuple):
        for item in sample:
            yield from _files(item)
    elif isinstance(sample, Mapping):
        for key in _FILES:
            found = sample.get(key)
            if isinstance(found, str):
                yield found


def _annotations(config: Config) -> str:
    """Return the annotation file that a data set reads, or else its folder."""
    inner = config.get('of')
    if isinstance(inner, Mapping):
        return _annotations({**config, **inner})
    parts: Any = config.get('parts') or ({},)
    named = [{**config, **part} for part in parts]
    root = Path(str(config.get('data_root') or ''))
    files = [str(root / one['ann_file']) for one in named if one.get('ann_file')]
    return ', '.join(files) or str(root)


def is_broken(file: str) -> bool:
    """Whether a picture or label map cannot be decoded whole, as training decodes it."""
    try:
        return cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR) is None
    except (OSError, cv2.error):
        return True
