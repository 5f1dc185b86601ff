from __future__ import annotations

from dataclasses import fields, replace

import pytest

from benchmark.catalog.suites import find_suite
from benchmark.catalog.tasks import shipped_tasks
from benchmark.errors import DeclarationError
from benchmark.kinds.classification.recipe import K12
from benchmark.kinds.marks import adapted, ours, stated
from benchmark.protocols import (
    RecipeKey,
    choose_recipe,
    explain_recipe,
    load_protocol,
    protocol_names,
)
from benchmark.specs import Architecture, Features, Number, Protocol, Recipe, Rule, Size, Trains

VIT, SWIN = Architecture.PLAIN_VIT, Architecture.HIERARCHICAL
HERE = RecipeKey('pose', 'mine', 100, VIT, Size.BASE)

GENERAL = Rule(
    'pose',
    stated('mae', 'a table', lr=1e-3, weight_decay=0.1, batch_size=10, epochs=4),
    trained_on=('theirs',),
)


def protocol(*rules: Rule) -> Protocol:
    return Protocol('finetune', 'fine-tuning', trains=Trains.ALL, recipes=(GENERAL, *rules))


def rule(
    architecture: Architecture | None = None, size: Size | None = None, **values: object
) -> Rule:
    return Rule('pose', ours('a guess', **values), architecture, size)


class TestWhichNumbersHold:
    def test_the_later_of_the_rules_that_hold_wins(self) -> None:
        found = choose_recipe(
            protocol(
                rule(VIT, drop_path=0.1),
                rule(SWIN, drop_path=0.2),
                rule(VIT, Size.LARGE, drop_path=0.3),
                Rule('depth', ours('another kind', drop_path=0.4)),
            ),
            HERE,
            {},
        )
        assert found.drop_path == 0.1

    @pytest.mark.parametrize(
        ('size', 'drop_path'), [(Size.SMALL, 0.1), (Size.BASE, 0.1), (Size.LARGE, 0.3)]
    )
    def test_a_size_has_its_own(self, size: Size, drop_path: float) -> None:
        made = protocol(rule(VIT, drop_path=0.1), rule(VIT, Size.LARGE, drop_path=0.3))
        assert choose_recipe(made, replace(HERE, size=size), {}).drop_path == drop_path

    @pytest.mark.parametrize(
        ('parameters', 'size'),
        [
            (49_999_999, 'small'),
            (50_000_000, 'base'),
            (149_999_999, 'base'),
            (1.5e8, 'large'),
            (499_999_999, 'large'),
            (5e8, 'huge'),
        ],
    )
    def test_sizes_are_parameters(self, parameters: int, size: str) -> None:
        norm = (0.0, 0.0, 0.0)
        assert Features(VIT, (1,), (16,), norm, norm, int(parameters), 12).size == size

    def test_general_rules_then_the_budget_then_rules_for_the_task_then_changes(self) -> None:
        task = Rule('pose', ours('a guess', weight_decay=0.3), tasks=('mine',))
        budget = {'iterations': 7, 'batch_size': 20}
        found = choose_recipe(protocol(task), HERE, budget)
        assert (found.iterations, found.batch_size, found.weight_decay) == (7, 20, 0.3)
        changed = choose_recipe(protocol(task), HERE, budget, {'weight_decay': 0.0})
        assert changed.weight_decay == 0.0
        other = choose_recipe(protocol(task), replace(HERE, task='other'), budget)
        assert other.weight_decay == 0.1

    def test_epochs_are_passes_over_the_training_split(self) -> None:
        assert choose_recipe(protocol(), HERE, {}).iterations == 4 * 10
        assert choose_recipe(protocol(), replace(HERE, examples=101), {}).iterations == 4 * 11
        assert choose_recipe(protocol(), HERE, {}, {'batch_size': 50}).iterations == 4 * 2
        assert choose_recipe(protocol(), HERE, {}, {'iterations': 3}).iterations == 3

    def test_a_decay_that_is_set_counts_layers_as_we_do(self) -> None:
        counted = rule(layer_decay=0.9, decay_steps=28)
        assert choose_recipe(protocol(counted), HERE, {}).decay_steps == 28
        assert choose_recipe(protocol(counted), HERE, {}, {'layer_decay': 0.8}).decay_steps is None

    def test_where_a_rate_starts_and_ends_belongs_to_its_rise_and_fall(self) -> None:
        made = protocol(rule(warmup_start=0.0, floor=0.5))
        assert choose_recipe(made, HERE, {}).floor == 0.5
        changed = choose_recipe(made, HERE, {}, {'schedule': 'poly', 'warmup': 0.2})
        assert (changed.floor, changed.warmup_start) == (0.0, 1e-3)

    def test_a_rule_at_full_length_leaves_out_tasks_with_a_budget(self) -> None:
        made = protocol(replace(rule(optimizer='sgd'), at_full_length=True))
        assert choose_recipe(made, HERE, {}).optimizer == 'sgd'
        assert choose_recipe(made, HERE, {'iterations': 7}).optimizer == 'adamw'

    def test_an_exclusive_rule_holds_for_its_networks_alone(self) -> None:
        made = protocol(replace(rule(drop_path=0.2), networks=('vit-s',), is_exclusive=True))
        assert choose_recipe(made, HERE, {}).drop_path == 0.0
        assert choose_recipe(made, replace(HERE, network='vit-s'), {}).drop_path == 0.2

    def test_options_of_general_rules_yield_to_the_task_and_those_of_its_own_do_not(self) -> None:
        general = Rule('pose', {}, options=ours('a guess', udp=True, width=8))
        made, declared = protocol(general), replace(HERE, options=frozenset({'udp'}))
        assert choose_recipe(made, HERE, {}).options == {'udp': True, 'width': 8}
        assert choose_recipe(made, declared, {}).options == {'width': 8}
        named = protocol(general, replace(general, tasks=('mine',)))
        assert choose_recipe(named, declared, {}).options == {'udp': True, 'width': 8}
        set_by_suite = choose_recipe(made, HERE, {}, {'options': {'width': 4}})
        assert set_by_suite.options == {'udp': True, 'width': 4}

    def test_an_unknown_field_is_refused(self) -> None:
        with pytest.raises(DeclarationError, match=r"no field 'rate' \(allowed: .*layer_decay"):
            choose_recipe(protocol(), HERE, {}, {'rate': 1})


class TestScaling:
    @pytest.mark.parametrize(
        ('budget', 'changes', 'lr'),
        [
            ({}, {}, 1e-3),
            ({'batch_size': 20}, {}, 2e-3),
            ({}, {'batch_size': 5}, 5e-4),
            ({'batch_size': 20}, {'lr': 7.0}, 7.0),
            ({}, {'lr': 7.0, 'batch_size': 5}, 7.0),
        ],
    )
    def test_the_rate_follows_the_batch_unless_a_change_sets_it(
        self, budget: dict[str, int], changes: dict[str, float], lr: float
    ) -> None:
        found = choose_recipe(protocol(), HERE, budget, changes)
        assert found.lr == pytest.approx(lr)

    def test_the_rate_belongs_to_the_batch_of_the_rule_that_states_it(self) -> None:
        both = rule(lr=1.0, batch_size=40)
        batch_alone = rule(batch_size=40)
        assert choose_recipe(protocol(both), HERE, {}).lr == 1.0
        assert choose_recipe(protocol(batch_alone), HERE, {}).lr == pytest.approx(4e-3)
        assert choose_recipe(protocol(both), HERE, {'batch_size': 10}).lr == pytest.approx(0.25)

    def test_what_was_scaled_says_so(self) -> None:
        rate = explain_recipe(protocol(), HERE, {'batch_size': 20})['lr']
        assert (rate.mark, rate.says) == ('adapted', '0.001 at batch 10')
        assert 'in proportion to the batch size' in rate.reason


class TestMarks:
    def test_a_number_is_stated_for_the_data_of_its_source_and_else_carried_over(self) -> None:
        assert explain_recipe(protocol(), HERE, {})['lr'].mark == 'carried over'
        there = replace(HERE, task='theirs')
        assert explain_recipe(protocol(), there, {})['lr'].mark == 'stated'
        task = Rule('pose', stated('mae', 'a table', lr=1.0), tasks=('mine',))
        assert explain_recipe(protocol(task), HERE, {})['lr'].mark == 'stated'

    def test_a_number_is_carried_over_to_a_network_that_no_source_trains(self) -> None:
        made = Protocol(
            'finetune', 'fine-tuning', Trains.ALL, (replace(GENERAL, networks=('vit-b',)),)
        )
        there = replace(HERE, task='theirs', network='vit-b')
        assert explain_recipe(made, there, {})['lr'].mark == 'stated'
        other = replace(there, network='vit-h')
        assert explain_recipe(made, other, {})['lr'].mark == 'carried over'

    def test_iterations_have_the_origin_of_the_epochs(self) -> None:
        iterations = explain_recipe(protocol(), replace(HERE, task='theirs'), {})['iterations']
        assert (iterations.value, iterations.mark, iterations.source) == (40, 'stated', 'mae')

    def test_what_the_task_or_the_suite_sets_is_ours(self) -> None:
        found = explain_recipe(protocol(), HERE, {'batch_size': 10}, {'warmup': 0.5})
        assert (found['batch_size'].mark, found['batch_size'].reason) == ('ours', 'set by the task')
        assert (found['warmup'].mark, found['warmup'].reason) == ('ours', 'set by the suite')

    @pytest.mark.parametrize(
        'number',
        [
            lambda: Number(1.0),
            lambda: Number(1.0, 'mae'),
            lambda: Number(1.0, 'mae', 'a table', says='2.0'),
            lambda: adapted('mae', '', says='2.0', reason='x', lr=1.0),
            lambda: ours('', lr=1.0),
        ],
    )
    def test_a_number_without_origin_or_reason_cannot_be_written_down(self, number: object) -> None:
        with pytest.raises(ValueError, match='needs a source with a place, or a reason'):
            number()  # type: ignore[operator]


@pytest.mark.parametrize('name', [p for p in protocol_names() if p != 'trivial'])
def test_every_declared_number_fits_a_recipe_and_names_a_known_source(name: str) -> None:
    from benchmark.protocols import SOURCES, protocols

    known = {item.name for item in fields(Recipe)} | {
        'epochs',
        'least_iterations',
        'crop',
        'rate_growth',
        'width',
    }
    for made in load_protocol(name).recipes:
        assert made.numbers.keys() <= known
        for number in made.numbers.values():
            assert number.source is None or number.source in SOURCES
    rules = (r for protocol in protocols() for r in protocol.recipes)
    cited = {n.source for rule in rules for n in rule.numbers.values()}
    assert cited - {None} == SOURCES.keys()


class TestShippedRules:
    def test_the_twelve_sets_are_those_of_their_suite(self) -> None:
        assert find_suite('k12').tasks == K12

    def test_every_task_with_a_rule_of_its_own_is_shipped(self) -> None:
        named = {
            task
            for name in ('finetune', 'frozen', 'linear')
            for rule in load_protocol(name).recipes
            for task in rule.tasks
        }
        assert named
        assert named <= shipped_tasks().keys()
