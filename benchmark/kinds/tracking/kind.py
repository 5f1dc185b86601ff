"""Single-object tracking: a Siamese transformer tracker over any backbone."""

from __future__ import annotations

import math

from benchmark.errors import DeclarationError
from benchmark.kinds.base import BuildContext, Config, DataParts, Kind, ModelParts, Trivial, dataset
from benchmark.specs import Metric, Role, Task, Unit

STRIDE = 16
"""Stride of the maps on which template and search region meet, in pixels."""

_FRACTION = (0.0, 1.0)


def _fraction(key: str, title: str, bounds: tuple[float, float] = _FRACTION) -> Metric:
    return Metric(key, Unit.FRACTION, True, bounds, title)


METRICS = {
    metric.key: metric
    for metric in (
        _fraction('AO', 'average overlap'),
        _fraction('SR50', 'success rate at 0.5'),
        _fraction('SR75', 'success rate at 0.75'),
        # no overlap exceeds the last of the 21 thresholds
        _fraction('success_AUC', 'success AUC', (0.0, 20 / 21)),
        _fraction('precision', 'precision at 20 px'),
        _fraction('norm_precision', 'normalised precision at 0.2'),
        _fraction('success_area', 'success, area under the curve'),
        _fraction('precision_area', 'precision, area up to 50 px'),
        _fraction('norm_precision_area', 'normalised precision, area up to 0.5'),
    )
}

TOOLKITS = {
    'got10k': ('AO', 'SR50', 'SR75', 'success_AUC', 'precision', 'norm_precision'),
    'lasot': ('success_AUC', 'precision', 'norm_precision'),
    'otb': ('success_AUC', 'precision'),
    'trackingnet': ('success_area', 'precision_area', 'norm_precision_area'),
    'uav123': ('success_AUC', 'precision', 'norm_precision'),
}
"""What the toolkits measure whose conventions a task can follow."""

SERVERS = ('got10k', 'trackingnet')
"""Toolkits of data sets whose server scores a test split with withheld labels."""

_TOOLKIT = 'got10k'
"""The one that is followed where a task names none: that of the layout of the files."""


def data(task: Task) -> DataParts:
    """Return how sequences of a tracking task are loaded and scored.

    Raises:
        DeclarationError: a size, a factor, the width or the toolkit cannot be used.
    """
    crops = _crops(task)
    _check_width(task)
    return DataParts(
        test_pipeline=[{'type': 'PackVideo', 'crops': crops}],
        evaluator=[{'type': 'benchmark.TrackingMetric', **_convention(task)}],
        gallery={'type': 'benchmark.TrackingGallery', 'classes': list(task.classes)},
        collate='default_collate',
        submission=_submission(task, crops),
    )


def model(context: BuildContext) -> ModelParts:
    """Return the Siamese tracker on a backbone, and how pairs of frames are drawn for it."""
    crops = _crops(context.task)
    return ModelParts(_model(context, crops), [_sampler(context, crops)])


def _convention(task: Task) -> Config:
    """Return the toolkit by which a task is scored; the evaluator's own needs no word.

    Raises:
        DeclarationError: there is no such toolkit, or it does not measure what the task asks for.
    """
    toolkit: str = task.options.get('toolkit', _TOOLKIT)
    if toolkit not in TOOLKITS:
        raise DeclarationError(
            f"{task.path}: toolkit is '{toolkit}', allowed are {', '.join(TOOLKITS)}"
        )
    measured = TOOLKITS[toolkit]
    for metric in (task.metric, *task.metrics):
        # a metric that a task declares itself comes from an evaluator of its own
        if METRICS.get(metric.key) == metric and metric.key not in measured:
            raise DeclarationError(
                f"{task.path}: metric '{metric.key}' is not measured by the toolkit "
                f"'{toolkit}', which has {', '.join(measured)}"
            )
    return {} if toolkit == _TOOLKIT else {'toolkit': toolkit}


def _submission(task: Task, crops: Config) -> Config | None:
    """Return the hook that packs the tracks of the official test split, where a task names it.

    Raises:
        DeclarationError: no server reads what the task's toolkit measures.
    """
    listing: str | None = task.options.get('submission')
    if listing is None:
        return None
    layout: str = task.options.get('toolkit', _TOOLKIT)
    if layout not in SERVERS:
        raise DeclarationError(
            f"{task.path}: submission is '{listing}', but of the toolkits only "
            f"{' and '.join(SERVERS)} have a server, not '{layout}'"
        )
    tested = dataset(task, Role.TEST, [{'type': 'PackVideo', 'crops': crops}])
    return {
        'type': 'benchmark.SubmissionFiles',
        'layout': layout,
        'dataset': {**tested, 'ann_file': listing, 'is_withheld': True},
    }


def _crops(task: Task) -> Config:
    """Return the sizes of both crops in pixels and, as multiples of the target's, their extent."""
    height, width = task.input_size
    template: int = task.option('template_size', height // 2)
    if height != width or height % STRIDE or template % STRIDE or template < STRIDE:
        raise DeclarationError(
            f'{task.path}: input_size is {task.input_size} and template_size '
            f'{template}, both must be squares whose side {STRIDE} divides'
        )
    return {
        'template_size': template,
        'search_size': height,
        'template_factor': _positive(task, 'template_factor', 2.0),
        'search_factor': _positive(task, 'search_factor', 4.0),
    }


def _positive(task: Task, key: str, default: float) -> float:
    value: float = task.option(key, default)
    if value <= 0:
        raise DeclarationError(f'{task.path}: {key} is {value}, must be above 0')
    return value


def _check_width(task: Task) -> None:
    width, heads = task.option('width', 512), task.option('heads', 8)
    if heads < 1 or width < 4 or width % 4 or width % heads:
        raise DeclarationError(
            f'{task.path}: width is {width}, must be a multiple of 4 and of heads = {heads}'
        )


def _sampler(context: BuildContext, crops: Config) -> Config:
    """Frame range and jitter are those of SwinTrack's official code (arXiv 2112.00995)."""
    return {
        'type': 'SamplePair',
        'crops': crops,
        'max_gap': context.option('max_gap', 100),
        'shift': context.option('shift_jitter', 3.0),
        'scale': context.option('scale_jitter', 0.25),
        **{
            key: float(context.option(option, 0.0))
            for key, option in (('grey', 'grey'), ('colours', 'colour_jitter'))
            if context.option(option, 0.0)
        },
    }


def _model(context: BuildContext, crops: Config) -> Config:
    """SwinTrack-B as its official code configures it; a task may declare a smaller fusion."""
    level = nearest_level(context.features.strides)
    return {
        'type': 'benchmark.SiameseTracker',
        'data_preprocessor': {
            'type': 'benchmark.TrackingPreprocessor',
            'mean': list(context.features.mean),
            'std': list(context.features.std),
        },
        'backbone': context.backbone,
        'fusion': {
            'in_channels': context.features.channels[level],
            'width': context.option('width', 512),
            'heads': context.option('heads', 8),
            'encoder_layers': context.option('encoder_layers', 8),
            'decoder_layers': context.option('decoder_layers', 1),
        },
        'level': level,
        'level_stride': context.features.strides[level],
        'stride': STRIDE,
        'template_size': crops['template_size'],
        'search_size': crops['search_size'],
        'search_factor': crops['search_factor'],
        'window_penalty': context.option('window_penalty', 0.49),
        'min_side': context.option('min_side', 10.0),
        **_l1(context),
    }


def _l1(context: BuildContext) -> Config:
    weight = context.option('l1_weight', None)
    return {} if weight is None else {'l1_weight': float(weight)}


def nearest_level(strides: tuple[int, ...]) -> int:
    """Return the index of the map whose stride is nearest 16 px by ratio, the deeper one of two."""
    return min(range(len(strides)), key=lambda i: (abs(math.log2(strides[i] / STRIDE)), -i))


KIND = Kind(
    group='geometric-motion',
    name='tracking',
    library='mmengine',
    order=60,
    counts_films=True,
    components=(
        'benchmark.kinds.tracking.data',
        'benchmark.kinds.tracking.metric',
        'benchmark.kinds.tracking.gallery',
        'benchmark.kinds.tracking.tracker',
    ),
    metrics=METRICS,
    heads=('siamese',),
    options={
        'toolkit': (str,),
        'submission': (str,),
        'template_size': (int,),
        'template_factor': (int, float),
        'search_factor': (int, float),
        'max_gap': (int,),
        'shift_jitter': (int, float),
        'scale_jitter': (int, float),
        'grey': (int, float),
        'colour_jitter': (int, float),
        'l1_weight': (int, float),
        'width': (int,),
        'heads': (int,),
        'encoder_layers': (int,),
        'decoder_layers': (int,),
        'window_penalty': (int, float),
        'min_side': (int, float),
    },
    data=data,
    model=model,
    trivial=Trivial('first box', 'benchmark.kinds.tracking.trivial:FirstBox'),
    labels='benchmark.kinds.tracking.labels:find_fault',
    draft='benchmark.kinds.tracking.draft:draft',
    small={
        'input_size': (128, 128),
        'budget': {'iterations': 400, 'batch_size': 8},
        'options': {'template_size': 64, 'width': 64, 'heads': 4, 'encoder_layers': 2},
    },
)
