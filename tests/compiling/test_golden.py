"""Compiled configurations, compared with files that a person reviewed.

Run ``pytest tests/compiling --regenerate`` after a wanted change, and read the difference.
"""

from __future__ import annotations

import json

import pytest

from benchmark.compiling import compile_config
from benchmark.kinds import kind_names
from tests.support.compiling_cells import FEATURES, GOLDEN, SAMPLES, cell, strings

CASES = [
    (kind, architecture, protocol)
    for kind in SAMPLES
    for architecture in FEATURES
    for protocol in ('finetune', 'frozen')
] + [(kind, 'plain-vit', 'lp-ft') for kind in SAMPLES]


@pytest.mark.parametrize(('kind', 'architecture', 'protocol'), CASES)
def test_the_configuration_is_the_reviewed_one(
    kind: str, architecture: str, protocol: str, request: pytest.FixtureRequest
) -> None:
    config = compile_config(cell(kind, architecture, protocol))
    path = GOLDEN / f'{kind}--{architecture}--{protocol}.json'
    if request.config.getoption('--regenerate'):
        path.write_text(json.dumps(config, indent=1, sort_keys=True, allow_nan=False) + '\n')
    assert path.exists(), f'no golden file {path.name}: run pytest with --regenerate'
    assert json.loads(json.dumps(config)) == json.loads(path.read_text())


@pytest.mark.parametrize(('kind', 'architecture', 'protocol'), CASES)
def test_only_placeholders_stand_for_places(kind: str, architecture: str, protocol: str) -> None:
    texts = strings(compile_config(cell(kind, architecture, protocol)))
    assert [text for text in texts if text.startswith(('/', '~')) or 'somewhere' in text] == []
    assert {'{data}', '{weights}', '{work}'} <= set(texts)


def test_every_kind_has_a_sample_and_every_golden_file_a_case() -> None:
    assert set(SAMPLES) == set(kind_names())
    assert {path.stem for path in GOLDEN.glob('*.json')} == {'--'.join(case) for case in CASES}
