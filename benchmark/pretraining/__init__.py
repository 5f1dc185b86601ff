"""Pretraining of backbones with mmpretrain, masked or supervised."""

from benchmark.pretraining.budget import UNITS, Budget, budget_like
from benchmark.pretraining.compiling import compile_pretraining
from benchmark.pretraining.folder import Folder, declaration_text, read_facts
from benchmark.pretraining.methods import METHODS
from benchmark.pretraining.pictures import (
    LABELS,
    WORLD,
    Pictures,
    folder_pictures,
    world_pictures,
)
from benchmark.pretraining.request import Pretrain
from benchmark.pretraining.settings import Settings

__all__ = [
    'LABELS',
    'METHODS',
    'UNITS',
    'WORLD',
    'Budget',
    'Folder',
    'Pictures',
    'Pretrain',
    'Settings',
    'budget_like',
    'compile_pretraining',
    'declaration_text',
    'folder_pictures',
    'read_facts',
    'world_pictures',
]
