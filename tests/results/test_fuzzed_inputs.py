"""Whatever a file that is read holds, it is read or refused by a line; a few changes of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.input_fuzzing import INPUTS, case, outcome

_HELD = ('lease',)
"""What this process itself holds, and is therefore refused as it is."""


@pytest.mark.parametrize('name', INPUTS)
def test_an_input_is_read_as_it_is_and_read_or_refused_once_it_is_changed(
    name: str, tmp_path: Path
) -> None:
    INPUTS[name].make(tmp_path)
    result, detail = outcome(lambda: INPUTS[name].read(tmp_path))
    assert result == ('refused' if name in _HELD else 'read'), detail
    for seed in range(3):
        found = case(name, tmp_path / 'changed', seed)
        assert found.result in ('read', 'refused'), found


def test_a_fault_is_not_taken_for_a_refusal() -> None:
    def fail() -> None:
        raise KeyError('name')

    assert outcome(fail)[0] == 'fault'
