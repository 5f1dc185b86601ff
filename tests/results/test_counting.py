from __future__ import annotations

from dataclasses import replace

from benchmark.results.counting import counted_records
from benchmark.results.records import RunRecord
from studies.dark_secrets.scores import scores_by_cell
from tests.support.record_builders import full_record

CONFIGS = {'old': {'optimizer': {'lr': 0.1}}, 'new': {'optimizer': {'lr': 0.2}}}


def run(seed: int, score: float, config: str, day: int) -> RunRecord:
    record = full_record()
    return replace(
        record,
        spec=replace(record.spec, protocol='finetune', seed=seed),
        fingerprint=f'{day:064x}',
        scores={record.primary: score},
        task={'metrics': [{'key': record.primary, 'higher_is_better': True}]},
        provenance={**record.provenance, 'finished': f'2031-05-{day:02d}T00:00:00+00:00'},
        config=CONFIGS[config],
    )


RUNS = [run(0, 50, 'new', 7), run(1, 51, 'new', 8), run(2, 10, 'old', 1), run(0, 49, 'old', 2)]


def test_seeds_of_another_configuration_do_not_count() -> None:
    assert counted_records(RUNS) == counted_records(RUNS[::-1]) == RUNS[:2]


def test_analyses_count_the_runs_that_tables_do() -> None:
    (found,) = scores_by_cell(RUNS).values()
    assert found.by_seed == {0: 50, 1: 51}


def test_evidence_comes_along() -> None:
    (record,) = counted_records([replace(RUNS[0], curves={'loss': [1.0]})])
    assert record.curves == {'loss': [1.0]}
