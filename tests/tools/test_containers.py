"""The two container recipes: they install the same, from files that exist, as the Makefile does."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / 'tools' / 'containers'
DOCKER = (FOLDER / 'Dockerfile').read_text()
APPTAINER = (FOLDER / 'transferbench.def').read_text()
RECIPES = {'Dockerfile': DOCKER, 'transferbench.def': APPTAINER}
PINS = re.compile(r'[\w-]+==[\w.]+')
PROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']


def exact_versions() -> dict[str, Version]:
    """Return the versions that the constraints of the recipes fix, by name."""
    lines = (ROOT / 'tools' / 'constraints' / 'exact.txt').read_text().splitlines()
    pins = [line.split('==') for line in lines if '==' in line and not line.startswith('#')]
    return {
        canonicalize_name(name): Version(version.split(';')[0].strip()) for name, version in pins
    }


def shell_of(name: str) -> list[str]:
    """Return the shell scripts of a recipe."""
    text = RECIPES[name]
    if name == 'Dockerfile':
        joined = re.sub(r'\\\n', '', re.sub(r'^#.*\n', '', text, flags=re.MULTILINE))
        return re.findall(r'^RUN (.+)$', joined, re.MULTILINE)
    parts = re.findall(r'^%(post|environment|runscript|test)\n((?: .*\n|\n)+)', text, re.MULTILINE)
    return [re.sub(r'{{ (\w+) }}', r'\1', script) for _, script in parts]


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


@pytest.mark.parametrize('name', RECIPES)
def test_what_pip_installs_is_fixed_by_the_constraints(name: str) -> None:
    """Every requirement of the package and of the extras that a recipe names, in its range."""
    text, known = RECIPES[name], exact_versions()
    (extras,) = set(re.findall(r"'\.\[([\w,]+)\]'", text))
    asked = [*PROJECT['dependencies'], 'torch', 'torchvision']
    for extra in extras.split(','):
        asked += PROJECT['optional-dependencies'][extra]
    for requirement in map(Requirement, asked):
        version = known[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), requirement
    for pin in map(Requirement, PINS.findall(text)):  # without requirements, so not in the list
        version = known.get(canonicalize_name(pin.name))
        assert version is None or pin.specifier.contains(version), pin
    pythons = {Version(found) for found in re.findall(r'BASE=python:(3\.\d+)-', text)}
    allowed = Requirement(f'python {PROJECT["requires-python"]}').specifier
    assert all(allowed.contains(version) for version in pythons)
    for chosen in ('exact', 'newest', 'lowest'):
        assert (ROOT / 'tools' / 'constraints' / f'{chosen}.txt').is_file()


@pytest.mark.parametrize('name', RECIPES)
def test_its_shell_parts_can_be_parsed(name: str) -> None:
    scripts = shell_of(name)
    assert sum('pip install' in script for script in scripts) == 1
    for script in scripts:
        found = subprocess.run(['bash', '-n'], input=script, capture_output=True, text=True)
        assert (found.returncode, found.stderr) == (0, ''), script


def test_the_package_is_built_from_what_is_copied_alone(tmp_path: Path) -> None:
    """And the wheel holds what the program reads beside its code."""
    for item in copied(DOCKER):
        source, target = ROOT / item, tmp_path / 'source' / item
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignored = shutil.ignore_patterns('__pycache__')
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy2(source, target)
    subprocess.run(
        [sys.executable, '-m', 'hatchling', 'build', '-t', 'wheel', '-d', str(tmp_path)],
        cwd=tmp_path / 'source',
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob('*.whl')
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    for folder, inside in (('benchmark', 'benchmark'), ('task_configs', 'benchmark/task_configs'),
                           ('results/published', 'benchmark/published')):  # fmt: skip
        kept = [
            p for p in (ROOT / folder).rglob('*') if p.is_file() and '__pycache__' not in str(p)
        ]
        assert kept
        for path in kept:
            assert f'{inside}/{path.relative_to(ROOT / folder).as_posix()}' in names
