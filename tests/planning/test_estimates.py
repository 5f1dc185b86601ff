from __future__ import annotations

import pytest

from benchmark.kinds.common.operations import HeadCost
from benchmark.planning.estimates import (
    SPEEDS,
    Basis,
    Measured,
    Passes,
    Workload,
    count_operations,
    estimate,
)
from benchmark.specs import CellKey

ASKED = Workload(CellKey('finetune', 't', 'b'), ('depth', 'finetune'), 6e12, 2**20)


def run(cell: CellKey, flops: float | None, seconds: float, memory: float = 100.0) -> Measured:
    return Measured(Workload(cell, ('depth', cell.protocol), flops, 1), seconds, memory)


def test_other_seeds_of_the_cell_are_averaged() -> None:
    runs = [
        run(ASKED.cell, 6e12, 10, 300),
        run(ASKED.cell, 6e12, 20, 200),
        run(CellKey('finetune', 't', 'other'), 6e12, 500),
    ]
    assert estimate(ASKED, runs, 'cpu') == (15.0, 300, Basis.MEASURED)


def test_other_cells_of_the_kind_are_scaled_by_what_they_should_take() -> None:
    runs = [
        run(CellKey('finetune', 't', 'x'), 1e12, 10),
        run(CellKey('finetune', 'u', 'y'), 3e12, 30, 700),
        run(CellKey('frozen', 't', 'b'), 6e12, 999),
    ]
    # each starts, then computes at the nominal speed; these took so many times as long
    nominal = [1 + flops / SPEEDS['cpu'].flops for flops in (1e12, 3e12, 6e12)]
    seconds = nominal[2] * (10 + 30) / (nominal[0] + nominal[1])
    found = estimate(ASKED, runs, 'cpu')
    # those runs were counted to need 700 MiB and 16 bytes, this one 700 and 16 MiB
    assert found == (pytest.approx(seconds), pytest.approx(716, rel=1e-6), Basis.KIND)


def test_memory_of_a_small_network_says_little_of_a_large_one() -> None:
    small = run(CellKey('finetune', 't', 'x'), 1e12, 10, 1400)
    large = ASKED._replace(parameters=300 * 2**20, batch_mb=5000.0)
    found = estimate(large, [small], 'cpu').memory_mb
    assert found == pytest.approx(1400 + 16 * 300 + 5000, rel=1e-6)
    # one that needs less may take as much: it was measured together with its surroundings
    trained = small._replace(workload=small.workload._replace(parameters=2**30))
    assert estimate(ASKED, [trained], 'cpu').memory_mb == 1400


def test_where_operations_are_unknown_the_mean_of_the_kind_serves() -> None:
    runs = [
        run(CellKey('finetune', 't', 'x'), None, 10),
        run(CellKey('finetune', 't', 'y'), 1e12, 30),
    ]
    assert estimate(ASKED._replace(flops=None), runs, 'cpu').seconds == 20


@pytest.mark.parametrize('device', ['cpu', 'gpu'])
def test_operations_alone_give_an_estimate_that_says_so(device: str) -> None:
    found = estimate(ASKED, [], device)
    # beside the start
    assert found.seconds == pytest.approx(1 + 6e12 / SPEEDS[device].flops)
    assert (found.low, found.high) == (found.seconds / 2, found.seconds * 2)
    assert found.memory_mb == pytest.approx(700 + 16)  # 16 bytes for each of 2**20 parameters
    assert found.basis is Basis.OPERATIONS


def test_a_run_that_was_cut_short_is_not_a_measurement_of_the_whole() -> None:
    nominal = [1 + flops / SPEEDS['cpu'].flops for flops in (6e10, 6e12)]
    found = estimate(ASKED, [run(ASKED.cell, 6e10, 2 * nominal[0])], 'cpu')
    assert (found.seconds, found.basis) == (pytest.approx(2 * nominal[1]), Basis.KIND)


def test_each_sample_is_loaded_and_its_file_decoded() -> None:
    idle = ASKED._replace(flops=0.0, samples=1000)
    assert estimate(idle, [], 'cpu').seconds == pytest.approx(1 + 1)
    # batches of one picture, 6 ms each
    assert estimate(idle._replace(calls=500), [], 'cpu').seconds == pytest.approx(1 + 1 + 3)
    # a thousand pictures of 100 kB, 5 ms each
    assert estimate(idle._replace(decoded=1e8), [], 'cpu').seconds == pytest.approx(1 + 1 + 5)
    assert estimate(idle._replace(samples=0), [], 'cpu').seconds == 0  # as a trivial predictor


def test_each_part_has_its_own_speed() -> None:
    speed = SPEEDS['cpu']
    parts = ASKED._replace(
        flops=8 * speed.flops + 3 * speed.head_flops,
        head_flops=3 * speed.head_flops,
        elements=5 * speed.elements,
        compared=7 * speed.compared,
    )
    assert estimate(parts, [], 'cpu').seconds == pytest.approx(1 + 8 + 3 + 5 + 7)


def test_a_head_learns_on_a_frozen_backbone_too() -> None:
    head = HeadCost(training=10.0, testing=4.0, passes=2.0)
    frozen = Passes(trained=5, tested=3, read=5, steps=7, learns=False)
    found = count_operations(head, 100.0, 20.0, passes=frozen, parameters=1000)
    heads = 5 * 3 * 10 + 3 * 4
    assert found == (100 * (5 * 2 + 3), heads, 20 * (5 * 2 + 3))
    # a backward pass takes twice as much as a forward pass, and the optimiser writes
    learns = frozen._replace(learns=True)
    found = count_operations(head, 100.0, 20.0, passes=learns, parameters=1000)
    assert found == (100 * (5 * 6 + 3), heads, 20 * (5 * 6 + 3) + 7 * 12 * 1000)
    # two of the five views are new, the maps of the others are kept
    found = count_operations(head, 100.0, 20.0, passes=frozen._replace(read=2), parameters=1000)
    assert found == (100 * (2 * 2 + 3), heads, 20 * (2 * 2 + 3))


def test_without_anything_nothing_is_claimed() -> None:
    assert estimate(ASKED._replace(flops=None), [], 'cpu') == (None, None, Basis.NONE)
