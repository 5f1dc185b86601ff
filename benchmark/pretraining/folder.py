"""The folder of a pretraining: its settings, weights, facts and backbone declaration."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.errors import UNFIT, DataError, DeclarationError
from benchmark.hashing import slug
from benchmark.results.store import write_atomically
from benchmark.specs import Backbone, Pretraining

ARCHITECTURE = 'architecture.py'
"""The declaration that lies beside weights written on the way: what the files are weights of."""

_SETTINGS = 'settings.json'


class Folder:
    """The only owner of paths in the folder of a pretraining.

    Args:
        path: the folder; it need not exist.
        name: of the backbone; by default the folder's.

    Raises:
        DeclarationError: the name is not fit for a file.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = name or path.resolve().name
        if slug(self.name) != self.name:
            raise DeclarationError(
                f"name '{self.name}': letters, digits and ._+- are allowed; give another as --name"
            )
        self.work = path / 'work'
        self.pictures = self.work / 'pictures.txt'
        self.weights = path / f'{self.name}.safetensors'
        self.facts = path / f'{self.name}.json'
        self.declaration = path / f'{self.name}.py'
        self.snapshots = path / 'checkpoints'

    @property
    def is_done(self) -> bool:
        """Whether the pretraining is finished: the declaration is written last."""
        return self.declaration.is_file()

    def claim(self, settings: Mapping[str, Any]) -> None:
        """Bind the folder to ``settings`` (JSON data).

        Raises:
            DeclarationError: it is bound to others, or holds something else.
            RecordError: it cannot be written.
        """
        path = self.path / _SETTINGS
        if path.is_file():
            self._refuse_others(_json(path), settings)
        elif self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise DeclarationError(
                f'--out {self.path}: exists and holds no pretraining; choose another folder'
            )
        else:
            write_atomically(path, json.dumps(settings, indent=1) + '\n')

    def read(self) -> dict[str, Any]:
        """Return the facts of the finished pretraining.

        Raises:
            DataError: they cannot be read.
        """
        return _json(self.facts)

    def _refuse_others(self, kept: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        plain = json.loads(json.dumps(asked))
        for key in sorted(kept.keys() | plain.keys()):
            if kept.get(key) != plain.get(key):
                raise DeclarationError(
                    f'--out {self.path}: holds a pretraining with other settings ({key} is '
                    f'{kept.get(key)!r} there, requested is {plain.get(key)!r}); choose '
                    'another folder'
                )

    def declare(self, backbone: Backbone, facts: Mapping[str, Any]) -> None:
        """Write the facts, then the declaration by which the harness takes the weights.

        Raises:
            RecordError: a file cannot be written.
        """
        write_atomically(self.facts, json.dumps(facts, indent=1) + '\n')
        _write_code(backbone, self.path)
        write_atomically(self.declaration, declaration_text(backbone))
        shutil.rmtree(self.work, ignore_errors=True)

    def declare_architecture(self, backbone: Backbone) -> None:
        """Write the declaration of ``backbone`` without its weights beside the snapshots.

        Raises:
            DeclarationError: the file of the network's class has the name of the declaration.
            RecordError: a file cannot be written.
        """
        if backbone.code is not None and backbone.code.name == ARCHITECTURE:
            raise DeclarationError(
                f'{backbone.code}: --save-every writes a declaration of the same name; rename the '
                'file'
            )
        bare = replace(backbone, checkpoint=None, pretraining=Pretraining(), reference='')
        _write_code(bare, self.snapshots)
        write_atomically(self.snapshots / ARCHITECTURE, declaration_text(bare))


def _write_code(backbone: Backbone, folder: Path) -> None:
    if backbone.code is not None:
        write_atomically(folder / backbone.code.name, backbone.code.read_bytes())


def declaration_text(backbone: Backbone) -> str:
    """Return the file that declares ``backbone``, its weights and code lying beside the file."""
    mean, std = backbone.normalisation or (None, None)
    facts = vars(backbone.pretraining)
    values = {
        'name': backbone.id,
        'source': backbone.source_at(backbone.code.name if backbone.code else '').removeprefix(
            'file:'
        ),
        'options': dict(backbone.options),
        'checkpoint': backbone.checkpoint.name if backbone.checkpoint else None,
        'mean': mean,
        'std': std,
        'pretraining': {key: value for key, value in facts.items() if value is not None},
        'licence': backbone.licence,
        'reference': backbone.reference,
    }
    lines = [f'    {key}={value!r},\n' for key, value in values.items() if value]
    return f'backbone = dict(\n{"".join(lines)})\n'


def read_facts(folder: Path) -> dict[str, Any]:
    """Return the facts of the finished pretraining in ``folder``.

    Raises:
        DataError: there is none.
    """
    settings = folder / _SETTINGS
    if not settings.is_file():
        raise DataError(f'--like {folder}: holds no pretraining')
    name = _json(settings).get('name')
    if not isinstance(name, str) or Path(name).name != name:
        raise DataError(f'{settings}: name is {name!r:.60}, must be the name of a file')
    facts = folder / f'{name}.json'
    if facts not in folder.glob('*.json'):
        raise DataError(f'--like {folder}: the pretraining there is not finished')
    return _json(facts)


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = dict(json.loads(path.read_text(encoding='utf-8')))
    except (OSError, *UNFIT) as error:
        raise DataError(f'{path}: cannot be read ({error})') from None
    return found
