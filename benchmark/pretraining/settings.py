"""The settings that determine the result of a pretraining."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import DeclarationError, IncompatibleError
from benchmark.hashing import file_hash
from benchmark.pretraining.budget import Budget
from benchmark.pretraining.methods import METHODS
from benchmark.pretraining.pictures import Pictures
from benchmark.pretraining.request import Pretrain
from benchmark.specs import Backbone, Features, Pretraining


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A pretraining.

    Attributes:
        name: of the backbone that comes out.
        method: a key of ``METHODS``.
        backbone: the architecture.
        pictures: what it learns from.
        budget: for how long.
        size: height and width of what the network sees, in pixels.
        batch_size: pictures per step, over all processes.
        lr: largest learning rate of AdamW.
        mask_ratio: share of the patches to hide; ``None`` for what the method's paper has.
        seed: of initialisation, order, augmentation and masks.
        processes: how many share every batch.
        is_half: whether the weights are kept in half precision.
    """

    name: str
    method: str
    backbone: Backbone
    pictures: Pictures
    budget: Budget
    size: int
    batch_size: int = 32
    lr: float = 1e-3
    mask_ratio: float | None = None
    seed: int = 0
    processes: int = 1
    is_half: bool = False

    def check(self) -> None:
        """Check everything that can be checked without building the network.

        Raises:
            DeclarationError: a number lies outside its bounds, or labels are needed and missing.
            IncompatibleError: no declaration could name the architecture.
        """
        if not 0 < self.lr < float('inf'):
            raise DeclarationError(f'lr is {self.lr}, must be above 0')
        if METHODS[self.method].has_labels and len(self.pictures.classes) < 2:
            raise DeclarationError(
                f'{self.method} needs pictures of at least two classes, all in a folder per class: '
                f'{self.pictures.root} has not'
            )
        if not self.budget.is_time:
            self.budget.passes(len(self.pictures), self.batch_size, pace=0.0)
        if self.backbone.source.startswith('hf:') and 'config' in self.backbone.options:
            raise IncompatibleError(
                f'{self.backbone.id}: the architecture of a folder of transformers cannot be '
                'declared apart from its weights; take one of another source'
            )

    def plain(self) -> dict[str, Any]:
        """Return the settings as JSON data, such that equal ones give an equal pretraining."""
        return {
            'name': self.name,
            'method': self.method,
            'source': self.backbone.source,
            'options': dict(self.backbone.options),
            'code': file_hash(self.backbone.code) if self.backbone.code else None,
            'normalisation': self.backbone.normalisation,
            'data': self.pictures.facts(),
            'budget': asdict(self.budget),
            'size': self.size,
            'batch_size': self.batch_size,
            'lr': self.lr,
            'mask_ratio': self.mask_ratio,
            'seed': self.seed,
            'processes': self.processes,
            'half': self.is_half,
        }

    def request(self, features: Features, encoder: str, annotations: Path, passes: int) -> Pretrain:
        """Return the request to compile: the settings with the facts that were found out.

        Args:
            features: facts of the architecture's maps.
            encoder: registered name of what shows pictures to the network.
            annotations: file with one ``picture label`` per line.
            passes: pictures seen in total, one counted each time.
        """
        return Pretrain(
            method=self.method,
            encoder=encoder,
            backbone=self.backbone,
            features=features,
            data_root=str(self.pictures.root.resolve()),
            annotations=str(annotations.resolve()),
            classes=len(self.pictures.classes),
            size=self.size,
            passes=passes,
            batch_size=self.batch_size,
            lr=self.lr,
            mask_ratio=self.mask_ratio,
            seed=self.seed,
        )

    def header(self, passes: int) -> dict[str, str]:
        """Return the facts that stand in the weights file."""
        has_labels = METHODS[self.method].has_labels
        world = self.pictures.world
        return {
            'name': self.name,
            'method': self.method,
            'labels': self.pictures.labels if has_labels else 'none',
            **({'world': world} if world else {'data': self.pictures.sha256}),
            'pictures': str(len(self.pictures)),
            'passes': str(passes),
            'seed': str(self.seed),
        }

    def pretrained(self, features: Features, weights: Path, passes: int) -> Backbone:
        """Return the declaration of the pretrained backbone."""
        method = METHODS[self.method]
        return Backbone(
            id=self.name,
            source=self.backbone.source,
            options=self.backbone.options,
            code=self.backbone.code,
            checkpoint=weights,
            normalisation=(features.mean, features.std),
            pretraining=Pretraining(
                method=method.title,
                family=method.family,
                data=self.pictures.title,
                epochs=round(passes / len(self.pictures), 3),
                labels=method.has_labels,
            ),
            reference=method.reference,
        )
