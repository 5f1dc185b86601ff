"""A world is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import DataError
from benchmark.world import SplitCounts, WorldSpec, ensure_world, store, world_root
from benchmark.world.publishing import is_complete, publishing

NONE = SplitCounts(0, 0, 0)
EMPTY = WorldSpec(
    size=48,
    scenes=SplitCounts(1, 0, 0),
    covered_per_class=NONE,
    fine_per_class=NONE,
    sequences=NONE,
)


def test_an_interrupted_writer_leaves_nothing_and_the_next_completes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, '_write_labels', interrupt)
        with pytest.raises(KeyboardInterrupt):
            ensure_world(tmp_path, EMPTY)
    assert list(tmp_path.iterdir()) == []
    root = ensure_world(tmp_path, EMPTY)
    assert (root / 'world.json').is_file()
    assert (root / 'scenes/images/train/000000.jpg').is_file()


def test_the_rest_of_a_killed_writer_is_not_taken_as_the_world(tmp_path: Path) -> None:
    root = world_root(tmp_path, EMPTY)
    for name in (f'.{root.name}.0123.partial', root.name):
        (tmp_path / name / 'scenes').mkdir(parents=True)
        (tmp_path / name / 'scenes' / 'half').write_text('written')
    assert ensure_world(tmp_path, EMPTY) == root
    assert (root / 'world.json').is_file()
    assert not (root / 'scenes' / 'half').exists()


def test_a_finished_world_is_not_rendered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = ensure_world(tmp_path, EMPTY)
    monkeypatch.setattr(store, '_write_world', None)
    assert ensure_world(tmp_path, EMPTY) == root


def test_of_two_writers_the_first_to_finish_wins_and_both_end_well(tmp_path: Path) -> None:
    final = tmp_path / 'folder'
    with publishing(final, 'marker') as slow:
        with publishing(final, 'marker') as fast:
            (fast / 'marker').write_text('fast')
        assert (final / 'marker').read_text() == 'fast'
        (slow / 'marker').write_text('slow')
    assert (final / 'marker').read_text() == 'fast'
    assert [path.name for path in tmp_path.iterdir()] == ['folder']


def test_nothing_is_visible_before_the_end(tmp_path: Path) -> None:
    final = tmp_path / 'folder'
    with publishing(final, 'marker') as written:
        (written / 'marker').write_text('done')
        assert not is_complete(final, 'marker')
        assert written.parent == tmp_path
    assert is_complete(final, 'marker')


def test_another_spec_is_another_folder(tmp_path: Path) -> None:
    other = WorldSpec(size=48, scenes=SplitCounts(2, 0, 0))
    assert world_root(tmp_path, EMPTY) != world_root(tmp_path, other)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / 'file'
    blocked.write_text('not a folder')
    with pytest.raises(DataError, match='file'):
        ensure_world(blocked, EMPTY)
