"""Check the benchmark on this machine's GPU in ten minutes: ``python tools/gpu_check.py``.

It needs no network and no data but the few pictures that it draws. Every section runs in a process
of its own, so that an error, a crash or a hang of one leaves the others; it ends when its time is
up. ``--device cpu --tiny`` runs the same on a CPU with tiny sizes. What was found is written to
``results/gpu`` as JSON and as a Markdown table. ``docs/gpu.md`` says what the numbers mean, and how
the needed packages reach a machine without a network.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

Facts = dict[str, Any]

TASKS = {
    'classification': 'food101',
    'segmentation': 'ade20k',
    'detection': 'coco-detection',
    'pose': 'coco-pose',
    'depth': 'nyuv2',
    'tracking': 'got10k',
    'mot': 'mot17',
}
"""A shipped task of each kind, of which a few pictures are drawn."""

_PACKAGES = (
    *('torch', 'torchvision', 'timm', 'numpy', 'onedl-mmengine', 'onedl-mmcv'),
    *('onedl-mmdetection', 'onedl-mmpretrain', 'onedl-mmsegmentation', 'mmpose'),
)
_POLICIES = ('exact', 'fast')
_MINUTES = 10.0
_LEAST_SECONDS = 10.0
"""A section is not begun with less time left."""

_END_SECONDS = 20.0
_WARM_UP = 5
_WATCHED = 10
"""Steps during which waits for the device are counted."""

_CLOSE = 1e-3
"""Largest relative difference between device and CPU that counts as the same."""


@dataclass
class Check:
    """What the sections of one run share: where they work, on what, and how large.

    Attributes:
        device: ``'cuda'`` or ``'cpu'``.
        is_tiny: whether sizes are so small that a CPU does them in seconds.
        folder: where pictures are drawn and trainings leave their files.
        answer: file that holds what the section has found so far.
        started: when the process was asked for, in seconds of the clock.
    """

    device: str
    is_tiny: bool
    folder: Path
    answer: Path
    started: float
    found: Facts = field(default_factory=dict)

    def keep(self, **facts: Any) -> None:
        """Add facts and write all of them: what was measured outlives a crash."""
        self.found.update(facts)
        draft = self.answer.with_suffix('.draft')
        draft.write_text(json.dumps(self.found), encoding='utf-8')
        draft.replace(self.answer)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Let an error in the block end this part of a section alone."""
        try:
            yield
        except Exception as error:
            traceback.print_exc()
            self.keep(
                **{f'{name} failed': f'{type(error).__name__}: {error}'.splitlines()[0][:300]}
            )


# --- trainings ------------------------------------------------------------------------------------

MEASURED: dict[str, Facts] = {}
"""What the hook ``CheckPace`` found, by the name of a training."""


def register_hooks() -> None:
    """Make the hook known that measures a training from inside."""
    import copy

    import torch
    from mmengine.hooks import Hook
    from mmengine.registry import HOOKS

    def now() -> float:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter()

    if 'CheckPace' in HOOKS.module_dict:
        return

    @HOOKS.register_module()
    class CheckPace(Hook):
        """Times the steps of a training, counts its waits, then repeats it on batches in memory."""

        priority = 'LOWEST'

        def __init__(self, name: str) -> None:
            self.found = MEASURED.setdefault(name, {})
            self.batches: list[Any] = []
            self.catching: Any = None
            self.seen: list[warnings.WarningMessage] = []

        def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
            """Keep some batches, and begin to time once all is warm."""
            if len(self.batches) < _WARM_UP:
                self.batches.append(copy.deepcopy(data_batch))
            if batch_idx == min(_WARM_UP, runner.max_iters - 1):
                self.first, self.start = batch_idx, now()
                self.watch(on=True)

        def after_train_iter(
            self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
        ) -> None:
            """Note when the first step is over; end the watch."""
            if batch_idx == 0:
                now()
                self.found['first step'] = time.time()
            if self.catching is not None and batch_idx >= self.first + _WATCHED - 1:
                self.watch(on=False)

        def watch(self, *, on: bool) -> None:
            """Count the waits for the device from here on, or stop."""
            if not torch.cuda.is_available():
                return
            torch.cuda.set_sync_debug_mode('warn' if on else 'default')
            if on:
                self.catching = warnings.catch_warnings(record=True)
                self.seen = self.catching.__enter__()
                warnings.simplefilter('always')
                return
            self.catching.__exit__(None, None, None)
            self.catching = None
            waits = [w for w in self.seen if 'synchroniz' in str(w.message)]
            places = Counter(f'{Path(w.filename).name}:{w.lineno}' for w in waits)
            self.found['waits per step'] = round(len(waits) / _WATCHED, 1)
            self.found['where it waits'] = [
                f'{n / _WATCHED:g} {p}' for p, n in places.most_common(5)
            ]

        def after_train(self, runner: Any) -> None:
            """Take the time, then that of as many steps on batches that are in memory."""
            end = now()
            if self.catching is not None:
                self.watch(on=False)
            steps = runner.max_iters - self.first
            self.found['ms per step'] = 1000 * (end - self.start) / steps
            runner.model.train()
            kept = [copy.deepcopy(self.batches[i % len(self.batches)]) for i in range(steps + 2)]
            for index, batch in enumerate(kept):
                if index == 2:
                    self.start = now()
                runner.model.train_step(batch, optim_wrapper=runner.optim_wrapper)
            self.found['ms per bare step'] = 1000 * (now() - self.start) / steps


def trial(
    check: Check,
    kind: str,
    policy: str,
    *,
    architecture: str,
    changes: Facts,
    is_tiny: bool | None = None,
    folder: str = 'work',
) -> Facts:
    """Return the compiled configuration of a cell on drawn pictures, with local paths."""
    from benchmark.catalog import find_task
    from tests.support.task_trials import Trial, fake_root, small_task

    name = TASKS[kind]
    small = check.is_tiny if is_tiny is None else is_tiny
    task = small_task(name) if small else find_task(name)
    made = Trial(
        task,
        fake_root(name, check.folder / 'data'),
        check.folder / folder,
        architecture=architecture,
        changes={'drop_path': 0.0, **changes},
        policy=policy,
    )
    return dict(made.config())


def trained(check: Check, name: str, config: Facts) -> Facts:
    """Train and test by a configuration; return pace, losses, memory and whether all is finite."""
    import math

    from benchmark.execution.execute import execute

    register_hooks()
    folder = Path(tempfile.mkdtemp(dir=check.folder))
    hooks = [*config['custom_hooks'], {'type': 'CheckPace', 'name': name}]
    outcome = execute({**config, 'custom_hooks': hooks}, folder)
    found = MEASURED[name]
    batch = config['train_dataloader']['batch_size']
    pace, bare = found['ms per step'], found['ms per bare step']
    losses = outcome.curves['loss']
    facts = {
        'batch': batch,
        'peak memory (MiB)': outcome.cost['peak_memory_mb'],
        'first loss': losses[0],
        'last loss': losses[-1],
        'is finite': all(map(math.isfinite, (*losses, *outcome.raw.values()))),
        'test (s)': outcome.cost['test_seconds'],
    }
    if len(losses) == 1:  # what its step takes is the start
        return facts
    return {
        **facts,
        'steps': outcome.cost['iterations'],
        'ms per step': round(pace, 2),
        'ms per bare step': round(bare, 2),
        'step over bare step': round(pace / bare, 3),
        'images per second': round(1000 * batch / pace, 1),
        'images per second, batches in memory': round(1000 * batch / bare, 1),
        **{key: found[key] for key in ('waits per step', 'where it waits') if key in found},
    }


# --- sections -------------------------------------------------------------------------------------


def environment(check: Check) -> None:
    """Versions and the device."""
    import torch

    check.keep(
        python=platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        processor=_processor(),
        cores=os.cpu_count(),
        device=torch.cuda.get_device_name() if check.device == 'cuda' else 'cpu',
    )
    if check.device == 'cuda':
        properties = torch.cuda.get_device_properties(0)
        check.keep(
            cuda=torch.version.cuda,
            cudnn=torch.backends.cudnn.version(),
            capability=f'{properties.major}.{properties.minor}',
            **{'memory (MiB)': properties.total_memory // 2**20},
            **{'bfloat16': torch.cuda.is_bf16_supported()},
        )
    from benchmark.openmmlab import prepare

    backends = prepare()
    check.keep(operators=backends.ops, **{'key points': backends.keypoints})


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return 'not installed'


def _processor() -> str | None:
    from benchmark.execution.cost import processor_name

    return processor_name()


def operators(check: Check) -> None:
    """Operators of mmcv, or what stands in for them: device against CPU, values and gradients."""
    for name, case in _operator_cases().items():
        with check.part(name):
            check.keep(**{name: _gap(case, check.device)})


Case = Callable[[Callable[[Any], Any]], tuple[list[Any], list[Any]]]
"""From what moves tensors to a device to results, and the tensors that gradients are taken by."""


def _gap(case: Case, device: str) -> float:
    """Return the largest difference between device and CPU, over the largest value."""
    import torch

    results = []
    for place in ('cpu', device):
        outputs, inputs = case(lambda tensor, place=place: tensor.to(place))
        found = [output.detach() for output in outputs]
        if inputs:
            total = sum(
                (o * torch.linspace(-1, 1, o.numel()).to(o).view_as(o)).sum() for o in outputs
            )
            found += torch.autograd.grad(total, inputs)
        results.append([tensor.double().cpu() for tensor in found])
    gaps = [_relative(a, b) for a, b in zip(*results, strict=True)]
    if max(gaps) > _CLOSE:
        raise ValueError(f'device and CPU differ by {max(gaps):.2g} of the largest value')
    return float(f'{max(gaps):.2g}')


def _relative(one: Any, other: Any) -> float:
    if one.shape != other.shape:
        raise ValueError(f'{tuple(one.shape)} on a CPU, {tuple(other.shape)} on the device')
    scale = float(one.abs().max()) if one.numel() else 0.0
    return float((one - other).abs().max()) / max(scale, 1e-12) if one.numel() else 0.0


def _operator_cases() -> dict[str, Case]:
    """Return a case per operator; random numbers are drawn on the CPU."""
    import torch

    from benchmark.openmmlab import prepare

    prepare()
    from mmcv import ops

    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Any:
        return torch.randn(*shape, generator=generator)

    corners = torch.rand(400, 2, generator=generator) * 200
    sides = 10 + torch.rand(400, 2, generator=generator) * 60
    boxes = torch.cat([corners, corners + sides], dim=1)
    scores = torch.rand(400, generator=generator)
    rois = torch.cat([torch.randint(0, 2, (400, 1), generator=generator).float(), boxes], dim=1)
    maps, target = draw(2, 16, 64, 64), torch.randint(0, 9, (300,), generator=generator)
    logits, offsets = draw(300, 8), draw(2, 18, 20, 24)
    picture, kernel, mask = draw(2, 4, 20, 24), draw(6, 4, 3, 3), torch.sigmoid(draw(2, 9, 20, 24))
    shapes = torch.tensor([[8, 8], [4, 4]])
    values, places, weights = (
        draw(1, 80, 2, 16),
        draw(1, 30, 2, 2, 4, 2).sigmoid(),
        draw(1, 30, 2, 8),
    )

    def learning(to: Callable[[Any], Any], *tensors: Any) -> list[Any]:
        return [to(tensor.clone()).requires_grad_() for tensor in tensors]

    def of_nms(to: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
        return list(ops.nms(to(boxes), to(scores), 0.5)), []

    def of_soft_nms(to: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
        return list(ops.soft_nms(to(boxes), to(scores))), []

    def of_align(to: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
        (x,) = learning(to, maps)
        return [ops.roi_align(x, to(rois), (7, 7), 0.25, 0, 'avg', True)], [x]

    def of_pool(to: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
        (x,) = learning(to, maps)
        return [ops.roi_pool(x, to(rois), (7, 7), 0.25)], [x]

    def of_focal(to: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
        (x,) = learning(to, logits)
        return [ops.sigmoid_focal_loss(x, to(target.clone()), 2.0, 0.25, None, 'none')], [x]

    def of_softmax_focal(to: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
        (x,) = learning(to, logits)
        labels = target.clamp(max=7)
        return [ops.softmax_focal_loss(x, to(labels), 2.0, 0.25, None, 'mean')], [x]

    def of_deformable(to: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
        x, offset, weight = learning(to, picture, offsets, kernel)
        return [ops.deform_conv2d(x, offset, weight, 1, 1)], [x, offset, weight]

    def of_modulated(to: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
        x, offset, m, weight = learning(to, picture, offsets, mask, kernel)
        out = ops.modulated_deform_conv2d(x, offset, m, weight, None, 1, 1, 1, 1, 1)
        return [out], [x, offset, m, weight]

    def of_attention(to: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
        from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttnFunction

        x, place, weight = learning(to, values, places, weights.softmax(-1).view(1, 30, 2, 2, 4))
        starts = to(torch.tensor([0, 64]))
        function = MultiScaleDeformableAttnFunction.apply
        return [function(x, to(shapes), starts, place, weight, 64)], [x, place, weight]

    return {
        'nms': of_nms,
        'soft-nms': of_soft_nms,
        'RoIAlign': of_align,
        'RoIPool': of_pool,
        'sigmoid focal loss': of_focal,
        'softmax focal loss': of_softmax_focal,
        'deformable convolution': of_deformable,
        'modulated deformable convolution': of_modulated,
        'deformable attention': of_attention,
    }


def canary(check: Check, kind: str) -> dict[str, float]:
    """Return the numbers of a tiny model with fixed weights, in single precision."""
    from benchmark.execution.canary import compute
    from benchmark.execution.precision import computed_by

    config = trial(check, kind, 'exact', architecture='test_vit', changes={}, is_tiny=True)
    with computed_by({}):
        return compute(config, 2)


def on_cpu(check: Check, kind: str) -> None:
    """Compute the canary of a kind where no GPU is visible; the section of the kind asks for it."""
    check.keep(canary=canary(check, kind))


def of_kind(check: Check, kind: str) -> None:
    """One step and fifty steps under both policies, and the canary against that of a CPU."""
    with check.part('parity with a CPU'):
        reference = run_section(
            check, f'cpu {kind}', 120.0, {**os.environ, 'CUDA_VISIBLE_DEVICES': ''}
        )
        check.keep(**{'parity with a CPU': _parity(canary(check, kind), reference['canary'])})
    for steps in (1, 50):
        changes: Facts = {'batch_size': 2 if check.is_tiny else 8, 'iterations': steps}
        if steps > 1 and check.is_tiny:
            changes['iterations'] = 8
        architecture = 'test_vit' if check.is_tiny else 'vit_small_patch16_224'
        for policy in _POLICIES:
            name = f'{policy}, {"one step" if steps == 1 else "fifty steps"}'
            with check.part(name):
                config = trial(check, kind, policy, architecture=architecture, changes=changes)
                check.keep(**{name: trained(check, f'{kind} {name}', config)})


def _parity(ours: dict[str, float], reference: dict[str, float]) -> Facts:
    """Return the largest relative differences of what does not draw random numbers, and of losses.

    Losses of detectors draw regions, those of some heads masks: on another device other ones.
    """
    found: Facts = {}
    for part in ('input', 'features', 'loss', 'metric'):
        gaps = [
            abs(value - reference[key]) / max(abs(reference[key]), 1e-6)
            for key, value in ours.items()
            if key.startswith(f'{part} ') and (part != 'features' or key.endswith(' size'))
        ]
        found[part] = float(f'{max(gaps, default=0.0):.2g}')
    if max(found['input'], found['features']) > _CLOSE:
        raise ValueError(f'device and CPU differ: {found}')
    return found


FINETUNED = (
    # kind, architecture, batch, name of the row
    ('classification', 'vit_base_patch16_224', 128, 'fine-tuning ViT-B at 224'),
    ('classification', 'swin_base_patch4_window7_224', 128, 'fine-tuning Swin-B at 224'),
    ('detection', 'vit_base_patch16_224', 4, 'Mask R-CNN with ViT-B at 1024'),
)


def throughput(check: Check) -> None:
    """Images per second: fine-tuning and probing ViT-B and Swin-B at 224, Mask R-CNN at 1024."""
    for kind, architecture, batch, name in FINETUNED:
        for policy in reversed(_POLICIES):  # what users get first
            with check.part(f'{name}, {policy}'):
                changes = {
                    'batch_size': 2 if check.is_tiny else batch,
                    'iterations': 8 if check.is_tiny else 25,
                }
                network = 'test_vit' if check.is_tiny else architecture
                config = trial(check, kind, policy, architecture=network, changes=changes)
                check.keep(**{f'{name}, {policy}': trained(check, f'{name} {policy}', config)})
    for architecture, name in (
        ('vit_base_patch16_224', 'probing ViT-B at 224'),
        ('swin_base_patch4_window7_224', 'probing Swin-B at 224'),
    ):
        for policy in reversed(_POLICIES):
            with check.part(f'{name}, {policy}'):
                network = 'test_vit' if check.is_tiny else architecture
                check.keep(**{f'{name}, {policy}': _reading(check, network, policy)})


def _reading(check: Check, architecture: str, policy: str) -> Facts:
    """Return how many pictures in memory a frozen backbone reads per second, as a probe does."""
    import torch

    from benchmark.compiling import PRECISION
    from benchmark.execution.precision import autocast_by, computed_by
    from benchmark.models import FeatureBackbone
    from benchmark.probes.reading import read_blocks

    device, batch = torch.device(check.device), 4 if check.is_tiny else 256
    config = {PRECISION: {'autocast': 'bfloat16', 'tf32': True}} if policy == 'fast' else {}
    backbone = FeatureBackbone(source=f'timm:{architecture}', random=True, frozen=True).to(device)
    images = torch.randn(batch, 3, 64 if check.is_tiny else 224, 64 if check.is_tiny else 224)
    images = images.to(device)
    seconds: list[float] = []
    with computed_by(config), autocast_by(config, device):
        for _ in range(5 if check.is_tiny else 25):
            start = time.perf_counter()
            read_blocks(backbone, images, 16 if check.is_tiny else 32)
            if check.device == 'cuda':
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
    pace = median(seconds[2:])
    return {
        'batch': batch,
        'ms per step': round(1000 * pace, 2),
        'images per second, batches in memory': round(batch / pace, 1),
    }


def start(check: Check) -> None:
    """Seconds from the start of a process to the end of its first training step."""
    begun = check.started
    import torch  # noqa: F401

    from benchmark.openmmlab import prepare

    prepare()
    import benchmark.execution.jobs  # noqa: F401

    imported = time.time()
    architecture = 'test_vit' if check.is_tiny else 'vit_base_patch16_224'
    changes = {'batch_size': 2 if check.is_tiny else 64, 'iterations': 8}
    config = trial(check, 'classification', 'fast', architecture=architecture, changes=changes)
    compiled = time.time()
    trained(check, 'start', config)
    first = MEASURED['start']['first step']
    check.keep(
        **{
            'imports (s)': round(imported - begun, 1),
            'pictures drawn, cell compiled (s)': round(compiled - imported, 1),
            'model and data built, first step (s)': round(first - compiled, 1),
            'start to first step (s)': round(first - begun, 1),
        }
    )


def packing(check: Check) -> None:
    """Two cells one after the other and at once, in worker processes that share the device."""
    from benchmark.launching.executors import Job
    from benchmark.launching.executors.local import LocalExecutor

    architecture = 'test_vit' if check.is_tiny else 'vit_small_patch16_224'
    changes = {'batch_size': 2 if check.is_tiny else 32, 'iterations': 8 if check.is_tiny else 100}
    seconds: dict[int, float] = {}
    for workers in (1, 2):
        jobs = []
        for number in range(3 if workers == 1 else 4):
            place = f'packed {workers} {number}'
            config = trial(
                check,
                'classification',
                'fast',
                architecture=architecture,
                changes={**changes, 'iterations': 2} if number < workers else changes,
                folder=place,
            )
            folder = check.folder / place
            request = {'job': 'train', 'config': config, 'folder': str(folder)}
            jobs.append(Job(place, request, folder / 'log.txt'))
        with LocalExecutor(workers, check.device) as executor:
            # the first jobs start the workers, which is not what is measured
            _succeed(executor.run(jobs[:workers]))
            begun = time.perf_counter()
            _succeed(executor.run(jobs[workers:]))
            seconds[workers] = time.perf_counter() - begun
    check.keep(
        **{
            'two cells, one after the other (s)': round(seconds[1], 1),
            'two cells at once (s)': round(seconds[2], 1),
            'at once over one after the other': round(seconds[2] / seconds[1], 3),
        }
    )


def _succeed(replies: Any) -> None:
    errors = [reply.error for reply in replies if reply.error]
    if errors:
        raise RuntimeError('; '.join(errors))


def communication(check: Check) -> None:
    """A group of one process: nccl on a GPU, gloo on a CPU; a step of a distributed model."""
    import torch
    from torch import distributed, nn
    from torch.nn.parallel import DistributedDataParallel

    backend = 'nccl' if check.device == 'cuda' else 'gloo'
    file = check.folder / 'group'
    distributed.init_process_group(backend, init_method=f'file://{file}', rank=0, world_size=1)
    try:
        device = torch.device(check.device)
        values = torch.arange(5.0, device=device)
        distributed.all_reduce(values)
        agreed = [True, 'stop']
        distributed.broadcast_object_list(agreed, device=device)
        model = DistributedDataParallel(nn.Linear(5, 2).to(device))
        model(values[None]).sum().backward()
        gradient = next(model.parameters()).grad
        is_right = values.tolist() == [0, 1, 2, 3, 4] and agreed == [True, 'stop']
        if not is_right or gradient is None:
            raise ValueError('the group of one process changed what it was given')
    finally:
        distributed.destroy_process_group()
    check.keep(backend=backend, **{'one process': 'reduced, broadcast, stepped'})


def memory(check: Check) -> None:
    """A batch that does not fit into the device's memory: it is halved."""
    import torch

    from benchmark.execution.jobs import answer

    if check.device != 'cuda':
        check.keep(skipped='needs a GPU: the tests inject the error')
        return
    config = trial(
        check,
        'classification',
        'fast',
        architecture='test_vit' if check.is_tiny else 'vit_base_patch16_224',
        changes={'batch_size': 16 if check.is_tiny else 512, 'iterations': 2},
        folder='memory',
    )
    asked = {'job': 'train', 'config': config}
    whole = answer({**asked, 'folder': str(check.folder / 'memory whole')})
    if whole['error']:
        raise RuntimeError(whole['error'])
    peak = whole['cost']['peak_memory_mb'] * 2**20
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(0.75 * peak / total)
    found = answer({**asked, 'folder': str(check.folder / 'memory')})
    if found['error']:
        raise RuntimeError(found['error'])
    if not found.get('halvings'):
        raise ValueError('the batch fitted though memory was limited')
    check.keep(
        **{
            'whole batch (MiB)': whole['cost']['peak_memory_mb'],
            'limit (MiB)': round(0.75 * peak / 2**20),
            'halvings': found['halvings'],
            'halved batch (MiB)': found['cost']['peak_memory_mb'],
        }
    )


SECTIONS: dict[str, tuple[Callable[[Check], None], float]] = {
    'environment': (environment, 60.0),
    'operators': (operators, 90.0),
    **{kind: ((lambda check, kind=kind: of_kind(check, kind)), 150.0) for kind in TASKS},
    'throughput': (throughput, 200.0),
    'start': (start, 90.0),
    'packing': (packing, 120.0),
    'communication': (communication, 60.0),
    'memory': (memory, 90.0),
}
"""What is checked, in this order, and the most seconds of ten minutes that each may take."""

_REFERENCES = {f'cpu {kind}': kind for kind in TASKS}


# --- running --------------------------------------------------------------------------------------


def run_section(
    check: Check, name: str, seconds: float, environment: dict[str, str] | None = None
) -> Facts:
    """Return what a section finds in a process of its own; ``'failed'`` says why it ended early."""
    answer = check.folder / f'{re.sub("[^a-z0-9]+", "-", name)}.json'
    log = answer.with_suffix('.txt')
    paths = [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])]
    begun = time.time()
    command = [sys.executable, str(Path(__file__).resolve()), '--device', check.device]
    command += ['--child', name, str(answer), str(check.folder), str(begun)]
    command += ['--tiny'] if check.is_tiny else []
    known = {**(environment or os.environ), 'PYTHONPATH': os.pathsep.join(paths)}
    with log.open('w') as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, env=known, start_new_session=True
        )
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end(process)
    found: Facts = json.loads(answer.read_text()) if answer.exists() else {}
    if code is None:
        found['failed'] = f'not done after {seconds:.0f} s'
    elif code and 'failed' not in found:
        last = log.read_text(errors='replace').strip().splitlines()[-1:]
        found['failed'] = f'exit code {code}: {" ".join(last)[:300]}'
    found['seconds'] = round(time.time() - begun, 1)
    return found


def _end(process: subprocess.Popen[Any]) -> None:
    """End a section and what it started: it leads a process group of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_child(check: Check, name: str) -> int:
    """Run one section in this process; return the exit code."""
    warnings.filterwarnings('ignore')
    try:
        if name in _REFERENCES:
            on_cpu(check, _REFERENCES[name])
        else:
            SECTIONS[name][0](check)
    except Exception as error:
        traceback.print_exc()
        check.keep(failed=f'{type(error).__name__}: {error}'.splitlines()[0][:300])
        return 1
    return 0


def run_all(check: Check, names: list[str], minutes: float) -> dict[str, Facts]:
    """Return what each section found; those for which no time is left are skipped."""
    end = time.monotonic() + 60 * minutes
    found: dict[str, Facts] = {}
    for name in names:
        left = end - time.monotonic()
        if left < _LEAST_SECONDS:
            found[name] = {'skipped': f'no time left of {minutes:g} minutes'}
        else:
            limit = SECTIONS[name][1] * minutes / _MINUTES
            found[name] = run_section(check, name, min(limit, left))
        print(f'{name}: {state_of(found[name])} ({found[name].get("seconds", 0)} s)', flush=True)
    return found


def state_of(facts: Facts) -> str:
    """Return ``'ok'``, ``'skipped'``, or what failed."""
    failed = [f'{key.removesuffix(" failed")}: {facts[key]}' for key in facts if 'failed' in key]
    if failed:
        return f'FAILED ({"; ".join(failed)})'
    return 'skipped' if 'skipped' in facts else 'ok'


# --- writing --------------------------------------------------------------------------------------


def to_markdown(found: dict[str, Facts], *, title: str, is_tiny: bool) -> str:
    """Return the tables that people read."""
    lines = [f'# GPU check: {title}', '']
    if is_tiny:
        lines += ['Tiny sizes: these numbers say that it runs, not how fast.', '']
    lines += ['| section | state | seconds |', '| --- | --- | --- |']
    lines += [f'| {n} | {_cell(state_of(f))} | {f.get("seconds", "")} |' for n, f in found.items()]
    for name, facts in found.items():
        rows = {key: value for key, value in facts.items() if isinstance(value, dict)}
        plain = {k: v for k, v in facts.items() if k not in rows and k != 'seconds'}
        lines += ['', f'## {name}', '']
        if plain:
            lines += ['| what | found |', '| --- | --- |']
            lines += [f'| {_cell(key)} | {_cell(value)} |' for key, value in plain.items()]
        for columns in dict.fromkeys(tuple(row) for row in rows.values()):
            lines += ['', f'| | {" | ".join(columns)} |', '| --- |' + ' --- |' * len(columns)]
            lines += [
                f'| {_cell(key)} | {" | ".join(_cell(value) for value in row.values())} |'
                for key, row in rows.items()
                if tuple(row) == columns
            ]
    return '\n'.join(lines) + '\n'


def _cell(value: Any) -> str:
    text = ', '.join(map(str, value)) if isinstance(value, list) else str(value)
    return text.replace('|', '\\|').replace('\n', ' ')


def write(found: dict[str, Facts], out: Path, *, is_tiny: bool) -> list[Path]:
    """Write JSON and Markdown, named after the device; return their paths."""
    device = str(found.get('environment', {}).get('device', 'device'))
    stem = re.sub('[^a-z0-9]+', '-', device.lower()).strip('-') + ('-tiny' if is_tiny else '')
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f'{stem}.json', out / f'{stem}.md']
    paths[0].write_text(json.dumps(found, indent=1) + '\n', encoding='utf-8')
    paths[1].write_text(to_markdown(found, title=device, is_tiny=is_tiny), encoding='utf-8')
    return paths


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(
        description=(__doc__ or '').splitlines()[0],
        epilog='example: python tools/gpu_check.py --device cpu --tiny --sections operators depth',
    )
    made.add_argument('--device', choices=('cuda', 'cpu'), default='cuda')
    made.add_argument('--minutes', type=float, default=_MINUTES, help='when to stop (default: 10)')
    made.add_argument('--tiny', action='store_true', help='sizes that a CPU does in seconds')
    made.add_argument('--sections', nargs='+', choices=SECTIONS, default=list(SECTIONS))
    made.add_argument('--out', type=Path, default=ROOT / 'results' / 'gpu', metavar='DIR')
    made.add_argument('--child', nargs=4, help=argparse.SUPPRESS)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the check; return 1 when something failed."""
    options = parser().parse_args(arguments)
    if options.child:
        name, answer, folder, started = options.child
        check = Check(options.device, options.tiny, Path(folder), Path(answer), float(started))
        return run_child(check, name)
    # ended from outside, it takes the section that runs along
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix='tbench-gpu-') as folder:
        place = Path(folder)
        check = Check(options.device, options.tiny, place, place / 'all.json', time.time())
        found = run_all(check, options.sections, options.minutes)
    for path in write(found, options.out, is_tiny=options.tiny):
        print(path)
    return 0 if all(not state_of(facts).startswith('FAILED') for facts in found.values()) else 1


if __name__ == '__main__':
    sys.exit(main())
