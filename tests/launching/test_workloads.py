"""In which order cells run."""

from __future__ import annotations

import pytest

from benchmark.catalog import find_task
from benchmark.kinds.base import Config
from benchmark.launching import Job
from benchmark.launching.workloads import SINGLE, workload_of_record
from benchmark.planning.cells import Inspected
from benchmark.results.records import RunRecord, Status
from benchmark.specs import Architecture, Features, RunSpec
from tests.support.declarations import Declarations

from .test_campaign import OUTCOME, FakePool, campaign, go


def test_what_takes_longest_runs_first_and_what_takes_nothing_last(declare: Declarations) -> None:
    for name, side in (('small', 32), ('large', 96), ('medium', 64)):
        declare.task({'root': name}, name=name, input_size=(side, side))
        (declare.folder / 'data' / name).mkdir(parents=True)
        (declare.folder / 'data' / name / 'train.txt').write_text('x')
    ran: list[str] = []

    def answer(job: Job) -> dict[str, object]:
        ran.append(job.name)
        return OUTCOME

    tasks = ('small.py', 'large.py', 'medium.py')
    made = campaign(
        declare, suite={'tasks': tasks, 'protocols': ('trivial', 'finetune'), 'seeds': (0, 1)}
    )
    go(made, FakePool(answer))
    trained = [name for name in ran if 'trivial' not in name]
    assert [name.partition('--')[0] for name in trained] == ['large'] * 2 + ['medium'] * 2 + [
        'small'
    ] * 2
    assert all('trivial' in name for name in ran[6:])
    assert len(ran) == 9
    # cells that take as long keep the order of the request
    assert [name[-1] for name in trained] == ['0', '1'] * 3


FEATURES = Features(
    architecture=Architecture.HIERARCHICAL,
    channels=(8, 16),
    strides=(16, 32),
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    parameters=1000,
    depth=2,
)


def probe(declare: Declarations, solver: Config, *, size: tuple[int, int] | None) -> RunRecord:
    """Return the record of a probe of the small task: 8 training pictures, 6 test pictures."""
    spec = RunSpec('small', 'b', 'knn', 0)
    config = {
        'views_dataset': {},
        'preprocessor': {} if size is None else {'size': size},
        'reading': {'stride': 16},
        'readout': {'classes': 3},
        'solver': solver,
        'test_dataloader': {'batch_size': 4},
    }
    return RunRecord('tiny', spec, 'f', Status.OK, config=config)


@pytest.mark.parametrize(('size', 'cells'), [(None, 1), ((64, 96), 4 * 6)])
def test_neighbours_compare_every_test_cell_with_every_training_cell(
    declare: Declarations, size: tuple[int, int] | None, cells: int
) -> None:
    task = find_task(str(declare.task()))
    record = probe(declare, {'type': 'knn', 'held_out': 0.25}, size=size)
    found = workload_of_record(record, task, Inspected(FEATURES, None, 10.0, '', 5.0), SINGLE)
    # a quarter of the training pictures choose among the trials
    compared = (8 * cells) * ((6 + 2) * cells)
    assert found.compared == compared
    assert found.head_flops == compared * 2 * 16
    assert found.flops == 10 * (64 * 96) * (8 + 6) + found.head_flops
    assert found.elements == 5 * (64 * 96) * (8 + 6)
    assert found.calls == 2  # batches of four


def test_all_heads_of_a_probe_train_side_by_side(declare: Declarations) -> None:
    task = find_task(str(declare.task()))
    solver = {'type': 'linear', 'rates': [1.0, 2.0], 'iterations': 30, 'batch_size': 5}
    record = probe(declare, solver, size=(64, 96))
    found = workload_of_record(record, task, Inspected(FEATURES, None, 10.0), SINGLE)
    # of two rates and three classes each, on the last map and on both; forwards and backwards
    assert found.head_flops == (30 * 5 * 24) * (2 * 2 * (16 + 8 + 16) * 2 * 3)
    assert found.calls == 2 + 30 / 3
