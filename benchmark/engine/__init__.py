"""Registered parts of training: groups, audit, curves, averages, sharing, progress, resuming."""

from benchmark.engine.audit import ParameterAudit
from benchmark.engine.averaging import WeightAverage
from benchmark.engine.backbone_execution import BackboneExecution
from benchmark.engine.head_first import HeadFirst
from benchmark.engine.history import LossHistory
from benchmark.engine.layer_decay import LayerDecayConstructor
from benchmark.engine.live import LiveBackend
from benchmark.engine.optimisers import Lamb, Lars
from benchmark.engine.progress import Progress
from benchmark.engine.resuming import Checkpoints, Spent, StepClock
from benchmark.engine.schedules import PeakLR, RiseAndFallLR
from benchmark.engine.sharing import StepDraws
from benchmark.engine.stepping import RuntimeInfo, StepWrapper, in_format

__all__ = [
    'BackboneExecution',
    'Checkpoints',
    'HeadFirst',
    'Lamb',
    'Lars',
    'LayerDecayConstructor',
    'LiveBackend',
    'LossHistory',
    'ParameterAudit',
    'PeakLR',
    'Progress',
    'RiseAndFallLR',
    'RuntimeInfo',
    'Spent',
    'StepClock',
    'StepDraws',
    'StepWrapper',
    'WeightAverage',
    'in_format',
]
