"""Verdicts on claims about pairs of backbones, and their sum: one vote per pair.

A verdict is a difference with an interval, and whether the interval lies on the side that the
claim states. It is barred where its difference cannot be read. No correction is made for how many
there are.
"""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmark.statistics.means import MeanInterval
from studies.dark_secrets.claims import Claim


class BackbonePair(NamedTuple):
    """Two backbones that differ in how they were pretrained and in nothing else.

    ``title`` is what a sentence calls their architecture, ``random`` a network of it that was not
    pretrained.
    """

    masked: str
    supervised: str
    title: str = ''
    random: str = ''

    @property
    def arms(self) -> tuple[str, str]:
        """Both backbones."""
        return self.masked, self.supervised

    def __str__(self) -> str:
        return ' / '.join(self.arms)


class Kernels(NamedTuple):
    """Two pairs of one architecture, with large and with small kernels."""

    large: BackbonePair
    small: BackbonePair
    title: str = ''

    @property
    def arms(self) -> tuple[str, ...]:
        """All four backbones."""
        return (*self.large.arms, *self.small.arms)

    def __str__(self) -> str:
        return f'{self.large} against {self.small}'


class Outcome(enum.StrEnum):
    """Outcome of a claim."""

    HOLDS = 'holds'
    PARTLY = 'partly'
    MIXED = 'mixed'
    CONTRADICTED = 'contradicted'
    OPEN = 'open'


class Count(NamedTuple):
    """Number of units, out of all, on which a difference is on the side of the claim."""

    side: int
    all: int
    units: str

    def __str__(self) -> str:
        return f'{self.side} of {self.all} {self.units}'


class RandomBaseline(NamedTuple):
    """A random network of the same architecture, beside a pair.

    Attributes:
        found: the difference with the random network in place of the masked one.
        beyond: how much farther on the side of the claim the masked network lies than the random.
    """

    found: MeanInterval
    beyond: MeanInterval


@dataclass(frozen=True)
class ClaimVerdict:
    """One measured difference, and whether it supports a claim.

    Attributes:
        claim: what the paper states.
        pair: which backbones.
        measure: the difference, in words; above 0 speaks for the claim.
        found: the difference with its interval.
        over: what the interval is over.
        task: on which task, if any.
        count: on how many units the difference is on the side of the claim, where it claims all.
        random: where a random network lies, if the claim is about what pretraining makes.
        barred: why the difference cannot be read; empty where it can.
    """

    claim: Claim
    pair: BackbonePair | Kernels
    measure: str
    found: MeanInterval
    over: str
    task: str = ''
    count: Count | None = None
    random: RandomBaseline | None = None
    barred: str = ''

    @property
    def where(self) -> str:
        """The backbones, and the task if there is one."""
        return f'{self.pair}, {self.task}' if self.task else str(self.pair)

    @property
    def outcome(self) -> Outcome:
        """``open`` where the interval contains 0 or is unknown, or the difference is barred.

        ``partly`` where the interval is on the side of the claim and some of the units are not.
        """
        if self.barred or not self.found.sign:
            return Outcome.OPEN
        if self.found.sign < 0:
            return Outcome.CONTRADICTED
        whole = self.count is None or self.count.side == self.count.all
        return Outcome.HOLDS if whole else Outcome.PARTLY

    @property
    def random_too(self) -> bool:
        """Whether a random network shows a difference that holds, at least as large."""
        holds = self.outcome is Outcome.HOLDS
        return holds and self.random is not None and self.random.beyond.sign <= 0


class Vote(NamedTuple):
    """All verdicts on a claim for one pair."""

    pair: BackbonePair | Kernels
    verdicts: tuple[ClaimVerdict, ...]

    @property
    def title(self) -> str:
        """What a sentence calls the pair."""
        return self.pair.title or str(self.pair)

    @property
    def outcome(self) -> Outcome:
        """``holds`` if every verdict does, ``contradicted`` if some are and none holds.

        ``partly`` where only some hold and the others are open, ``open`` where all are.
        """
        found = {verdict.outcome for verdict in self.verdicts}
        if len(found) == 1:
            return found.pop()
        if Outcome.CONTRADICTED not in found:
            return Outcome.PARTLY
        return Outcome.CONTRADICTED if found <= _AGAINST else Outcome.MIXED

    @property
    def random_too(self) -> bool:
        """Whether every verdict holds, but for a random network too."""
        return all(verdict.random_too for verdict in self.verdicts)

    @property
    def remarks(self) -> str:
        """Details that the outcome omits: differing verdicts, why some are barred, counts."""
        remarks = list(map(str, (v.count for v in self.verdicts if v.outcome is Outcome.PARTLY)))
        counted = Counter(verdict.outcome for verdict in self.verdicts)
        if len(counted) > 1:
            remarks.insert(0, ', '.join(f'{counted[one]} {one}' for one in Outcome if counted[one]))
        barred: dict[str, list[str]] = defaultdict(list)
        for verdict in self.verdicts:
            if verdict.barred:
                barred[verdict.barred].append(verdict.task)
        remarks += [f'{why} on {_listing(list(dict.fromkeys(on)))}' for why, on in barred.items()]
        too = sum(verdict.random_too for verdict in self.verdicts)
        if too and not self.random_too:
            remarks.append(f'a random network too on {too} of {len(self.verdicts)} measures')
        return '; '.join(remarks)


_AGAINST = {Outcome.CONTRADICTED, Outcome.OPEN}

RANDOM_TOO = (
    'but a random network has it too, so supervision took it away rather than masking made it'
)


def votes(claim: Claim, verdicts: Iterable[ClaimVerdict]) -> list[Vote]:
    """Return the vote of every pair that has a verdict on ``claim``."""
    found: dict[BackbonePair | Kernels, list[ClaimVerdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.claim == claim:
            found[verdict.pair].append(verdict)
    return [Vote(pair, tuple(of_pair)) for pair, of_pair in found.items()]


def conclusion(cast: Sequence[Vote]) -> str:
    """Return a text that lists the pairs by outcome."""
    parts = []
    for outcome in Outcome:
        for too in (False, True):
            found = [v for v in cast if v.outcome is outcome and v.random_too is too]
            if found:
                between, but = (' between the two', f'; {RANDOM_TOO}') if too else ('', '')
                parts.append(
                    f'{outcome}{between} for {_listing(list(map(_title_with_remarks, found)))}{but}'
                )
    return '; '.join(parts) or 'not measured'


def outcome_text(verdict: ClaimVerdict) -> str:
    """Return the outcome of a verdict with its reason."""
    if verdict.barred:
        return f'{verdict.outcome}: {verdict.barred}'
    if verdict.random_too:
        return f'{verdict.outcome} between the two; {RANDOM_TOO}'
    return f'{verdict.outcome}: {verdict.count}' if verdict.count else str(verdict.outcome)


def _title_with_remarks(vote: Vote) -> str:
    return f'{vote.title} ({vote.remarks})' if vote.remarks else vote.title


def _listing(names: Sequence[str]) -> str:
    return ' and '.join([', '.join(names[:-1]), names[-1]] if len(names) > 1 else names)
