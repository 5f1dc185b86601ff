"""Which resources are requested for which cells, and how workers are shared out."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from benchmark.launching.executors.base import Job, Jobs
from benchmark.launching.resources import (
    LIGHT,
    Demand,
    Needs,
    Share,
    needs_of,
    resources_of,
    shared_out,
)
from benchmark.planning.estimates import Basis, Estimate

RESULTS = Path(__file__).parents[2] / 'results' / 'runs'


def cost(seconds: float | None, memory: float | None, basis: Basis = Basis.MEASURED) -> Estimate:
    return Estimate(seconds, memory, basis)


class TestOneCell:
    def test_memory_and_time_have_a_margin_and_a_floor(self) -> None:
        small, large = (
            needs_of(Demand(cost(seconds, memory)))
            for seconds, memory in ((60, 1000), (3 * 3600, 20 * 1024))
        )
        assert small == Needs(1, 0, 1, 4, 60)
        assert large == Needs(1, 0, 1, 30, 6 * 60)

    def test_an_estimate_of_operations_is_doubled_before_its_margin(self) -> None:
        assert needs_of(Demand(cost(3600, 1, Basis.OPERATIONS))).minutes == 4 * 60

    def test_what_is_unknown_gets_a_day(self) -> None:
        assert needs_of(Demand(cost(None, None, Basis.NONE))) == Needs(1, 0, 1, 32, 24 * 60)

    def test_no_more_than_a_day_is_requested(self) -> None:
        assert needs_of(Demand(cost(1e7, 1000))).minutes == 24 * 60

    def test_processes_and_loaders_multiply(self) -> None:
        four = needs_of(Demand(cost(60, 4000), processes=4, loaders=2))
        assert four == Needs(4, 0, 4 * 3, 30, 60)  # 1.5 x 4 x (4000 + 2 x 512) MB

    def test_a_gpu_per_process_with_memory_of_the_host_that_its_own_does_not_state(self) -> None:
        found = needs_of(Demand(cost(60, 70_000), processes=2, on_gpu=True))
        assert found == Needs(2, 2, 16, 12, 60)

    def test_no_committed_run_took_more_memory_than_is_requested_for_it(self) -> None:
        peaks = [
            record['cost']['peak_memory_mb']
            for path in itertools.islice(RESULTS.glob('*/*/*.json'), 0, None, 7)
            if (record := json.loads(path.read_text()))['cost'].get('peak_memory_mb')
        ]
        assert len(peaks) > 30
        for peak in peaks:
            assert needs_of(Demand(cost(1, peak))).memory_gb * 1024 > peak


class TestClasses:
    def test_cells_without_a_gpu_are_apart_and_memory_is_of_few_sizes(self) -> None:
        gpu = Demand(cost(7200, 9000), on_gpu=True)
        cells = [
            ('trivial', Demand(cost(1, 100))),
            ('probe', gpu),
            ('training', gpu._replace(processes=2)),
            ('quick', gpu._replace(cost=cost(10, 100))),
            ('large', Demand(cost(100, 40_000))),
        ]
        found = resources_of(cells)
        assert [share.needs for share in found.shares] == [
            Needs(2, 2, 16, 12, 240),
            Needs(1, 1, 8, 6, 240),
            Needs(1, 0, 1, 59, 60),
            Needs(1, 0, 1, 4, 60),
        ]
        assert found.of['probe'] == found.of['quick'] == found.shares[1].needs
        assert [share.cells for share in found.shares] == [1, 2, 1, 1]
        assert found.shares[1].seconds == 7210

    @pytest.mark.parametrize('count', [1, 50])
    def test_every_cell_fits_its_class_and_classes_are_few(self, count: int) -> None:
        demands = {
            number: Demand(
                cost(10.0 * number, 37.0 * number * number),
                processes=1 + number % 2,
                on_gpu=number % 3 == 0,
            )
            for number in range(count)
        }
        found = resources_of(demands.items())
        assert sum(share.cells for share in found.shares) == count
        assert len(found.shares) <= 12
        for number, demand in demands.items():
            assert needs_of(demand).fits(found.of[number])

    def test_a_worker_of_several_nodes_gives_a_cell_of_one_process_one_of_them(self) -> None:
        room = Needs(4, 4, 8, 32, 60, nodes=2)
        assert Needs(4, 4, 8, 32, 60).fits(room)
        assert Needs(1, 1, 4, 16, 60).fits(room)
        assert not Needs(1, 1, 4, 17, 60).fits(room)
        assert not Needs(4, 4, 8, 32, 61).fits(room)

    def test_a_label_says_all_of_it(self) -> None:
        needs = Needs(2, 1, 8, 16, 120, 2)
        assert Needs.parse(needs.label) == needs
        with pytest.raises(ValueError, match='states no resources'):
            Needs.parse('p1g1')


class TestSharing:
    LARGE = Share(Needs(1, 1, 8, 16, 120), 90, 9000.0)
    SMALL = Share(Needs(1, 0, 1, 4, 60), 10, 1000.0)

    @pytest.mark.parametrize(
        ('workers', 'counts'), [(2, [1, 1]), (10, [9, 1]), (20, [18, 2]), (1000, [90, 10])]
    )
    def test_workers_go_where_most_is_to_do_and_never_outnumber_cells(
        self, workers: int, counts: list[int]
    ) -> None:
        found = shared_out([self.SMALL, self.LARGE], workers)
        assert [share for share, _ in found] == [self.LARGE, self.SMALL]
        assert [count for _, count in found] == counts

    def test_one_worker_runs_all_classes(self) -> None:
        ((share, count),) = shared_out([self.LARGE, self.SMALL], 1)
        assert (share, count) == (Share(self.LARGE.needs, 100, 10_000.0), 1)


def job(name: str, needs: Needs) -> Job:
    return Job(name, {}, Path('/dev/null'), needs=needs)


class TestJobs:
    GPU, CPU = Needs(1, 1, 8, 16, 60), Needs(1, 0, 1, 4, 60)

    def test_they_come_in_order_to_who_takes_any(self) -> None:
        asked = [job('a', self.CPU), job('b', self.GPU), job('c', self.CPU)]
        assert [one.name for one in Jobs.of(asked)] == ['a', 'b', 'c']

    def test_a_worker_gets_the_most_demanding_that_fits(self) -> None:
        jobs = Jobs.of([job('a', self.CPU), job('b', self.GPU), job('c', self.CPU)])
        assert jobs.left() == (self.GPU, self.CPU)
        taken = [jobs.take(room) for room in (self.GPU, self.CPU, self.GPU, self.CPU)]
        assert [one.name if one else None for one in taken] == ['b', 'a', 'c', None]

    def test_one_that_is_no_longer_needed_is_left_out_when_its_turn_comes(self) -> None:
        made: list[str] = []

        def make(name: str) -> Job | None:
            made.append(name)
            return None if name == 'a' else job(name, self.CPU)

        jobs = Jobs((self.CPU, lambda name=name: make(name)) for name in 'abc')
        assert made == []
        first = jobs.take(self.CPU)
        assert first is not None
        assert (first.name, made) == ('b', ['a', 'b'])
        assert next(jobs).name == 'c'
        with pytest.raises(StopIteration):
            next(jobs)

    def test_they_survive_the_way_to_another_process(self) -> None:
        one = Job('a', {'tuple': (1, 2)}, Path('log'), 3.0, self.GPU)
        assert Job.from_plain(one.to_plain()) == one
        assert job('b', LIGHT).needs.fits(self.CPU)
