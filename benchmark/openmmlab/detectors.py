"""mmdet's two-stage detectors on a batch that several processes share, as on the whole batch."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import torch
from mmengine.dist import all_reduce, get_dist_info
from torch import Tensor, nn
from torch.nn import functional

from benchmark.openmmlab.processes import mean_over_processes
from benchmark.openmmlab.randomness import torch_draws_for

_CALLS = {'QuasiDenseTrackHead': 2}
"""How often a module samples regions of one sample in a row, where that is not once."""


class SeededRegions:
    """Lets the samplers of a detector draw regions for seed, step and place in the batch.

    Args:
        model: whose samplers of regions are changed; a model of another kind has none.
        share: samples of a batch that this process gets.
        seed: of the run.
    """

    def __init__(self, model: nn.Module, share: int, seed: int) -> None:
        self._first = get_dist_info()[0] * share
        self._seed = seed
        self._step = 0
        self._drawn: Counter[int] = Counter()
        for number, (holder, sampler) in enumerate(_samplers(model)):
            calls = _CALLS.get(type(holder).__name__, 1)
            sampler.sample = self._seeded(sampler.sample, number, calls)

    def begin(self, step: int) -> None:
        """Begin a step."""
        self._step = step
        self._drawn.clear()

    def _seeded(self, sample: Callable[..., Any], number: int, calls: int) -> Callable[..., Any]:
        def draw(*arguments: Any, **named: Any) -> Any:
            place = self._first * calls + self._drawn[number]
            self._drawn[number] += 1
            with torch_draws_for('regions', self._seed, self._step, number, place):
                return sample(*arguments, **named)

        return draw


def _samplers(model: nn.Module) -> Iterator[tuple[nn.Module, Any]]:
    """Yield each sampler of regions with the module that has it, once."""
    if 'mmdet' not in sys.modules:
        return
    from mmdet.models.task_modules.samplers import BaseSampler

    seen: set[int] = set()
    for module in model.modules():
        for value in vars(module).values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, BaseSampler) and id(one) not in seen:
                    seen.add(id(one))
                    yield module, one


def weigh_by_regions(model: Any) -> None:
    """Let losses be means over the regions of the whole batch, not of each process's share."""
    detector = getattr(model, 'detector', model)
    if hasattr(detector, 'rpn_head'):
        detector.rpn_head.get_targets = _with_common_count(detector.rpn_head.get_targets)
    roi_head = getattr(detector, 'roi_head', None)
    for name, key, count in _WEIGHED:
        found = getattr(roi_head, name, None)
        heads: Any = found if isinstance(found, nn.ModuleList) else [found]
        for head in heads:
            if head is not None:
                head.loss_and_target = _weighed(head.loss_and_target, key, count)


def _with_common_count(get_targets: Callable[..., Any]) -> Callable[..., Any]:
    def targets(*arguments: Any, **named: Any) -> Any:
        *found, count = get_targets(*arguments, **named)
        return (*found, mean_over_processes(torch.tensor(float(count))).item())

    return targets


def _sampled(results: list[Any]) -> int:
    return sum(len(result.priors) for result in results)


def _positive(results: list[Any]) -> int:
    return sum(len(result.pos_priors) for result in results)


_WEIGHED = (('bbox_head', 'loss_bbox', _sampled), ('mask_head', 'loss_mask', _positive))
"""Heads of regions, under which key they return losses, and over how many regions these are means.
"""


def _weighed(
    loss_and_target: Callable[..., Any], key: str, count: Callable[[list[Any]], int]
) -> Callable[..., Any]:
    """Return the losses of a head times the share that its regions have of the mean count."""

    def weighed(*, sampling_results: list[Any], **named: Any) -> Any:
        found = loss_and_target(sampling_results=sampling_results, **named)
        own = count(sampling_results)
        # asked in every process and step, also where this one has no region
        mean = mean_over_processes(torch.tensor(float(own))).item()
        weight = own / mean if mean else 1.0
        losses = {
            name: value * weight if 'loss' in name else value for name, value in found[key].items()
        }
        return {**found, key: losses}

    return weighed


def agree_on_padding(preprocessor: Any) -> None:
    """Let mmdet's preprocessor pad pictures to the largest of the batch of all processes."""
    if not hasattr(preprocessor, 'pad_gt_masks'):
        return
    alone = preprocessor.forward

    def forward(data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = alone(data, training)
        return _padded(found, preprocessor) if training else found

    preprocessor.forward = forward


def _padded(batch: dict[str, Any], preprocessor: Any) -> dict[str, Any]:
    pictures: Tensor = batch['inputs']
    largest = torch.tensor(pictures.shape[-2:])
    all_reduce(largest, 'max')
    height, width = largest.tolist()
    missing = (0, width - pictures.shape[-1], 0, height - pictures.shape[-2])
    if not any(missing):
        return batch
    for sample in batch['data_samples']:
        for frame in sample if hasattr(sample, 'video_data_samples') else [sample]:
            frame.set_metainfo({'batch_input_shape': (height, width)})
            if 'masks' in frame.gt_instances:
                frame.gt_instances.masks = frame.gt_instances.masks.pad(
                    (height, width), pad_val=preprocessor.mask_pad_value
                )
    value = float(preprocessor.pad_value)
    return {**batch, 'inputs': functional.pad(pictures, missing, value=value)}
