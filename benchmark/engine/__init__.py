"""Registered parts of the training loop: parameter groups, audit, loss curves."""

from benchmark.engine.audit import ParameterAudit
from benchmark.engine.history import LossHistory
from benchmark.engine.layer_decay import LayerDecayConstructor

__all__ = ['LayerDecayConstructor', 'LossHistory', 'ParameterAudit']
