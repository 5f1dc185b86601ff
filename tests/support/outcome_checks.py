"""Whether metrics follow from what was kept of every test example."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmark.statistics.outcome_files import Measured, pack, unpack

NOT_KEPT = {'silog_pooled', *(f'crowd_AP_{level}' for level in ('easy', 'medium', 'hard'))}
"""Metrics that no form computes; those of groups of classes are not kept either."""


def check_again(found: Mapping[str, float], outcomes: Mapping[str, Measured]) -> None:
    """Check that the outcomes, once written and read, give the same metrics."""
    again = {key: one.form.value() for key, one in unpack(pack(outcomes), 'here').items()}
    grouped = {key for key in found if key.endswith(('_APr', '_APc', '_APf'))}
    assert set(found) - set(again) <= NOT_KEPT | grouped
    assert again == pytest.approx(
        {key: found[key] for key in again}, rel=1e-9, abs=1e-9, nan_ok=True
    )
