"""Registered parts of the training loop: parameter groups, audit, loss curves, precision."""

from benchmark.engine.audit import ParameterAudit
from benchmark.engine.backbone_execution import BackboneExecution
from benchmark.engine.history import LossHistory
from benchmark.engine.layer_decay import LayerDecayConstructor

__all__ = ['BackboneExecution', 'LayerDecayConstructor', 'LossHistory', 'ParameterAudit']
