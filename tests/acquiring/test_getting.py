"""Every declared data set: from its archives on a server to the files that its tasks read."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from benchmark.acquiring import getting
from benchmark.acquiring.declared import Distribution, distributions, serving
from benchmark.acquiring.getting import (
    GateError,
    Manner,
    Shelf,
    get,
    link,
    remove_archives,
    remove_data,
)
from benchmark.acquiring.planning import plan, probe_all, reading
from benchmark.acquiring.transfer import Patience
from benchmark.catalog import shipped_tasks
from benchmark.checking.data import check_data
from benchmark.errors import DataError
from benchmark.openmmlab import prepare
from benchmark.planning.data import expected_folder
from tests.support.fakes.copies import COPIES
from tests.support.faulty_server import Fault, Server
from tests.support.releases import RELEASES, handed_out, in_miniature

prepare()

TASKS = shipped_tasks()
DECLARED = distributions()
QUICK = Manner(patience=Patience(timeout=2, pauses=(0, 0)))


def fetched(name: str, server: Server, folder: Path, manner: Manner = QUICK) -> Path:
    """Get all data sets of a task from fake archives; return the data root."""
    data_root = folder / 'data'
    for one in serving(name, DECLARED):
        local = handed_out(one, server, folder / 'made' / one.name, data_root)
        get(local, data_root, reading(one, TASKS), manner)
    return data_root


def test_every_distribution_has_a_release_to_be_tested_with() -> None:
    assert set(RELEASES) == set(DECLARED)


def content(path: Path) -> bytes:
    """Return what a file holds; of a label map its labels, however they are packed."""
    if path.suffix == '.png':
        return np.asarray(Image.open(path)).tobytes()
    # the head of a MATLAB file says when it was written
    return path.read_bytes()[128 if path.suffix == '.mat' else 0 :]


@pytest.mark.parametrize('name', sorted(COPIES))
def test_what_arrives_is_what_the_task_reads(name: str, server: Server, tmp_path: Path) -> None:
    task = TASKS[name]
    found = expected_folder(task, fetched(name, server, tmp_path))
    wanted = expected_folder(task, tmp_path / 'copy')  # pictures depend on the ends of paths
    COPIES[name](wanted)
    compared = 0
    for pattern in task.tree:
        for path in wanted.glob(pattern):
            place = found / path.relative_to(wanted)
            if name == 'imagenet1k' and not place.is_file():  # validation pictures are renumbered
                (place,) = place.parent.iterdir()
            if name == 'voc2007':
                continue  # two fakes of one release differ
            assert content(place) == content(path), place
            compared += 1
        assert any(found.glob(pattern)), pattern
    assert compared or name == 'voc2007'


@pytest.mark.parametrize(
    'name', ['flowers102', 'voc2012-aug', 'voc-detection', 'ap10k', 'nyuv2', 'got10k', 'mot17']
)
def test_check_data_accepts_what_arrived(name: str, server: Server, tmp_path: Path) -> None:
    folder = expected_folder(TASKS[name], fetched(name, server, tmp_path))
    findings = check_data(in_miniature(TASKS[name], folder), folder)
    sizes = {f'{role} size' for role in TASKS[name].splits}
    assert [f for f in findings if not f.is_ok and f.what not in sizes] == []
    assert sizes <= {finding.what for finding in findings}


@pytest.fixture
def flowers(server: Server, tmp_path: Path) -> Distribution:
    return handed_out(DECLARED['flowers102'], server, tmp_path / 'made', tmp_path / 'data')


READERS = [TASKS['flowers102']]


def test_a_second_get_asks_nothing_and_a_lost_file_is_fetched_again(
    flowers: Distribution, server: Server, tmp_path: Path
) -> None:
    data = tmp_path / 'data'
    get(flowers, data, READERS, QUICK)
    assert not list((data / 'downloads/flowers102').glob('*.tgz'))
    server.asked.clear()
    assert get(flowers, data, READERS, QUICK) == [f'{data / "flowers102"}: is there, nothing to do']
    assert not server.asked
    (data / 'flowers102/jpg/image_00002.jpg').unlink()
    get(flowers, data, READERS, QUICK)
    assert len(server.asked) == 3
    assert (data / 'flowers102/jpg/image_00002.jpg').is_file()


def test_data_that_came_otherwise_are_left_alone(
    flowers: Distribution, server: Server, tmp_path: Path
) -> None:
    COPIES['flowers102'](tmp_path / 'data/flowers102')
    task = in_miniature(READERS[0], tmp_path / 'data/flowers102')
    assert 'nothing to do' in get(flowers, tmp_path / 'data', [task], QUICK)[0]
    assert not server.asked


def test_kept_archives_are_not_fetched_again(
    flowers: Distribution, server: Server, tmp_path: Path
) -> None:
    keeping = replace(QUICK, keep=True)
    get(flowers, tmp_path / 'data', READERS, keeping)
    shutil.rmtree(tmp_path / 'data/flowers102')
    server.asked.clear()
    get(flowers, tmp_path / 'data', READERS, keeping)
    assert not server.asked
    assert remove_archives(Shelf(tmp_path / 'data', flowers)) > 0


def test_an_archive_that_turns_bad_leaves_the_data_untouched(
    flowers: Distribution, server: Server, tmp_path: Path
) -> None:
    server.always['flowers102/102flowers.tgz'] = Fault('wrong', 300)
    with pytest.raises(DataError, match=r'102flowers\.tgz: could not be fetched .*its sha256'):
        get(flowers, tmp_path / 'data', READERS, QUICK)
    assert not (tmp_path / 'data/flowers102').exists()
    server.always.clear()
    server.asked.clear()
    get(flowers, tmp_path / 'data', READERS, QUICK)
    assert [name for _, name, _ in server.asked] == ['flowers102/102flowers.tgz']


def test_a_first_download_without_a_checksum_is_recorded(
    flowers: Distribution, server: Server, tmp_path: Path
) -> None:
    plain = tuple(replace(file, checksum='', size=0) for file in flowers.files)
    unsure = replace(flowers, files=plain)
    get(unsure, tmp_path / 'data', READERS, QUICK)
    shutil.rmtree(tmp_path / 'data/flowers102')
    name = 'flowers102/setid.mat'
    server.files[name] = server.files[name] + b' '
    with pytest.raises(DataError, match='its recorded sha256 is'):
        get(unsure, tmp_path / 'data', READERS, QUICK)


def test_a_gate_says_what_to_do_and_the_same_command_goes_on(
    server: Server, tmp_path: Path
) -> None:
    one = handed_out(DECLARED['cityscapes'], server, tmp_path / 'made', tmp_path / 'hidden')
    readers = reading(one, TASKS)
    with pytest.raises(GateError) as told:
        get(one, tmp_path / 'data', readers, QUICK)
    text = str(told.value)
    assert text.startswith('cityscapes: register with an academic address')
    place = tmp_path / 'data/downloads/cityscapes'
    assert f'put leftImg8bit_trainvaltest.zip, gtFine_trainvaltest.zip into {place}' in text
    assert '\n' not in text
    (item,) = plan([one], tmp_path / 'data', TASKS)
    assert item.state == 'by hand'
    (tmp_path / 'hidden/downloads/cityscapes').replace(place)
    get(one, tmp_path / 'data', readers, QUICK)
    (item,) = plan([one], tmp_path / 'data', TASKS)
    assert item.state == 'there'
    assert not server.asked


def test_only_one_process_works_at_a_data_set(flowers: Distribution, tmp_path: Path) -> None:
    (tmp_path / 'data/downloads').mkdir(parents=True)
    with (
        FileLock(tmp_path / 'data/downloads/.flowers102.lock'),
        pytest.raises(DataError, match='flowers102: another process is fetching flowers102 into'),
    ):
        get(flowers, tmp_path / 'data', READERS, QUICK)


def test_a_small_disk_is_noticed_before_anything_is_asked(
    flowers: Distribution, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(getting.shutil, 'disk_usage', lambda _: usage)
    with pytest.raises(DataError, match=r'0\.0 GB are free, flowers102 needs'):
        get(flowers, tmp_path / 'data', READERS, QUICK)
    assert not server.asked


def test_an_archive_that_leads_out_leaves_nothing_behind(
    flowers: Distribution, server: Server, tmp_path: Path
) -> None:
    from tests.acquiring.test_unpacking import tarred

    content = tarred(tmp_path / 'evil.tgz', ('jpg/a.jpg', b'x'), ('../../evil', b'x')).read_bytes()
    server.files['flowers102/102flowers.tgz'] = content
    first, *others = flowers.files
    trusting = replace(flowers, files=(replace(first, checksum='', size=0), *others))
    with pytest.raises(DataError, match=r"'\.\./\.\./evil' leads out"):
        get(trusting, tmp_path / 'data', READERS, QUICK)
    assert not (tmp_path / 'data/flowers102').exists()
    assert not list(tmp_path.rglob('evil'))


def test_a_linked_folder_stands_for_a_data_set(
    flowers: Distribution, server: Server, tmp_path: Path
) -> None:
    COPIES['flowers102'](tmp_path / 'cluster')
    shelf = Shelf(tmp_path / 'data', flowers)
    assert link(shelf, tmp_path / 'cluster').endswith('/cluster')
    assert 'linked to' in get(flowers, tmp_path / 'data', READERS, QUICK)[0]
    folder = expected_folder(READERS[0], tmp_path / 'data')
    findings = check_data(in_miniature(READERS[0], folder), folder)
    assert [f.what for f in findings if not f.is_ok] == ['train size', 'val size', 'test size']
    with pytest.raises(DataError, match='no such folder'):
        link(shelf, tmp_path / 'nowhere')
    assert 'untouched' in remove_data(shelf, DECLARED.values())
    assert (tmp_path / 'cluster/setid.mat').is_file()
    assert not server.asked


def test_data_in_a_shared_folder_are_not_removed(server: Server, tmp_path: Path) -> None:
    data = fetched('voc2012-aug', server, tmp_path)
    with pytest.raises(DataError, match='also holds voc2012'):
        remove_data(Shelf(data, DECLARED['voc2012-sbd']), DECLARED.values())
    assert (data / 'VOCdevkit/VOC2012').is_dir()


def test_removed_data_are_gone(flowers: Distribution, tmp_path: Path) -> None:
    get(flowers, tmp_path / 'data', READERS, QUICK)
    assert 'deleted' in remove_data(Shelf(tmp_path / 'data', flowers), DECLARED.values())
    (item,) = plan([flowers], tmp_path / 'data', TASKS)
    assert item.state == 'begun'
    assert item.remaining == flowers.size


def test_dead_addresses_are_found(flowers: Distribution, server: Server) -> None:
    server.always['flowers102/setid.mat'] = Fault('login')
    server.files['flowers102/imagelabels.mat'] += b'x'
    found: Mapping[str, bool] = {one.file: one.is_alive for one in probe_all([flowers])}
    assert found == {'102flowers.tgz': True, 'imagelabels.mat': False, 'setid.mat': False}
    # what an address leads to may be asked otherwise, but no file is
    assert {name for method, name, _ in server.asked if method == 'GET'} <= {'login'}


def test_a_shared_archive_is_fetched_once_for_all_that_read_it(
    server: Server, tmp_path: Path
) -> None:
    data = tmp_path / 'data'
    coco = handed_out(DECLARED['coco'], server, tmp_path / 'made', data)
    own = {file.name: file for file in coco.files}
    files = tuple(replace(own[file.name], of='coco') for file in DECLARED['coco-val'].files)
    few = replace(DECLARED['coco-val'], files=files)
    readers = {one.name: reading(one, TASKS) for one in (coco, few)}
    with FileLock(data / 'downloads/.coco.lock'), pytest.raises(DataError, match='coco-val: anoth'):
        get(few, data, readers['coco-val'], QUICK)
    get(few, data, readers['coco-val'], replace(QUICK, later=(coco,)))
    assert sorted(path.name for path in (data / 'downloads/coco').glob('*.zip')) == sorted(
        file.name for file in files
    )
    server.asked.clear()
    get(coco, data, readers['coco'], QUICK)
    assert [name for _, name, _ in server.asked] == ['coco/train2017.zip']
    assert not list((data / 'downloads/coco').glob('*.zip'))
