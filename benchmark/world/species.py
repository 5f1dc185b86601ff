"""The species: a body plan with a coat, a local mark and a kind of tail tip.

Within a coarse class all species share shape and hue; coats, marks and tail tips recur
in several species each, so that no single one of them names a species.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from benchmark.world.plans import COARSE_CLASSES, PLANS, BodyPlan

COATS = ('plain', 'stripes', 'bands', 'spots', 'rings', 'blotches')
MARKS = ('unmarked', 'masked', 'collared', 'socked')
TAILS = ('thin', 'tufted')

SPECIES_PER_CLASS = 8
FINE_PLANS = ('grazer', 'hopper')
FINE_COATS = ('stripes', 'spots', 'blotches')
FINE_LOCALS = (('collared', 'tufted'), ('socked', 'thin'))
"""Mark and tail tip of the fine species; no species of the pretraining pairs them so."""


class Species(NamedTuple):
    """One species; ``coarse`` is its index into :data:`COARSE_CLASSES`."""

    coarse: int
    coat: str
    mark: str
    tail: str

    @property
    def name(self) -> str:
        """Return a name made of what distinguishes the species."""
        return '_'.join((COARSE_CLASSES[self.coarse], self.coat, self.mark, self.tail))

    @property
    def plan(self) -> BodyPlan:
        """Return the body plan that the species shares with its coarse class."""
        return PLANS[self.coarse]


def _seen_tail(mark: str, index: int) -> str:
    fixed = {'collared': 'thin', 'socked': 'tufted'}
    return fixed.get(mark, TAILS[index // 2 % 2])


def _seen_species(coarse: int, index: int) -> Species:
    mark = MARKS[(index + index // 4 + coarse) % len(MARKS)]
    return Species(coarse, COATS[(index + coarse) % len(COATS)], mark, _seen_tail(mark, index))


def _fine_species() -> tuple[Species, ...]:
    combined = product(FINE_PLANS, FINE_COATS, FINE_LOCALS)
    return tuple(Species(COARSE_CLASSES.index(p), c, m, t) for p, c, (m, t) in combined)


SEEN_SPECIES = tuple(
    _seen_species(coarse, index)
    for coarse in range(len(PLANS))
    for index in range(SPECIES_PER_CLASS)
)
"""Species of the pretraining split, the scenes, the sequences and the covered task."""

UNSEEN_SPECIES = _fine_species()
"""Species of the fine task; nothing else shows them."""

ALL_SPECIES = SEEN_SPECIES + UNSEEN_SPECIES
FINE_SPECIES = tuple(species.name for species in UNSEEN_SPECIES)


def seen_of_class(coarse: int) -> tuple[Species, ...]:
    """Return the seen species of one coarse class."""
    return tuple(species for species in SEEN_SPECIES if species.coarse == coarse)
