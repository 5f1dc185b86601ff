from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.catalog import read_suite, read_task
from benchmark.compiling import compile_config, facts_of
from benchmark.errors import BenchmarkError, DeclarationError, IncompatibleError
from benchmark.hashing import canonical_json
from benchmark.kinds import load_kind
from benchmark.planning import recipe_changes
from benchmark.specs import Backbone, Metric, RunSpec, Task, Unit
from tests.support.compiling_cells import PRETRAINED, SAMPLES, cell
from tests.support.declarations import Declarations


def optimiser(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = config['optim_wrapper']['optimizer']
    return found


def at_full_length(kind: str) -> Task:
    """Return the sample of a kind without a budget of its own, as tasks of papers are."""
    return replace(read_task(SAMPLES[kind]), budget={})


class TestRecipe:
    def test_its_numbers_come_through(self) -> None:
        changes = {
            'lr': 3e-4,
            'weight_decay': 0.07,
            'iterations': 500,
            'batch_size': 6,
            'warmup': 0.2,
            'layer_decay': 0.6,
            'drop_path': 0.3,
            'clip_norm': 2.5,
            'schedule': 'linear',
        }
        config = compile_config(cell('segmentation', 'plain-vit', 'finetune', changes))
        assert optimiser(config) == {'type': 'AdamW', 'lr': 3e-4, 'weight_decay': 0.07}
        # a rate that is set alone is that of all layers
        assert config['optim_wrapper']['paramwise_cfg'] == {'layer_decay': 0.6}
        assert config['optim_wrapper']['clip_grad'] == {'max_norm': 2.5}
        assert config['train_cfg']['max_iters'] == 500
        assert config['train_dataloader']['batch_size'] == 6
        assert config['model']['backbone']['drop_path'] == 0.3
        rising, falling = config['param_scheduler']
        assert (rising['type'], rising['begin'], rising['end']) == ('LinearLR', 0, 100)
        assert (falling['type'], falling['begin'], falling['end']) == ('PolyLR', 100, 500)

    def test_the_task_sets_the_budget_and_the_protocol_the_rest(self) -> None:
        config = compile_config(cell('segmentation', 'plain-vit', 'finetune'))
        assert config['train_cfg']['max_iters'] == 1000
        assert config['train_dataloader']['batch_size'] == 4
        # a batch smaller than that of the protocol's rate leaves it
        assert optimiser(config)['lr'] == 3e-3
        # a tenth of the rate for networks of 384 channels, twice as much for one of 192
        paramwise = {'layer_decay': 0.75 ** (12 / 13), 'backbone_factor': 0.2}
        assert config['optim_wrapper']['paramwise_cfg'] == pytest.approx(paramwise)

    def test_without_a_budget_the_numbers_are_those_of_the_source(self) -> None:
        config = compile_config(cell(at_full_length('segmentation'), 'plain-vit', 'finetune'))
        assert optimiser(config)['lr'] == 1e-4
        assert config['optim_wrapper']['paramwise_cfg'] == {'layer_decay': 0.65}
        assert 'clip_grad' not in config['optim_wrapper']

    @pytest.mark.parametrize(
        ('architecture', 'rate', 'decay', 'drop_path'),
        [
            ('plain-vit', 1e-4 / 64, 0.7, 0.1),
            ('hierarchical-transformer', 4e-5 / 64, 1.0, 0.4),
            # below 50 million parameters, of which 6 steps from head to stem are stated
            ('convnet', 2.5e-4 / 16, 0.6 ** (6 / 13), 0.0),
        ],
    )
    def test_it_depends_on_the_architecture(
        self, architecture: str, rate: float, decay: float, drop_path: float
    ) -> None:
        config = compile_config(cell(at_full_length('detection'), architecture, 'finetune'))
        batch = config['train_dataloader']['batch_size']
        assert optimiser(config)['lr'] == pytest.approx(rate * batch)
        assert config['optim_wrapper']['paramwise_cfg']['layer_decay'] == pytest.approx(decay)
        assert config['model']['backbone']['drop_path'] == drop_path

    @pytest.mark.parametrize('kind', SAMPLES)
    def test_a_frozen_backbone_has_no_drop_path_and_no_layer_decay(self, kind: str) -> None:
        config = compile_config(cell(kind, 'plain-vit', 'frozen', {'drop_path': 0.3}))
        assert config['model']['backbone']['frozen'] is True
        assert config['model']['backbone']['drop_path'] == 0.0
        assert config['optim_wrapper']['paramwise_cfg'] == {'layer_decay': 1.0}
        # the rate of heads belongs to a batch of 16, and smaller ones leave it
        assert config['train_dataloader']['batch_size'] <= 16
        assert optimiser(config)['lr'] == 3e-3

    @pytest.mark.parametrize('kind', SAMPLES)
    def test_a_frozen_backbone_without_a_budget_has_the_batch_of_the_source(
        self, kind: str
    ) -> None:
        config = compile_config(cell(at_full_length(kind), 'plain-vit', 'frozen'))
        assert optimiser(config)['lr'] == 1e-3

    def test_the_stem_keeps_the_rate_of_the_source_whatever_the_depth(self) -> None:
        made = cell(at_full_length('depth'), 'hierarchical-transformer')
        for depth in (12, 24, 36):
            features = replace(made.features, depth=depth)
            config = compile_config(replace(made, features=features))
            decay = config['optim_wrapper']['paramwise_cfg']['layer_decay']
            assert decay ** (depth + 1) == pytest.approx(0.9**28)

    def test_windows_grow_where_the_source_says_so_and_the_network_can(self) -> None:
        made = cell('depth', 'hierarchical-transformer')
        task = replace(made.task, name='nyuv2', options={**made.task.options, 'crop': (480, 480)})
        windowed = replace(made.features, windows=(12, 12, 12, 6))
        found = {
            features: compile_config(replace(made, task=task, features=features))['model'][
                'backbone'
            ]['options']
            for features in (made.features, windowed)
        }
        assert found[made.features] == PRETRAINED.options
        assert found[windowed] == {
            'img_size': (480, 480),
            'window_size': 30,
            'pretrained_window_sizes': (12, 12, 12, 6),
        }

    def test_a_rate_that_is_set_is_not_scaled(self) -> None:
        config = compile_config(cell('segmentation', 'plain-vit', 'finetune', {'lr': 3e-4}))
        assert optimiser(config)['lr'] == 3e-4

    def test_a_trained_backbone_is_not_frozen(self) -> None:
        config = compile_config(cell('segmentation', 'plain-vit', 'finetune'))
        assert config['model']['backbone']['frozen'] is False

    def test_an_unknown_field_is_refused(self) -> None:
        with pytest.raises(DeclarationError, match=r"no field 'rate' \(allowed: .*layer_decay"):
            compile_config(cell('segmentation', 'plain-vit', 'finetune', {'rate': 1}))

    @pytest.mark.parametrize('change', [{'lr': 0.0}, {'iterations': 0}, {'batch_size': 0}])
    def test_numbers_that_train_nothing_are_refused(self, change: dict[str, Any]) -> None:
        with pytest.raises(IncompatibleError, match='declare lr, iterations and batch_size'):
            compile_config(cell('segmentation', 'plain-vit', 'finetune', change))

    def test_an_unknown_schedule_is_refused(self) -> None:
        with pytest.raises(BenchmarkError, match='cosine, linear, poly, step'):
            compile_config(cell('segmentation', 'plain-vit', 'finetune', {'schedule': 'sine'}))


class TestPrecedence:
    """``*/protocol`` < ``task`` < ``task/protocol``, all over the protocol and the budget."""

    PLACES = ('*/finetune', 'segmentation', 'segmentation/finetune')

    @pytest.mark.parametrize('count', [1, 2, 3])
    def test_the_more_specific_place_wins(self, declare: Declarations, count: int) -> None:
        rates = dict(zip(self.PLACES, (1e-1, 1e-2, 1e-3), strict=True))
        given = {place: {'lr': rates[place]} for place in reversed(self.PLACES[:count])}
        suite = read_suite(declare.suite(recipes=given))
        changes = recipe_changes(suite, RunSpec('segmentation', 'b', 'finetune', 0))
        config = compile_config(cell('segmentation', 'plain-vit', 'finetune', *changes))
        assert optimiser(config)['lr'] == rates[self.PLACES[count - 1]]

    def test_fields_of_all_places_add_up(self, declare: Declarations) -> None:
        suite = read_suite(
            declare.suite(
                recipes={
                    'segmentation/finetune': {'lr': 1.0},
                    '*/finetune': {'weight_decay': 0.5, 'lr': 2.0},
                    'segmentation': {'iterations': 10, 'weight_decay': 0.25},
                }
            )
        )
        changes = recipe_changes(suite, RunSpec('segmentation', 'b', 'finetune', 0))
        config = compile_config(cell('segmentation', 'plain-vit', 'finetune', *changes))
        assert optimiser(config) == {'type': 'AdamW', 'lr': 1.0, 'weight_decay': 0.25}
        assert config['train_cfg']['max_iters'] == 10

    def test_other_tasks_and_protocols_are_left_alone(self, declare: Declarations) -> None:
        places = {key: {'lr': 1.0} for key in ('*/frozen', 'other', 'other/finetune')}
        suite = read_suite(declare.suite(recipes=places))
        assert recipe_changes(suite, RunSpec('segmentation', 'b', 'finetune', 0)) == ()


class TestParts:
    def test_the_head_has_one_output_per_class(self) -> None:
        for kind, path in (('classification', 'head'), ('segmentation', 'decode_head')):
            made = cell(kind, 'convnet')
            model = compile_config(made)['model']
            assert model[path]['num_classes'] == len(made.task.classes)
        roi = compile_config(cell('detection'))['model']['roi_head']
        assert roi['bbox_head']['num_classes'] == roi['mask_head']['num_classes'] == 3

    def test_height_and_width_are_not_swapped(self) -> None:
        segmentation = compile_config(cell('segmentation'))
        pipeline = {
            step['type']: step for step in segmentation['train_dataloader']['dataset']['pipeline']
        }
        assert pipeline['RandomCrop']['crop_size'] == (100, 128)  # mmseg: height, width
        assert pipeline['RandomResize']['scale'] == (128, 100)  # mmcv: width, height
        assert segmentation['model']['data_preprocessor']['size'] == (128, 128)
        classification = compile_config(cell('classification'))
        test = {
            step['type']: step for step in classification['test_dataloader']['dataset']['pipeline']
        }
        assert test['Resize']['scale'] == (256, 192)
        assert test['CenterCrop']['crop_size'] == (128, 96)

    def test_a_plain_backbone_gets_a_pyramid_and_a_hierarchical_one_its_own(self) -> None:
        plain = compile_config(cell('segmentation', 'plain-vit'))['model']
        assert plain['neck']['type'] == 'benchmark.SimplePyramid'
        assert (plain['neck']['in_channels'], plain['neck']['in_stride']) == (192, 16)
        assert plain['decode_head']['in_channels'] == [64] * 4
        native = compile_config(cell('segmentation', 'convnet'))['model']
        assert 'neck' not in native
        assert native['decode_head']['in_channels'] == [96, 192, 384, 768]

    @pytest.mark.parametrize(
        ('architecture', 'channels'), [('convnet', [96, 192, 384, 768]), ('plain-vit', [192])]
    )
    def test_the_linear_head_sees_all_maps(self, architecture: str, channels: list[int]) -> None:
        task = replace(cell().task, head='linear')
        model = compile_config(cell(task, architecture))['model']
        head = model['decode_head']
        assert head['type'] == 'benchmark.LinearSegmentationHead'
        assert head['in_channels'] == channels
        assert head['in_index'] == list(range(len(channels)))
        assert head['channels'] == sum(channels)
        assert 'auxiliary_head' not in model

    def test_boxes_without_masks(self) -> None:
        task = cell('detection').task
        metrics = load_kind('detection').metrics
        boxes = replace(
            task,
            options={**task.options, 'masks': False},
            metric=metrics['box_AP'],
            metrics=(metrics['box_AP50'],),
        )
        config = compile_config(cell(boxes))
        assert config['model']['type'] == 'FasterRCNN'
        assert 'mask_head' not in config['model']['roi_head']
        assert config['test_evaluator'][0]['masks'] is False

    def test_mask_metrics_need_masks(self) -> None:
        task = cell('detection').task
        boxes = replace(
            task,
            options={**task.options, 'masks': False},
            metric=load_kind('detection').metrics['mask_AP'],
        )
        with pytest.raises(DeclarationError, match="'mask_AP' needs masks"):
            compile_config(cell(boxes))

    def test_a_detection_task_needs_annotations(self) -> None:
        task = cell('detection').task
        bare = {role: {'type': 'mmdet.CocoDataset'} for role in task.datasets}
        with pytest.raises(DeclarationError, match=r"detection\.py: .*lacks the key 'ann_file'"):
            compile_config(cell(replace(task, datasets=bare)))

    @pytest.mark.parametrize(
        ('backbone', 'random', 'checkpoint'),
        [
            (PRETRAINED, False, '{weights}'),
            (Backbone(id='b', source='timm:b'), False, None),
            (Backbone(id='b', source='timm:b', is_random=True), True, None),
        ],
    )
    def test_where_the_weights_come_from(
        self, backbone: Backbone, random: bool, checkpoint: str | None
    ) -> None:
        compiled = compile_config(cell(backbone=backbone))['model']['backbone']
        assert (compiled['random'], compiled['checkpoint']) == (random, checkpoint)
        assert compiled['source'] == backbone.source

    def test_normalisation_is_that_of_the_backbone(self) -> None:
        for kind in ('classification', 'detection', 'segmentation'):
            preprocessor = compile_config(cell(kind))['model']['data_preprocessor']
            assert preprocessor['mean'] == [123.675, 116.28, 103.53]
            assert preprocessor['std'] == [58.395, 57.12, 57.375]

    def test_the_seed_is_the_cells(self) -> None:
        assert compile_config(cell(seed=11))['randomness'] == {'seed': 11}

    def test_validation_never_runs_in_training(self) -> None:
        config = compile_config(cell())
        assert config['train_cfg']['val_interval'] > config['train_cfg']['max_iters']
        assert not any(key.startswith('val') for key in config)


class TestFacts:
    def test_they_are_json_and_name_no_place(self) -> None:
        text = canonical_json(facts_of(cell()))
        assert 'somewhere' not in text
        assert '/tasks/' not in text

    def test_an_open_bound_is_none(self) -> None:
        metric = Metric('speed', Unit.NONE, True, (0.0, float('inf')))
        facts = facts_of(cell(replace(cell().task, metric=metric)))
        assert facts['primary'] == 'speed'
        assert facts['task']['metrics'][0]['bounds'] == [0.0, None]

    def test_the_primary_metric_comes_first_and_once(self, declare: Declarations) -> None:
        task = read_task(declare.task(metric='mAcc', metrics=('mIoU', 'mAcc')))
        facts = facts_of(cell(task))
        assert [metric['key'] for metric in facts['task']['metrics']] == ['mAcc', 'mIoU']


def test_the_copy_that_is_taken_from_a_file_is_part_of_the_configuration() -> None:
    made = cell('detection')
    plain = compile_config(made)
    assert 'copy' not in plain['model']['backbone']
    config = compile_config(replace(made, backbone=replace(made.backbone, copy='teacher')))
    assert config['model']['backbone'] == {**plain['model']['backbone'], 'copy': 'teacher'}


def test_compiling_leaves_the_declaration_alone() -> None:
    made = cell('detection')
    before = canonical_json({role.value: dict(d) for role, d in made.task.datasets.items()})
    config = compile_config(made)
    config['train_dataloader']['dataset']['ann_file'] = 'changed'
    config['model']['backbone']['options']['img_size'] = 1
    after = canonical_json({role.value: dict(d) for role, d in made.task.datasets.items()})
    assert after == before
    assert PRETRAINED.options == {'img_size': 224}
    assert Path('/somewhere/w.pth') == PRETRAINED.checkpoint
