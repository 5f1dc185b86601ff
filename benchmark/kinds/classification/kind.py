"""Image classification: a linear classifier over the pooled deepest feature map (mmpretrain)."""

from __future__ import annotations

from benchmark.errors import DeclarationError
from benchmark.kinds.base import (
    BuildContext,
    Config,
    DataParts,
    Kind,
    ModelParts,
    Probed,
    Readout,
    Trivial,
)
from benchmark.specs import Metric, Task, Unit

_PERCENT = (0.0, 100.0)

METRICS = {
    'accuracy': Metric('accuracy', Unit.PERCENT, True, _PERCENT, 'top-1 accuracy'),
    'mean_class_accuracy': Metric(
        'mean_class_accuracy', Unit.PERCENT, True, _PERCENT, 'mean per-class accuracy'
    ),
    'mAP11': Metric('mAP11', Unit.PERCENT, True, _PERCENT, 'mAP (VOC 2007, 11 points)'),
    'mAP': Metric('mAP', Unit.PERCENT, True, _PERCENT, 'mAP'),
}
_OF_SETS = ('mAP11', 'mAP')


def data(task: Task) -> DataParts:
    """Return how images of a classification task are loaded and scored.

    Raises:
        DeclarationError: there is one class, or a metric does not suit the number of labels per
            image.
    """
    multi: bool = task.option('multi_label', False)
    if len(task.classes) < 2 and not multi:
        raise DeclarationError(
            f'{task.path}: task classes is {task.classes!r}: must be at least two, since with one '
            'every answer is right; a picture that shows it or not needs a class for each'
        )
    _check_metrics(task, multi=multi)
    return DataParts(
        test_pipeline=_test_pipeline(task),
        evaluator=[{'type': f'benchmark.{"MultiLabel" if multi else "Classification"}Metric'}],
        gallery={'type': 'benchmark.ClassificationGallery', 'classes': list(task.classes)},
        test_batch_size=32,
        collate='default_collate',
        readout=None if multi else _readout(task),
    )


def model(context: BuildContext) -> ModelParts:
    """Return the linear classifier on a backbone, and how images are augmented for it."""
    return ModelParts(_model(context), _train_pipeline(context))


def _readout(task: Task) -> Readout:
    labels = {'classes': len(task.classes)}
    return Readout('benchmark.probes.readouts:Labels', labels, _test_pipeline(task))


def _check_metrics(task: Task, *, multi: bool) -> None:
    for metric in (task.metric, *task.metrics):
        if (metric.key in _OF_SETS) is not multi:
            raise DeclarationError(
                f"{task.path}: metric '{metric.key}' cannot be combined with multi_label={multi}"
            )


def _model(context: BuildContext) -> Config:
    features, count = context.features, len(context.task.classes)
    return {
        'type': 'ImageClassifier',
        'data_preprocessor': {
            'type': 'ClsDataPreprocessor',
            'num_classes': count,
            'mean': list(features.mean),
            'std': list(features.std),
            'to_rgb': True,
        },
        'backbone': context.backbone,
        'neck': {
            'type': 'benchmark.PooledFeatures',
            'channels': features.channels[-1],
            # a frozen backbone's features keep their scale, so they are whitened per
            # channel before the classifier (MAE, arXiv 2111.06377, appendix A.1)
            'norm': 'batch' if _is_whitened(context) else 'layer',
        },
        'head': _head(context),
    }


def _is_whitened(context: BuildContext) -> bool:
    return context.recipe.whitened or not context.protocol.trains_backbone


def _head(context: BuildContext) -> Config:
    head = {
        'num_classes': len(context.task.classes),
        'in_channels': context.features.channels[-1],
    }
    loss: Config = {'type': 'CrossEntropyLoss', 'loss_weight': 1.0}
    if context.option('multi_label', False):
        return {'type': 'MultiLabelLinearClsHead', **head, 'loss': {**loss, 'use_sigmoid': True}}
    return {'type': 'LinearClsHead', **head, 'topk': (1,), 'loss': loss}


def _load(task: Task) -> Config:
    decoder = task.option('decoder', None)
    return {'type': 'LoadImageFromFile', **({'imdecode_backend': decoder} if decoder else {})}


def _train_pipeline(context: BuildContext) -> list[Config]:
    height, width = context.task.input_size
    crop = {
        'type': 'RandomResizedCrop',
        'scale': (width, height),
        'crop_ratio_range': context.option('crop_range', (0.08, 1.0)),
        'interpolation': 'bicubic',
    }
    flip = {'type': 'RandomFlip', 'prob': 0.5, 'direction': 'horizontal'}
    return [_load(context.task), crop, *_if(context.task, flip), {'type': 'PackInputs'}]


def _if(task: Task, flip: Config) -> list[Config]:
    return [flip] if task.option('flip', True) else []


def _test_pipeline(task: Task) -> list[Config]:
    height, width = task.input_size
    share = task.option('test_crop', 1.0)
    resize = {
        'type': 'Resize',
        'scale': (round(width / share), round(height / share)),
        'interpolation': 'bicubic',
    }
    if task.option('keep_ratio', False):
        edge = round(max(height, width) / share)
        resize = {'type': 'ResizeEdge', 'scale': edge, 'edge': 'short', 'interpolation': 'bicubic'}
    crop = {'type': 'CenterCrop', 'crop_size': (width, height)}
    meta = ('sample_idx', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
    difficult = ('gt_label_difficult',) if task.option('multi_label', False) else ()
    pack = {'type': 'PackInputs', 'meta_keys': (*meta, *difficult)}
    return [_load(task), resize, crop, pack]


KIND = Kind(
    group='semantic',
    name='classification',
    library='mmpretrain',
    order=10,
    has_normalising_heads=False,
    probed=Probed.PICTURES,
    has_words=True,
    components=(
        'benchmark.kinds.classification.folders',
        'benchmark.kinds.classification.listed',
        'benchmark.kinds.classification.metric',
        'benchmark.kinds.classification.gallery',
    ),
    metrics=METRICS,
    heads=('linear',),
    options={
        'crop_range': (tuple,),
        'flip': (bool,),
        'test_crop': (float,),
        'keep_ratio': (bool,),
        'decoder': (str,),
        'multi_label': (bool,),
        # the list of all pictures, where train and test are drawn from one
        'pool': (str,),
    },
    data=data,
    model=model,
    trivial=Trivial('majority class', 'benchmark.kinds.classification.trivial:MajorityClass'),
    labels='benchmark.kinds.classification.labels:find_fault',
    draft='benchmark.kinds.classification.draft:draft',
    present='benchmark.kinds.classification.labels:find_classes',
)
