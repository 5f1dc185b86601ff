"""What a backbone's source text means: a library's name, a folder, or a class in a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.catalog.code import check_class
from benchmark.errors import UNFIT, DeclarationError, unknown_name
from benchmark.hashing import file_hash
from benchmark.plugins import Plugins
from benchmark.weight_files import INDEX, WHOLE, weights_hash

_OWN = ('timm', 'mmpretrain', 'hf', 'torchvision')
_FORMS = 'timm:NAME, mmpretrain:NAME, hf:REPO, hf:FOLDER, torchvision:NAME or FILE.py:CLASS'


def _own() -> dict[str, str]:
    return {name: f'benchmark.sources.{name}' for name in _OWN}


def _problem(part: object) -> str:
    is_source = callable(getattr(part, 'open_source', None))
    return '' if is_source else 'it has no function open_source(request)'


SOURCES: Plugins[Any] = Plugins('sources', 'backbone source', _own, _problem)
"""Libraries whose architectures an id may name, as in ``timm:NAME``.

Each is a module, or an object, with a function ``open_source(request)``.
"""


def source_forms() -> str:
    """Return the allowed forms of a source, for messages."""
    added = [f'{name}:NAME' for name in SOURCES.names() if name not in _OWN]
    return ', '.join([*added, _FORMS])


SOURCE_NUMERICS: Mapping[str, int] = {
    'timm': 1,
    'mmpretrain': 1,
    'hf': 1,
    'torchvision': 1,
    # 2: building the class draws no random numbers that the head would draw
    'file': 2,
}
"""Raised where our reading of a library's networks and weights gives other features."""

# facts of a configuration that say nothing about the network
_IDLE = ('id2label', 'label2id', 'architectures', 'transformers_version', '_name_or_path')
_MARK = 6


@dataclass(frozen=True)
class Located:
    """A source found: its text without local paths, and what belongs to it on this machine.

    Attributes:
        source: the text, as records have it.
        options: arguments of the architecture by name.
        checkpoint: file or folder of the weights.
        code: file of the network's class.
        mark: distinguishes folders and files of the same name by their content.
    """

    source: str
    options: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: Path | None = None
    code: Path | None = None
    mark: str = ''

    @property
    def id(self) -> str:
        """The name under which results are kept."""
        text = self.source.removeprefix('file:')
        return f'{text}#{self.mark}' if self.mark else text


def locate(text: str, relative_to: Path | None = None) -> Located:
    """Return the source that ``text`` names; paths are relative to the given folder.

    Raises:
        UnknownNameError: there is no such source.
        DeclarationError: the text is incomplete, or a file is missing or unreadable.
        CheckpointError: a folder's weights are split, and parts of them are missing.
    """
    path, separator, name = text.rpartition('.py:')
    if separator:
        return _class_in_file((relative_to or Path()) / f'{path}.py', name, text)
    source, _, name = text.partition(':')
    if source not in SOURCES.names():
        raise unknown_name('backbone source', source, SOURCES.names())
    if not name:
        raise DeclarationError(f"backbone '{text}': must be {source}:NAME")
    if source == 'hf':
        folder = (relative_to or Path()) / Path(name).expanduser()
        if folder.is_dir():
            return _folder(folder)
        if name.count('/') != 1 or name.startswith(('.', '/', '~')):
            raise DeclarationError(
                f"backbone '{text}': {folder} is not a folder, and a repository is hf:OWNER/NAME"
            )
    return Located(text)


def _class_in_file(path: Path, name: str, text: str) -> Located:
    if not name.isidentifier():
        raise DeclarationError(f"backbone '{text}': must be FILE.py:CLASS")
    if not path.is_file():
        raise DeclarationError(f"{path}: no such file (backbone '{text}')")
    check_class(path, name)
    code = path.resolve()
    return Located(f'file:{path.name}:{name}', code=code, mark=file_hash(code)[:_MARK])


def _folder(folder: Path) -> Located:
    """Return a folder of transformers: its configuration is small enough to travel as options."""
    config = _json(folder / 'config.json')
    kept = {key: value for key, value in config.items() if key not in _IDLE}
    options = {'config': kept}
    if (folder / 'preprocessor_config.json').is_file():
        data = _json(folder / 'preprocessor_config.json')
        options['preprocessor'] = {k: data[k] for k in ('image_mean', 'image_std') if k in data}
    names = (*WHOLE, *(f'{name}{INDEX}' for name in WHOLE))
    weights = next((folder / name for name in names if (folder / name).is_file()), None)
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    digest.update((weights_hash(weights) if weights else '').encode())
    name = folder.resolve().name
    return Located(f'hf:{name}', options, weights, mark=digest.hexdigest()[:_MARK])


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError:
        raise DeclarationError(f'{path}: no such file; a folder of transformers has one') from None
    except (OSError, *UNFIT) as error:
        raise DeclarationError(f'{path}: cannot be read ({error})') from None
    if not isinstance(content, dict):
        raise DeclarationError(f'{path}: holds a {type(content).__name__}, not a dictionary')
    return content
