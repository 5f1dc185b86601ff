"""Accepted shifts, history and canaries on disk."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path

import pytest

from benchmark.errors import DeclarationError, RecordError
from benchmark.regression.accepted import latest, read_accepted
from benchmark.regression.canaries import (
    Canary,
    compare_canaries,
    read_canaries,
    write_canaries,
)
from benchmark.regression.cells import Headline
from benchmark.regression.history import CellHistory, History, read_history, write_history
from benchmark.results.store import one_writer
from benchmark.specs import CellKey
from tests.support.regression_builders import PARTS

GOOD = """
[[shift]]
task = 'parts'
since = 2031-05-01
reason = 'labels corrected'

[[shift]]
backbone = 'vit-*'
since = 2031-06-01
reason = 'another resize'
by = 'A. N. Other'
"""


class TestAccepted:
    def read(self, folder: Path, text: str) -> object:
        path = folder / 'accepted.toml'
        path.write_text(text)
        return read_accepted(path)

    def test_patterns_say_which_cells(self, tmp_path: Path) -> None:
        path = tmp_path / 'accepted.toml'
        path.write_text(GOOD)
        shifts = read_accepted(path)
        assert [shift.since for shift in shifts] == ['2031-05-01', '2031-06-01']
        assert shifts[1].by == 'A. N. Other'
        assert latest(shifts, PARTS, '2031-07-01') == shifts[1]
        assert latest(shifts, CellKey('frozen', 'parts', 'resnet'), '2031-07-01') == shifts[0]
        assert latest(shifts, CellKey('frozen', 'other', 'resnet'), '2031-07-01') is None

    def test_a_shift_applies_from_its_night_on(self, tmp_path: Path) -> None:
        path = tmp_path / 'accepted.toml'
        path.write_text(GOOD)
        shifts = read_accepted(path)
        assert latest(shifts, PARTS, '2031-06-01') == shifts[1]
        assert latest(shifts, PARTS, '2031-05-31') == shifts[0]
        assert latest(shifts, PARTS, '2031-04-30') is None

    @pytest.mark.parametrize(
        ('text', 'part'),
        [
            ('[[shift]]\nsince = 2031-05-01', 'shift 1: reason is empty'),
            ("[[shift]]\nsince = 2031-05-01\nreason = ' '", 'reason is empty'),
            ("[[shift]]\nreason = 'x'", 'since is None, must be a date'),
            ("[[shift]]\nsince = '2031-05-01'\nreason = 'x'", 'must be a date'),
            ("[[shift]]\nsince = 2031-05-01\nreason = 'x'\ntaks = 'y'", "unknown key 'taks'"),
            ("[[shift]]\nsince = 2031-05-01\nreason = 'x'\ntask = 3", 'task is 3, must be a text'),
            ("[shift]\nreason = 'x'", r'must be \[\[shift\]\] tables'),
            ('[[shfit]]\n', "unknown table 'shfit'"),
            ('[[shift', 'cannot be read'),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path: Path, text: str, part: str) -> None:
        with pytest.raises(DeclarationError, match=rf'accepted\.toml: .*{part}') as caught:
            self.read(tmp_path, text)
        assert '\n' not in str(caught.value) or 'cannot be read' in part

    def test_a_missing_file_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(DeclarationError, match='cannot be read'):
            read_accepted(tmp_path / 'none.toml')


class TestHistory:
    HISTORY = History('quick').with_night(
        '2031-05-01',
        {PARTS: CellHistory(Headline('mIoU'), (1.0,), {'2031-05-01': (2.0, 3.0)},
                            {'2031-05-01': 'fine'})},
    )  # fmt: skip

    def test_it_survives_the_disk(self, tmp_path: Path) -> None:
        write_history(tmp_path / 'h.json', self.HISTORY)
        assert read_history(tmp_path / 'h.json', 'quick') == self.HISTORY

    def test_another_suite_is_refused(self, tmp_path: Path) -> None:
        write_history(tmp_path / 'h.json', self.HISTORY)
        with pytest.raises(RecordError, match="it holds suite 'quick', not 'other'"):
            read_history(tmp_path / 'h.json', 'other')

    def test_a_night_that_is_told_again_replaces_itself(self) -> None:
        later = self.HISTORY.with_night(
            '2031-05-02',
            {PARTS: CellHistory(Headline('mIoU'), (1.5,), {'2031-05-02': (4.0,)})},
        )
        assert later.before('2031-05-03', PARTS) == {'2031-05-01': (2.0, 3.0), '2031-05-02': (4.0,)}
        assert later.before('2031-05-02', PARTS) == {'2031-05-01': (2.0, 3.0)}
        assert later.cells[PARTS].baseline == (1.5,)
        without = later.with_night('2031-05-02', {})
        assert without.before('2031-05-03', PARTS) == {'2031-05-01': (2.0, 3.0)}

    def test_a_new_metric_begins_anew(self) -> None:
        other = CellHistory(Headline('mAcc'), (), {'2031-05-02': (4.0,)})
        later = self.HISTORY.with_night('2031-05-02', {PARTS: other})
        assert later.before('2031-05-03', PARTS) == {'2031-05-02': (4.0,)}

    @pytest.mark.parametrize('text', ['', '[]', '{"schema": 9}', '{"schema": 1, "cells": 3}'])
    def test_what_is_no_history_is_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / 'h.json').write_text(text)
        with pytest.raises(RecordError, match=r'h\.json: no history'):
            read_history(tmp_path / 'h.json', 'quick')


class TestCanaries:
    FROZEN: dict[str, Canary] = {'a': Canary({'loss': 1.25, 'metric': math.nan}, 'cpu')}  # noqa: RUF012

    def test_they_survive_the_disk(self, tmp_path: Path) -> None:
        path = tmp_path / 'c.json'
        assert read_canaries(path) == {}
        write_canaries(path, self.FROZEN)
        assert compare_canaries(read_canaries(path), self.FROZEN) == ()

    def test_a_change_is_told(self) -> None:
        now = {'a': Canary({'loss': 1.25001, 'metric': math.nan}, 'cpu')}
        (line,) = compare_canaries(self.FROZEN, now)
        assert line == 'a: loss was 1.25 and is 1.25001'

    def test_another_device_may_round_otherwise(self) -> None:
        close, far = ({'a': Canary({'loss': x, 'metric': math.nan}, 'gpu')} for x in (1.25001, 1.3))
        assert compare_canaries(self.FROZEN, close) == ()
        assert len(compare_canaries(self.FROZEN, far)) == 1

    def test_one_that_is_gone_or_lacks_a_number_is_told(self) -> None:
        assert compare_canaries(self.FROZEN, {}) == ('a: did not run',)
        (line,) = compare_canaries(self.FROZEN, {'a': Canary({'metric': math.nan}, 'cpu')})
        assert 'loss was 1.25 and is absent' in line

    def test_a_damaged_file_is_named(self, tmp_path: Path) -> None:
        (tmp_path / 'c.json').write_text('{}')
        with pytest.raises(RecordError, match=r'c\.json: not a file of canaries'):
            read_canaries(tmp_path / 'c.json')


def test_no_night_is_lost_to_a_second_writer(tmp_path: Path) -> None:
    path = tmp_path / 'history.json'

    def append(number: int) -> None:
        with one_writer(path):
            old = read_history(path, 'tiny') if path.exists() else History('tiny')
            time.sleep(0.02)
            write_history(path, old.with_night(f'2031-05-{number:02}', {}))

    threads = [threading.Thread(target=append, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(read_history(path, 'tiny').nights) == 6
