"""Image classification: a linear classifier over the pooled deepest feature map (mmpretrain)."""

from __future__ import annotations

from benchmark.kinds.base import Config, Kind, Meeting, Parts, Trivial
from benchmark.specs import Metric, Unit

_PERCENT = (0.0, 100.0)

METRICS = {
    'accuracy': Metric('accuracy', Unit.PERCENT, True, _PERCENT, 'top-1 accuracy'),
    'mean_class_accuracy': Metric(
        'mean_class_accuracy', Unit.PERCENT, True, _PERCENT, 'mean per-class accuracy'
    ),
}


def parts(meeting: Meeting) -> Parts:
    """Return model, pipelines and evaluator of a classification run."""
    return Parts(
        model=_model(meeting),
        train_pipeline=_train_pipeline(meeting),
        test_pipeline=_test_pipeline(meeting),
        evaluator=[{'type': 'benchmark.ClassificationMetric'}],
        gallery={'type': 'benchmark.ClassificationGallery', 'classes': list(meeting.task.classes)},
        test_batch_size=32,
        collate='default_collate',
    )


def _model(meeting: Meeting) -> Config:
    features, count = meeting.features, len(meeting.task.classes)
    return {
        'type': 'ImageClassifier',
        'data_preprocessor': {
            'type': 'ClsDataPreprocessor',
            'num_classes': count,
            'mean': list(features.mean),
            'std': list(features.std),
            'to_rgb': True,
        },
        'backbone': meeting.backbone,
        'neck': {
            'type': 'benchmark.PooledFeatures',
            'channels': features.channels[-1],
            # a frozen backbone's features keep their scale, so they are whitened per
            # channel before the classifier (MAE, arXiv 2111.06377, appendix A.1)
            'norm': 'layer' if meeting.protocol.trains_backbone else 'batch',
        },
        'head': {
            'type': 'LinearClsHead',
            'num_classes': count,
            'in_channels': features.channels[-1],
            'topk': (1,),
            'loss': {'type': 'CrossEntropyLoss', 'loss_weight': 1.0},
        },
    }


def _train_pipeline(meeting: Meeting) -> list[Config]:
    height, width = meeting.task.input_size
    crop = {
        'type': 'RandomResizedCrop',
        'scale': (width, height),
        'crop_ratio_range': meeting.option('crop_range', (0.08, 1.0)),
        'interpolation': 'bicubic',
    }
    flip = {'type': 'RandomFlip', 'prob': 0.5, 'direction': 'horizontal'}
    return [{'type': 'LoadImageFromFile'}, crop, *_if(meeting, flip), {'type': 'PackInputs'}]


def _if(meeting: Meeting, flip: Config) -> list[Config]:
    return [flip] if meeting.option('flip', True) else []


def _test_pipeline(meeting: Meeting) -> list[Config]:
    height, width = meeting.task.input_size
    share = meeting.option('test_crop', 1.0)
    resize = {
        'type': 'Resize',
        'scale': (round(width / share), round(height / share)),
        'interpolation': 'bicubic',
    }
    crop = {'type': 'CenterCrop', 'crop_size': (width, height)}
    meta = ('sample_idx', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
    pack = {'type': 'PackInputs', 'meta_keys': meta}
    return [{'type': 'LoadImageFromFile'}, resize, crop, pack]


KIND = Kind(
    name='classification',
    library='mmpretrain',
    components=('benchmark.datasets.folders', 'benchmark.evaluation.classification'),
    metrics=METRICS,
    heads=('linear',),
    options={'crop_range': (tuple,), 'flip': (bool,), 'test_crop': (float,)},
    parts=parts,
    trivial=Trivial('majority class', 'benchmark.evaluation.trivial.classification:MajorityClass'),
)
