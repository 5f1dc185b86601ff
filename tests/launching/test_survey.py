"""What `plan` tells, with a pool that answers at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.overviews import plan_lines
from benchmark.errors import IncompatibleError
from benchmark.launching import Job, Reply
from benchmark.launching.campaign import Campaign
from benchmark.launching.survey import Survey, survey
from benchmark.planning.estimates import Basis
from benchmark.world import WorldSpec
from tests.support.declarations import Declarations

from .test_campaign import OUTCOME, FakePool, campaign, go

COST = {'train_seconds': 7.0, 'test_seconds': 3.0, 'peak_memory_mb': 500, 'device': 'cpu'}


def measuring(job: Job) -> dict[str, Any]:
    return {**OUTCOME, 'cost': COST}


@pytest.fixture
def world(declare: Declarations) -> Declarations:
    declare.task()
    (declare.folder / 'data' / 'small').mkdir(parents=True)
    (declare.folder / 'data' / 'small' / 'train.txt').write_text('x')
    return declare


def asked(made: Campaign, pool: FakePool | None = None, device: str = 'cpu') -> Survey:
    return survey(made, pool or FakePool(), device)  # type: ignore[arg-type]


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob('*') if path.is_file()}


def test_nothing_is_started_or_written_but_the_cache(world: Declarations) -> None:
    made = campaign(world)
    before = files(world.folder)
    pool = FakePool()
    found = asked(made, pool)
    assert [job.request['job'] for job in pool.asked] == ['check', 'inspect']
    new = files(world.folder) - before
    assert all(path.is_relative_to(made.store.work / 'cache') for path in new)
    assert (len(found.plan.done), len(found.plan.to_do)) == (0, 2)


def test_no_backbone_is_built_where_there_are_no_data(declare: Declarations) -> None:
    declare.task()
    made, pool = campaign(declare), FakePool()
    found = asked(made, pool).plan
    assert pool.asked == []
    assert len(found.impossible) == 2
    assert all('no folder' in cell.reason for cell in found.impossible)


def test_it_finds_the_cells_that_a_run_would_find(world: Declarations) -> None:
    made = campaign(world)
    planned = asked(made).plan
    plan, _ = go(campaign(world, suite={'seeds': (0,)}), FakePool())
    assert plan.to_do[0].fingerprint == planned.to_do[0].fingerprint
    pool = FakePool()
    after = asked(campaign(world), pool)
    assert [cell.spec.seed for cell in after.plan.done] == [0]
    assert [cell.spec.seed for cell in after.plan.to_do] == [1]
    assert pool.asked == []


def test_a_batch_that_processes_cannot_share_is_no_possible_cell(world: Declarations) -> None:
    found = asked(campaign(world, processes=3)).plan
    assert (len(found.to_do), len(found.impossible)) == (0, 2)
    assert {cell.reason for cell in found.impossible} == {
        '--processes 3: a batch of 4 cannot be divided evenly among them'
    }
    assert len(asked(campaign(world, processes=2)).plan.to_do) == 2
    with pytest.raises(IncompatibleError, match='--processes 3'):
        go(campaign(world, processes=3), FakePool())


def test_so_it_is_for_every_point_of_a_grid(world: Declarations) -> None:
    grid = {'recipes': {'*/finetune': {'grid': {'batch_size': (2, 3)}}}}
    (reason,) = {
        cell.reason for cell in asked(campaign(world, suite=grid, processes=2)).plan.impossible
    }
    assert reason == '--processes 2: a batch of 3 cannot be divided evenly among them'


def test_measured_cells_give_the_cost(world: Declarations) -> None:
    go(campaign(world, suite={'seeds': (0,)}), FakePool(measuring))
    (plain,) = asked(campaign(world)).to_plain()['to_do']
    assert (plain['seconds'], plain['memory_mb'], plain['basis']) == (10.0, 500.0, 'measured')
    assert plain['seed'] == 1
    # by the policy of a GPU none is done
    elsewhere = asked(campaign(world), device='gpu').costs.values()
    assert len(elsewhere) == 2
    assert all(cost.basis is not Basis.MEASURED for cost in elsewhere)


def test_a_network_that_is_scored_as_it_is_passes_only_the_test_pictures(
    declare: Declarations,
) -> None:
    declare.task(
        {'type': 'mmpretrain.CustomDataset', 'data_prefix': 'images'},
        kind='classification',
        metric='accuracy',
        metrics=(),
    )
    (declare.folder / 'data' / 'small').mkdir(parents=True)
    (declare.folder / 'data' / 'small' / 'train.txt').write_text('x')

    def seconds(protocol: str) -> float:
        suite = {'protocols': (protocol,), 'seeds': (0,)}
        (cost,) = asked(campaign(declare, suite=suite)).costs.values()
        assert cost.seconds is not None
        return cost.seconds - 1  # of the start

    # 8 training and 6 test pictures; neighbours look at both, and compare a few features; both
    # test one batch
    assert (seconds('as-is') - 0.006) * 14 == pytest.approx((seconds('knn') - 0.006) * 6, rel=1e-4)
    assert seconds('as-is') > 0.006


def test_of_cells_that_share_features_the_first_pays(declare: Declarations) -> None:
    declare.task(
        {'type': 'mmpretrain.CustomDataset', 'data_prefix': 'images'},
        kind='classification',
        metric='accuracy',
        metrics=(),
        input_size=(256, 256),
    )
    (declare.folder / 'data' / 'small').mkdir(parents=True)
    (declare.folder / 'data' / 'small' / 'train.txt').write_text('x')

    def seconds(backbone: str, kept: int) -> dict[tuple[str, int], float]:
        suite = {
            'protocols': ('knn', 'linear-fixed', 'linear'),
            'seeds': (0, 1),
            'backbones': (backbone,),
        }
        found = asked(campaign(declare, suite=suite, feature_cache=kept)).costs.items()
        return {(s.protocol, s.seed): cost.seconds or 0.0 for s, cost in found}

    # neighbours take no seed; the views of `linear` differ from step to step
    alone, shared = (seconds('timm:test_vit', kept) for kept in (0, 2**30))
    cheaper = {key for key in alone if shared[key] < alone[key]}
    assert cheaper == {('linear-fixed', 0), ('linear-fixed', 1)}
    assert shared['linear-fixed', 0] == shared['linear-fixed', 1]
    # the weights of a random network differ from seed to seed, and so do its features
    alone, shared = (seconds('timm:test_vit+random', kept) for kept in (0, 2**30))
    assert {key for key in alone if shared[key] < alone[key]} == cheaper
    assert shared['knn', 0] == shared['knn', 1] == alone['knn', 0]


def test_a_resumed_training_measured_only_its_end(world: Declarations) -> None:
    resumed = {**COST, 'resumed_at': 50}
    go(campaign(world, suite={'seeds': (0,)}), FakePool(lambda job: {**OUTCOME, 'cost': resumed}))
    (cost,) = asked(campaign(world)).costs.values()
    assert cost.basis is not Basis.MEASURED


def test_missing_data_make_only_their_cells_impossible(world: Declarations) -> None:
    world.task({'root': 'elsewhere'}, name='gone')
    made = campaign(world, suite={'tasks': ('small.py', 'gone.py')})
    found = asked(made)
    assert [cell.spec.task for cell in found.plan.to_do] == ['small', 'small']
    assert [cell.spec.task for cell in found.plan.impossible] == ['gone', 'gone']
    assert all('get it: https://example.org' in c.reason for c in found.plan.impossible)
    lines = list(plan_lines(found, workers=2, device='cpu'))
    assert lines[0] == '0 cells done, 2 to do, 2 impossible'
    assert [line for line in lines if line.startswith('impossible  2 cells: task ')]


def test_a_backbone_that_cannot_be_used_makes_only_its_cells_impossible(
    world: Declarations,
) -> None:
    class Choosy(FakePool):
        def run(self, jobs: Iterable[Job]) -> Iterator[Reply]:
            for reply in super().run(jobs):
                bad = 'resnet' in reply.job.name
                answer = {'error': 'no feature maps', 'user_error': True} if bad else reply.answer
                yield Reply(reply.job, answer, datetime.now(UTC))

    backbones = ('timm:test_resnet+random', 'timm:test_vit+random')
    made = campaign(world, suite={'backbones': backbones, 'protocols': ('finetune', 'trivial')})
    plain = asked(made, Choosy()).to_plain()
    assert {(c['backbone'], c['reason']) for c in plain['impossible']} == {
        ('timm:test_resnet+random', 'no feature maps')
    }
    assert len(plain['impossible']) == 2
    assert len(plain['to_do']) == 3  # the trivial predictor needs no backbone


def test_missing_weights_make_a_cell_impossible(world: Declarations) -> None:
    world.backbone(checkpoint='gone.pth')
    found = asked(campaign(world, suite={'backbones': ('mine.py',), 'seeds': (0,)}))
    (cell,) = found.plan.impossible
    assert 'gone.pth' in cell.reason


def test_built_in_data_are_not_made(world: Declarations) -> None:
    world.task({'root': 'scenes'}, name='made')
    path = world.folder / 'made.py'
    path.write_text(path.read_text().replace("'root': 'scenes'", "'provider': 'world', 'root': ''"))
    made = campaign(world, suite={'tasks': ('made.py',)})
    before = files(world.folder / 'data')
    found = asked(made)
    assert len(found.plan.to_do) == 2
    assert files(world.folder / 'data') == before
    assert not (world.folder / 'data' / WorldSpec().folder_name).exists()
