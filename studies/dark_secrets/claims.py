"""Claims of the two papers, worded so that a pair of backbones can confirm or contradict them."""

from __future__ import annotations

import enum
from typing import NamedTuple

DARK_SECRETS, MASK_RECONSTRUCTION = '2205.13543', '2206.03826'
"""The two papers on arXiv."""


class ClaimSource(enum.StrEnum):
    """Where a claim is taken from: an abstract, memory, or this project."""

    ABSTRACT = 'abstract'
    RECALLED = 'recalled'
    OWN = 'own question'


class Claim(NamedTuple):
    """A statement, and where it is from.

    ``paper`` is an arXiv number, empty where this project asks a question of its own.
    """

    text: str
    source: ClaimSource
    paper: str = ''

    @property
    def origin(self) -> str:
        """The source, with the paper."""
        return f'{self.source}, {self.paper}' if self.paper else str(self.source)


CLAIMS = (
    LOCAL := Claim(
        'masked pretraining brings a bias towards locality to all layers',
        ClaimSource.ABSTRACT,
        DARK_SECRETS,
    ),
    DIVERSE := Claim(
        'heads stay diverse in the last layers after masked pretraining, not after supervision',
        ClaimSource.ABSTRACT,
        DARK_SECRETS,
    ),
    ALIKE := Claim(
        'layers are more alike after masked pretraining', ClaimSource.RECALLED, DARK_SECRETS
    ),
    DROPPED := Claim(
        'a supervised network improves when its last blocks go, a masked one gets worse',
        ClaimSource.RECALLED,
        DARK_SECRETS,
    ),
    GEOMETRIC := Claim(
        'masked pretraining is ahead on geometric and motion tasks',
        ClaimSource.ABSTRACT,
        DARK_SECRETS,
    ),
    FINE := Claim(
        'masked pretraining is ahead on fine-grained classification',
        ClaimSource.ABSTRACT,
        DARK_SECRETS,
    ),
    COVERED := Claim(
        'supervision is ahead where its classes cover the task', ClaimSource.RECALLED, DARK_SECRETS
    ),
    BOXES := Claim(
        'the box loss of detection falls faster after masked pretraining',
        ClaimSource.RECALLED,
        DARK_SECRETS,
    ),
    CAPTURED := Claim(
        'masked pretraining captures all features of a class, supervision only some',
        ClaimSource.ABSTRACT,
        MASK_RECONSTRUCTION,
    ),
    FIELDS := Claim('receptive fields are more local after masked pretraining', ClaimSource.OWN),
    KERNELS := Claim(
        'masked pretraining gains more where kernels are large', ClaimSource.RECALLED, DARK_SECRETS
    ),
)
