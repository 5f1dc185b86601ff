"""What the options of tasks on real data make of a kind's configuration, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmark.catalog import find_task, shipped_tasks
from benchmark.compiling import compile_config
from benchmark.errors import DeclarationError
from tests.support.compiling_cells import cell


def compiled(name: str, **options: Any) -> dict[str, Any]:
    task = find_task(name)
    return compile_config(cell(replace(task, options={**task.options, **options})))


def steps(config: dict[str, Any], role: str = 'train') -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = config[f'{role}_dataloader']['dataset']['pipeline']
    return found


def step(config: dict[str, Any], kind: str, role: str = 'train') -> dict[str, Any]:
    (found,) = [s for s in steps(config, role) if s['type'] == kind]
    return found


class TestDetection:
    def test_a_cascade_has_three_stages_of_rising_overlap(self) -> None:
        model = compiled('coco-detection-cascade')['model']
        assert model['type'] == 'CascadeRCNN'
        stages = model['train_cfg']['rcnn']
        assert [stage['assigner']['pos_iou_thr'] for stage in stages] == [0.5, 0.6, 0.7]
        heads = model['roi_head']['bbox_head']
        assert [head['bbox_coder']['target_stds'][0] for head in heads] == [0.1, 0.05, 0.033]
        assert not any(head['reg_class_agnostic'] for head in heads)
        plain = compiled('coco-detection-cascade', box_head='2fc')['model']['roi_head']
        assert all(head['reg_class_agnostic'] for head in plain['bbox_head'])

    def test_large_scale_jitter_ends_at_one_size(self) -> None:
        config = compiled('coco-detection')
        assert step(config, 'RandomResize')['ratio_range'] == (0.1, 2.0)
        assert step(config, 'RandomCrop')['crop_size'] == (1024, 1024)
        assert step(config, 'Pad')['size'] == (1024, 1024)
        assert step(config, 'Resize', 'test')['scale'] == (1024, 1024)

    def test_multi_scale_training_bounds_the_longer_side(self) -> None:
        scales = step(compiled('voc-detection'), 'RandomChoiceResize')['scales']
        assert (scales[0], scales[-1]) == ((1333, 480), (1333, 800))

    @pytest.mark.parametrize('name', ['coco-detection-classic', 'coco-detection-cascade'])
    def test_half_of_the_pictures_are_cut_between_two_sizes(self, name: str) -> None:
        whole, cut = step(compiled(name), 'RandomChoice')['transforms']
        assert [s['type'] for s in cut] == ['RandomChoiceResize', 'RandomCrop', whole[0]['type']]
        assert cut[0]['scales'] == [(1333, 400), (1333, 500), (1333, 600)]
        assert (cut[1]['crop_type'], cut[1]['crop_size']) == ('absolute_range', (384, 600))
        assert cut[2] == whole[0]
        assert (whole[0]['scales'][0], whole[0]['scales'][-1]) == ((1333, 480), (1333, 800))

    def test_the_cascades_heads_are_those_of_its_sources(self) -> None:
        model = compiled('coco-detection-cascade')['model']
        for head in model['roi_head']['bbox_head']:
            assert head['type'] == 'Shared4Conv1FCBBoxHead'
            assert head['norm_cfg'] == {'type': 'BN'}
            assert head['loss_bbox'] == {'type': 'GIoULoss', 'loss_weight': 10.0}
            assert (head['reg_class_agnostic'], head['reg_decoded_bbox']) == (False, True)
        assert model['rpn_head']['loss_bbox']['beta'] == pytest.approx(1 / 9)
        assert model['train_cfg']['rpn_proposal']['max_per_img'] == 2000
        assert model['test_cfg']['rpn']['max_per_img'] == 1000

    def test_lvis_is_trained_as_vitdet_trains_it(self) -> None:
        config = compiled('lvis')
        assert step(config, 'RandomResize')['ratio_range'] == (0.1, 2.0)
        assert step(config, 'RandomCrop')['crop_size'] == (1024, 1024)
        assert config['train_dataloader']['sampler'] == {
            'type': 'benchmark.RepeatFactors',
            'threshold': 0.001,
        }
        assert config['model']['roi_head']['bbox_head']['loss_cls'] == {
            'type': 'benchmark.FederatedLoss',
            'classes': 'benchmark.LvisDataset',
            'ann_file': '{data}/annotations/lvis_v1_train.json',
        }

    def test_an_unknown_box_head_is_refused(self) -> None:
        with pytest.raises(DeclarationError, match="'3fc', allowed are 2fc, 4conv1fc"):
            compiled('coco-detection', box_head='3fc')

    def test_two_ways_of_resizing_are_refused(self) -> None:
        with pytest.raises(DeclarationError, match='cannot be combined'):
            compiled('coco-detection', short_sides=(480, 800))

    def test_rules_choose_the_evaluator(self) -> None:
        kinds = [
            compiled(name)['test_evaluator'][0]['type']
            for name in ('coco-detection', 'lvis', 'voc-detection')
        ]
        assert kinds == [
            'benchmark.DetectionMetric',
            'benchmark.FederatedDetectionMetric',
            'benchmark.VocDetectionMetric',
        ]
        assert compiled('lvis')['model']['test_cfg']['rcnn']['score_thr'] == 0.02

    @pytest.mark.parametrize(
        ('name', 'rules', 'match'),
        [
            ('lvis', 'coco', "rules 'coco' do not measure 'mask_APr'"),
            ('voc-detection', 'coco', "rules 'coco' do not measure 'VOC_AP50'"),
            ('coco-detection', 'voc', "rules 'voc' do not measure 'box_AP'"),
            ('coco-detection', 'mine', "'mine', allowed are coco, lvis, voc"),
        ],
    )
    def test_metrics_of_other_rules_are_refused(self, name: str, rules: str, match: str) -> None:
        with pytest.raises(DeclarationError, match=match):
            compiled(name, rules=rules)


class TestDepth:
    def test_kitti_is_seen_through_windows_and_flipped(self) -> None:
        config = compiled('kitti-depth')
        assert config['model']['test_cfg'] == {
            'mode': 'slide_flip',
            'crop_size': (352, 352),
            'stride': (352, 57),
        }
        # 16 windows, as the official code counts them
        assert (1216 - 352) // 57 + 1 == 16
        assert [s['type'] for s in steps(config, 'test')][:3] == [
            'LoadImageFromFile',
            'LoadDepthAnnotation',
            'KBCrop',
        ]
        crop = config['test_evaluator'][0]['crop']
        assert crop == (0.40810811, 0.99189189, 0.03594771, 0.96405229)

    def test_strips_of_depth_are_cut_before_the_crop(self) -> None:
        kinds = [s['type'] for s in steps(compiled('nyuv2'))]
        assert kinds.index('CutDepth') < kinds.index('RandomCrop')

    def test_windows_without_flips_are_refused(self) -> None:
        with pytest.raises(DeclarationError, match='test_window needs flip_test=True'):
            compiled('nyuv2', flip_test=False)


class TestSegmentation:
    def test_pictures_are_fitted_and_then_cut(self) -> None:
        config = compiled('ade20k')
        assert step(config, 'RandomResize')['scale'] == (2048, 512)
        assert step(config, 'RandomCrop')['crop_size'] == (512, 512)
        assert step(config, 'Resize', 'test')['scale'] == (2048, 512)
        assert compiled('cityscapes')['model']['test_cfg'] == {'mode': 'whole'}

    def test_windows_slide(self) -> None:
        assert compiled('ade20k', slide_stride=(341, 341))['model']['test_cfg'] == {
            'mode': 'slide',
            'crop_size': (512, 512),
            'stride': (341, 341),
        }


class TestClassification:
    def test_the_short_side_is_resized_and_the_middle_cut(self) -> None:
        config = compiled('food101')
        assert step(config, 'ResizeEdge', 'test')['scale'] == 256
        assert step(config, 'CenterCrop', 'test')['crop_size'] == (224, 224)

    def test_several_labels_have_their_own_head_and_metric(self) -> None:
        config = compiled('voc2007')
        assert config['model']['head']['type'] == 'MultiLabelLinearClsHead'
        assert config['model']['head']['loss']['use_sigmoid'] is True
        assert 'gt_label_difficult' in step(config, 'PackInputs', 'test')['meta_keys']

    @pytest.mark.parametrize(('name', 'multi'), [('voc2007', False), ('food101', True)])
    def test_metrics_of_the_other_number_of_labels_are_refused(
        self, name: str, multi: bool
    ) -> None:
        with pytest.raises(DeclarationError, match=f'cannot be combined with multi_label={multi}'):
            compiled(name, multi_label=multi)


class TestPose:
    def test_boxes_of_a_detector_have_no_truth(self) -> None:
        config = compiled('coco-pose')
        assert config['test_evaluator'][0]['detected'] is True
        assert 'RandomHalfBody' in [s['type'] for s in steps(config)]

    def test_mpiis_mean_leaves_pelvis_and_thorax_out(self) -> None:
        counted = compiled('mpii')['test_evaluator'][0]['counted']
        assert counted == [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15]

    @pytest.mark.parametrize(
        ('name', 'rules', 'match'),
        [
            ('mpii', 'coco', "metric 'PCKh' is not measured by the rules 'coco'"),
            ('crowdpose', 'coco', "metric 'crowd_AP_easy' is not measured by the rules 'coco'"),
            ('ap10k', 'mpii', "metric 'keypoint_AP' is not measured by the rules 'mpii'"),
            ('ap10k', 'mine', "'mine', allowed are coco, crowdpose, mpii"),
        ],
    )
    def test_metrics_of_other_rules_are_refused(self, name: str, rules: str, match: str) -> None:
        with pytest.raises(DeclarationError, match=match):
            compiled(name, rules=rules)

    def test_detected_boxes_have_no_pck(self) -> None:
        task = find_task('coco-pose')
        pck = find_task('ap10k').metrics[-1]
        with pytest.raises(DeclarationError, match=r"'PCK' is not measured .* on detected boxes"):
            compile_config(cell(replace(task, metric=pck)))


class TestMot:
    def test_the_association_follows_the_head(self) -> None:
        quasi, byte = compiled('mot17')['model'], compiled('mot17-bytetrack')['model']
        assert (quasi['tracker']['type'], byte['tracker']['type']) == (
            'QuasiDenseTracker',
            'ByteTracker',
        )
        assert 'track_head' not in byte
        assert quasi['backbone'] == byte['backbone']

    def test_more_than_one_class_is_refused(self) -> None:
        task = replace(find_task('mot17'), classes=('pedestrian', 'car'))
        with pytest.raises(DeclarationError, match='must be one'):
            compile_config(cell(task))


class TestTracking:
    @pytest.mark.parametrize(
        ('name', 'toolkit'),
        [
            ('lasot', 'lasot'),
            ('otb100', 'otb'),
            ('trackingnet', 'trackingnet'),
            ('uav123', 'uav123'),
        ],
    )
    def test_a_task_is_scored_by_the_toolkit_that_it_names(self, name: str, toolkit: str) -> None:
        assert compiled(name)['test_evaluator'] == [
            {'type': 'benchmark.TrackingMetric', 'toolkit': toolkit}
        ]

    @pytest.mark.parametrize('name', ['got10k', 'world-tracking'])
    def test_the_layouts_own_toolkit_changes_no_configuration(self, name: str) -> None:
        assert compiled(name)['test_evaluator'] == [{'type': 'benchmark.TrackingMetric'}]

    def test_every_shipped_task_names_its_toolkit_or_benchmark(self) -> None:
        for task in shipped_tasks().values():
            key = {'tracking': 'toolkit', 'mot': 'benchmark'}.get(task.kind)
            assert key is None or key in task.options, task.name

    def test_unknown_toolkits_and_metrics_of_another_one_are_refused(self) -> None:
        with pytest.raises(DeclarationError, match=r"toolkit is 'vot', allowed are got10k, lasot"):
            compiled('lasot', toolkit='vot')
        with pytest.raises(DeclarationError, match="'success_AUC' is not measured by the toolkit"):
            compiled('lasot', toolkit='trackingnet')

    @pytest.mark.parametrize(
        ('name', 'rules'), [('mot17', None), ('mot20', 'MOT20'), ('dancetrack', 'DanceTrack')]
    )
    def test_many_persons_are_scored_by_the_rules_of_their_benchmark(
        self, name: str, rules: str | None
    ) -> None:
        assert compiled(name)['test_evaluator'][0].get('benchmark') == rules

    def test_unknown_benchmarks_are_refused(self) -> None:
        with pytest.raises(DeclarationError, match="benchmark is 'MOT18', allowed are MOT17"):
            compiled('mot20', benchmark='MOT18')
