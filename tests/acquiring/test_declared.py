from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.acquiring.converting import CONVERTERS
from benchmark.acquiring.declared import chosen, distributions, read_distribution, serving
from benchmark.catalog import shipped_tasks
from benchmark.errors import DeclarationError, UnknownNameError
from benchmark.planning.data import expected_folder

TEXT = """distribution = dict(
    name='x', title='X', tasks=('dtd',), root='x', page='https://x', licence='none',
    files=(dict(name='a.zip', addresses=('https://x/a.zip',){more}),),
)
"""


def declared(folder: Path, more: str = '', text: str = TEXT) -> Path:
    path = folder / 'x.py'
    path.write_text(text.replace('{more}', more))
    return path


def test_every_task_on_data_from_elsewhere_has_a_distribution() -> None:
    found = distributions()
    tasks = shipped_tasks()
    foreign = {name for name, task in tasks.items() if not task.source.provider}
    assert {name for one in found.values() for name in one.tasks} == foreign
    for name in sorted(foreign):
        folder = expected_folder(tasks[name], Path())
        homes = [Path(one.root) for one in serving(name, found)]
        assert any(home.is_relative_to(folder) or folder.is_relative_to(home) for home in homes)


def test_converters_are_known_and_what_a_person_has_to_fetch_is_explained() -> None:
    for one in distributions().values():
        assert set(one.convert) <= set(CONVERTERS)
        assert bool(one.gate) == any(not file.addresses for file in one.files), one.name
        assert one.licence
        for file in one.files:
            assert Path(file.into).is_relative_to(Path(one.root).parts[0]) or file.into == '.'


def test_names_stand_for_data_sets_tasks_and_suites() -> None:
    assert [one.name for one in chosen(['dtd', 'dtd'])] == ['dtd']
    assert [one.name for one in chosen(['coco-pose'])] == ['coco', 'coco-person-boxes']
    films = [one.name for one in chosen(['uav123'])]
    assert films == ['got10k', 'lasot', 'trackingnet', 'uav123']
    assert chosen(['world-fine']) == []
    with pytest.raises(UnknownNameError, match=r"unknown data set, task or suite 'flower102'.*did"):
        chosen(['flower102'])


@pytest.mark.parametrize(
    ('more', 'said'),
    [
        (", checksum='12'", 'has the checksum'),
        (f", checksum='{'0' * 32}'", "lacks 'source'"),
        (', size=5', "lacks 'source'"),
        (", size=0, source='x'", 'must be at least 1'),
        (", into='../x'", 'must lie below the data root'),
        (", into='/x'", 'must lie below the data root'),
        (", md5='x'", 'unknown key'),
    ],
)
def test_a_wrong_file_is_refused(more: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=said):
        read_distribution(declared(tmp_path, more))


def test_a_shared_archive_is_declared_once() -> None:
    found = distributions()
    for name in ('coco-val', 'coco-stuff'):
        assert any(file.of == 'coco' for file in found[name].files)
    (train,) = (file for file in found['coco'].files if file.name == 'train2017.zip')
    (stuff,) = (file for file in found['coco-stuff'].files if file.name == 'train2017.zip')
    assert stuff == replace(train, into='coco_stuff164k/images', of='coco')
    declared_here = [
        address
        for one in found.values()
        for file in one.files
        if not file.of
        for address in file.addresses
    ]
    assert len(declared_here) == len(set(declared_here))


@pytest.mark.parametrize(
    ('more', 'said'),
    [
        ("of='y'", "of is 'y': no such other data set"),
        ("of='x'", "of is 'x': no such other data set"),
        ("of='z'", "is called 'a.zip': z declares b.zip"),
        ("of='z', size=3", "is a file of 'z' and also gives size"),
        ("of='w', into='../x'", 'must lie below the data root'),
    ],
)
def test_a_wrong_share_is_refused(more: str, said: str, tmp_path: Path) -> None:
    declared(tmp_path, text=TEXT.replace('a.zip', 'b.zip')).rename(tmp_path / 'z.py')
    declared(tmp_path).rename(tmp_path / 'w.py')
    text = TEXT.replace("addresses=('https://x/a.zip',)", more)
    with pytest.raises(DeclarationError, match=said):
        read_distribution(declared(tmp_path, text=text))


@pytest.mark.parametrize(
    ('old', 'new', 'said'),
    [
        ('https://x/a.zip', 'file:///etc/passwd', "has the address 'file:///etc/passwd'"),
        ('https://x/a.zip', 'ftp://x/a.zip', 'allowed https://, http://, hf://'),
        ("name='a.zip'", "name='../a.zip'", 'must be a plain name'),
        ("name='a.zip'", "name='*.zip'", 'stands for several files'),
        ("root='x'", "root='../x'", 'must lie below the data root'),
        ("licence='none',", '', "lacks the key 'licence'"),
        ('files=(dict', 'files=() or (dict', 'is not a literal'),
    ],
)
def test_a_wrong_distribution_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=said):
        read_distribution(declared(tmp_path, text=TEXT.replace(old, new)))
