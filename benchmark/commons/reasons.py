"""Why a bundle is refused, and how far the scores of one that is accepted were checked."""

from __future__ import annotations

import enum
from typing import NamedTuple

from benchmark.errors import RecordError


class Reason(enum.StrEnum):
    """What is wrong with a bundle, by name."""

    UNPACKING = 'cannot be unpacked'
    LINK = 'link or device'
    TOO_LARGE = 'too large'
    REPEATED_FILE = 'file twice'
    NO_MANIFEST = 'no manifest'
    SCHEMA = 'unknown schema'
    SUITE = 'another suite'
    MISSING_FILE = 'missing file'
    EXTRA_FILE = 'extra file'
    DIGEST = 'wrong digest'
    UNREADABLE = 'unreadable record'
    NOT_FINITE = 'not a finite number'
    PLACE = 'record in a wrong place'
    FAILED = 'failed run'
    SCORE = 'edited score'
    FINGERPRINT = 'wrong fingerprint'
    WEIGHTS = 'wrong weights'
    SEED = 'wrong seed'
    TASK = 'another task version'
    TIME = 'impossible time'
    OUTCOMES = 'wrong outcomes'
    REPEATED = 'repeated run'
    MISSING = 'missing run'
    MIXED = 'mixed experiments'
    RERUN = 'not reproduced'


class Problem(NamedTuple):
    """A reason to refuse a bundle, where it was found, and what is there."""

    reason: Reason
    place: str
    text: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f'{self.reason}: {self.place}: {self.text}'


class Refused(RecordError):
    """A bundle in which nothing can be trusted, because it is not what its manifest lists."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Badge(enum.StrEnum):
    """How far a score was checked, the least first."""

    SELF_REPORTED = 'self-reported'
    RECOMPUTED = 'recomputed'
    RERUN = 're-run'


def lowest(badges: list[Badge]) -> Badge:
    """Return the badge that all of several scores have earned."""
    order = list(Badge)
    return min(badges, key=order.index, default=Badge.SELF_REPORTED)
