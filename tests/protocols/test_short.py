"""Recipes of tasks with a budget: for any backbone, and never in place of a source's."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from benchmark.kinds import shipped_kinds
from benchmark.protocols import RecipeKey, choose_recipe, explain_recipe, load_protocol
from benchmark.protocols.recipes import RULES
from benchmark.specs import Architecture, Protocol, Size, Trains

KINDS = tuple(kind.name for kind in shipped_kinds())
BUDGET = {'iterations': 200, 'batch_size': 16}
HERE = RecipeKey('classification', 'mine', 300, Architecture.PLAIN_VIT, Size.SMALL)

PUBLISHED = Protocol('finetune', 'fine-tuning', trains=Trains.ALL, recipes=RULES)

PLACES = [
    replace(HERE, kind=kind, architecture=architecture, size=size, is_random=is_random)
    for kind, architecture, size, is_random in product(KINDS, Architecture, Size, (False, True))
]


class TestWhereTheyHold:
    def test_a_task_without_a_budget_keeps_what_the_sources_say(self) -> None:
        finetune = load_protocol('finetune')
        for place in PLACES:
            assert choose_recipe(finetune, place, {}) == choose_recipe(PUBLISHED, place, {})

    @pytest.mark.parametrize('name', ['finetune', 'frozen'])
    def test_every_backbone_has_all_numbers_of_every_kind(self, name: str) -> None:
        for place in PLACES:
            found = explain_recipe(load_protocol(name), place, BUDGET)
            assert {found[key].mark for key in ('lr', 'warmup', 'schedule', 'clip_norm')} == {
                'ours'
            }
            # no end of a source's long schedule is left over
            assert not {'floor', 'warmup_start'} & found.keys()


class TestRateAndBatch:
    @pytest.mark.parametrize(
        ('batch', 'factor'),
        # the square root of the ratio to 16, once at least, twice at most
        [(16, 1.0), (4, 1.0), (1, 1.0), (36, 1.5), (64, 2.0), (1024, 2.0)],
    )
    def test_the_rate_grows_by_the_root_within_bounds(self, batch: int, factor: float) -> None:
        frozen = load_protocol('frozen')
        base = choose_recipe(frozen, HERE, BUDGET).lr
        found = choose_recipe(frozen, HERE, {**BUDGET, 'batch_size': batch})
        assert found.lr == pytest.approx(factor * base)
        assert found.batch_size == batch

    @pytest.mark.parametrize(
        ('pictures', 'length'),
        # 20 passes in batches of 10, but 200 steps at least
        [(5000, 10_000), (101, 220), (30, 200)],
    )
    def test_a_budget_without_a_length_gets_one(self, pictures: int, length: int) -> None:
        place = replace(HERE, examples=pictures)
        found = choose_recipe(load_protocol('finetune'), place, {'batch_size': 10})
        assert found.iterations == length

    def test_a_length_that_is_asked_for_is_kept(self) -> None:
        for changes, length in (({'iterations': 3}, 3), ({'epochs': 2}, 6)):
            place = replace(HERE, examples=30)
            found = choose_recipe(load_protocol('finetune'), place, {'batch_size': 10}, changes)
            assert found.iterations == length

    def test_a_suite_that_sets_the_rate_gets_it(self) -> None:
        found = choose_recipe(load_protocol('frozen'), HERE, {'batch_size': 4}, {'lr': 0.5})
        assert found.lr == 0.5


class TestFineTuning:
    def test_pretrained_layers_learn_slower_than_the_head_and_than_random_ones(self) -> None:
        finetune = load_protocol('finetune')
        for kind, architecture in product(KINDS, Architecture):
            place = replace(HERE, kind=kind, architecture=architecture)
            pretrained = choose_recipe(finetune, place, BUDGET)
            random = choose_recipe(finetune, replace(place, is_random=True), BUDGET)
            assert pretrained.layer_decay < 1
            assert pretrained.lr * pretrained.backbone_factor < random.lr
            assert (random.layer_decay, random.backbone_factor) == (1, 1)

    @pytest.mark.parametrize(
        ('width', 'factor'),
        # inverse to the width, 0.1 at 384, three times as much or a third at most
        [(384, 0.1), (768, 0.05), (256, 0.15), (96, 0.3), (4096, 0.1 / 3), (0, 0.1)],
    )
    def test_wider_networks_get_less(self, width: int, factor: float) -> None:
        place = replace(HERE, width=width)
        found = choose_recipe(load_protocol('finetune'), place, BUDGET)
        assert found.backbone_factor == pytest.approx(factor)
        assert found.lr == choose_recipe(load_protocol('frozen'), place, BUDGET).lr

    def test_a_rate_that_is_set_alone_holds_for_all_layers(self) -> None:
        found = choose_recipe(load_protocol('finetune'), HERE, BUDGET, {'lr': 1e-4})
        assert (found.lr, found.backbone_factor) == (1e-4, 1.0)

    def test_a_suite_that_sets_the_factor_gets_it(self) -> None:
        place = replace(HERE, width=768)
        changes = {'backbone_factor': 0.2}
        found = choose_recipe(load_protocol('finetune'), place, BUDGET, changes)
        assert found.backbone_factor == 0.2

    def test_statistics_stay_only_where_they_were_learnt(self) -> None:
        finetune = load_protocol('finetune')
        keeps = {
            (architecture, is_random): choose_recipe(
                finetune, replace(HERE, architecture=architecture, is_random=is_random), BUDGET
            ).kept_statistics
            for architecture, is_random in product(Architecture, (False, True))
        }
        assert [place for place, kept in keeps.items() if kept] == [(Architecture.CONVNET, False)]

    def test_frozen_heads_have_no_numbers_of_the_backbone(self) -> None:
        found = explain_recipe(load_protocol('frozen'), HERE, BUDGET)
        assert not {'layer_decay', 'backbone_factor', 'drop_path', 'kept_statistics'} & found.keys()
