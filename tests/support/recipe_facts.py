"""What a compiled configuration says of a recipe, under the names of docs/audited-recipes.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Config = Mapping[str, Any]

_PACKING = ('Load', 'Pack', 'GetBBox', 'GenerateTarget', 'FilterAnnotations', 'TopdownAffine')
_FALLS = {'CosineAnnealingLR': 'cosine', 'MultiStepLR': 'step', 'PolyLR': 'poly'}


def recipe_facts(config: Config, depth: int) -> dict[str, Any]:
    """Return the facts of a training of a backbone with ``depth`` layers above its stem."""
    wrapper = config['optim_wrapper']
    optimiser, grouping = wrapper['optimizer'], wrapper['paramwise_cfg']
    return {
        'optimiser': optimiser['type'].rpartition('.')[2],
        'rate': optimiser['lr'],
        'weight decay': optimiser['weight_decay'],
        'decays': grouping.get('decayed', 'matrices'),
        'share of the rate at the stem': grouping['layer_decay'] ** (depth + 1),
        'drop path': config['model']['backbone']['drop_path'],
        'largest gradient norm': wrapper.get('clip_grad', {}).get('max_norm'),
        'batch': config['train_dataloader']['batch_size'],
        'iterations': config['train_cfg']['max_iters'],
        **_schedule(config['param_scheduler'], optimiser['lr']),
        'weights scored': _average(config),
        'order of samples': config['train_dataloader']['sampler']['type'].rpartition('.')[2],
        'augmentation': _steps(config['train_dataloader']['dataset']['pipeline']),
        'test': _steps(config['test_dataloader']['dataset']['pipeline']),
        **_model(config['model']),
    }


def _schedule(schedulers: list[Config], rate: float) -> dict[str, Any]:
    *rising, falling = schedulers
    if 'rise' in falling:
        return {
            'warm-up': falling['rise'],
            'start of the rate': falling['floor'],
            'fall': f'rise and fall, power {falling["power"]:g}',
            'floor': falling['floor'],
        }
    fall = _FALLS[falling['type']]
    if fall == 'poly':
        fall += f' {falling["power"]:g}'
    if fall == 'step':
        steps = (str(falling['begin'] + step) for step in falling['milestones'])
        fall += f' by {falling["gamma"]:g} at {", ".join(steps)}'
    return {
        'warm-up': rising[0]['end'] if rising else 0,
        # the compiler's smallest start stands for 0
        'start of the rate': rising[0]['start_factor'] if rising else 1.0,
        'fall': fall,
        'floor': falling.get('eta_min_ratio', falling.get('eta_min', 0.0) / rate),
    }


def _average(config: Config) -> str:
    averages = [hook for hook in config['custom_hooks'] if hook['type'].endswith('WeightAverage')]
    return f'moving average, {averages[0]["decay"]}' if averages else 'the last'


def _steps(pipeline: list[Config]) -> str:
    return ', '.join(_step(step) for step in pipeline if not step['type'].startswith(_PACKING))


def _step(step: Config) -> str:
    """Return a transform with the numbers that tell it from others of its type."""
    if step['type'] == 'RandomChoice':
        return ' or '.join(f'({_steps(branch)})' for branch in step['transforms'])
    shown = ('scale', 'scales', 'crop_size', 'ratio_range', 'crop_ratio_range', 'size', 'prob',
             'shift_prob', 'scale_factor', 'rotate_factor', 'probability', 'cat_max_ratio',
             'grey', 'colours', 'max_gap', 'shift')  # fmt: skip
    numbers = (_number(key, step[key]) for key in shown if step.get(key) is not None)
    return ' '.join([step['type'], *numbers])


def _number(key: str, value: Any) -> str:
    if key == 'scales':
        return f'{value[0]} to {value[-1]}'
    return str(tuple(value)) if isinstance(value, list | tuple) else f'{value:g}'


def _model(model: Config) -> dict[str, Any]:
    """Return head, loss and the rule by which a picture is tested."""
    test = model.get('test_cfg') or {}
    if 'roi_head' in model:
        box = model['roi_head']['bbox_head']
        box = box[0] if isinstance(box, list) else box
        rpn = model['rpn_head']['loss_bbox']
        return {
            'head': f'{model["type"]}, {box["type"]}, norm {box.get("norm_cfg", {}).get("type")}',
            'loss': f'{box["loss_cls"]["type"]}, {box["loss_bbox"]["type"]} x '
            f'{box["loss_bbox"]["loss_weight"]:g}, RPN {rpn["type"]} {rpn.get("beta", 0):.3g}',
            'test rule': f'scores from {test["rcnn"]["score_thr"]:g}, '
            f'{test["rcnn"]["max_per_img"]} boxes',
        }
    if model['type'] == 'TopdownPoseEstimator':
        head = model['head']
        return {
            'head': f'{head["deconv_out_channels"]} deconvolutions, {head["decoder"]["type"]}',
            'loss': f'mean square x {head["loss"]["loss_weight"]:g}',
            'test rule': f'flipped, shifted {test["shift_heatmap"]}',
        }
    if model['type'] == 'ImageClassifier':
        return {'head': model['neck']['type'].rpartition('.')[2] + ', ' + model['head']['type'],
                'loss': model['head']['loss']['type']}  # fmt: skip
    if 'fusion' in model:
        return {
            'head': f'{model["fusion"]["encoder_layers"]} + {model["fusion"]["decoder_layers"]} '
            f'layers of {model["fusion"]["width"]}',
            'loss': f'varifocal x 1.5, GIoU x 1.5, L1 x {model.get("l1_weight", 5):g}',
            'test rule': f'window penalty {model["window_penalty"]:g}',
        }
    head = model['decode_head']
    rule = f'{test["mode"]} {test.get("crop_size", "")} {test.get("stride", "")}'.strip()
    if 'deconvolutions' in head:
        return {
            'head': f'{head["deconvolutions"]} deconvolutions of {head["width"]}, then '
            f'{head.get("decoder_width", head["width"])}, start {head.get("is_small", False)}',
            'loss': f'silog, labels with a limit {head.get("is_limited", True)}',
            'test rule': rule,
        }
    return {
        'head': f'{head["type"]} of {head["channels"]} on '
        f'{model.get("neck", {}).get("type", "the maps")}, auxiliary '
        f'{model.get("auxiliary_head", {}).get("channels")}',
        'loss': head['loss_decode']['type'],
        'test rule': rule,
    }
