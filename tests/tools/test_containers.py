"""The two container recipes: they install the same, from files that exist, as the Makefile does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / 'tools' / 'containers'
DOCKER = (FOLDER / 'Dockerfile').read_text()
APPTAINER = (FOLDER / 'transferbench.def').read_text()
RECIPES = {'Dockerfile': DOCKER, 'transferbench.def': APPTAINER}
PINS = re.compile(r'[\w-]+==[\w.]+')


def copied(text: str) -> set[str]:
    """Return what a recipe copies from the clone."""
    if text is DOCKER:
        lines = re.findall(r'^COPY (.+) \S+$', text, re.MULTILINE)
        return {name for line in lines for name in line.split()}
    (files,) = re.findall(r'^%files\n((?: .+\n)+)', text, re.MULTILINE)
    return {line.split()[0] for line in files.splitlines()}


@pytest.mark.parametrize('name', RECIPES)
def test_what_is_copied_exists_and_is_not_ignored(name: str) -> None:
    names = copied(RECIPES[name])
    assert {'pyproject.toml', 'benchmark', 'transferbench', 'task_configs'} <= names
    ignored = (ROOT / '.dockerignore').read_text().splitlines()
    for item in names:
        assert (ROOT / item).exists()
        assert f'!{item}' in ignored


def test_both_recipes_copy_and_install_the_same() -> None:
    assert copied(DOCKER) == copied(APPTAINER)
    assert PINS.findall(DOCKER) == PINS.findall(APPTAINER)


def test_pins_are_those_of_the_makefile() -> None:
    assert set(PINS.findall(DOCKER)) <= set(PINS.findall((ROOT / 'Makefile').read_text()))


@pytest.mark.parametrize('name', RECIPES)
def test_a_recipe_has_a_base_and_an_index_by_argument(name: str) -> None:
    text = RECIPES[name]
    assert re.search(r'BASE=python:3\.1[123]-slim', text)
    assert re.search(r'TORCH_INDEX=https://download\.pytorch\.org/whl/cpu', text)
    assert 'nvidia/cuda' in text
