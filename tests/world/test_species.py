"""The species tables: what pretraining sees and what it does not."""

from __future__ import annotations

from collections import Counter

from benchmark.world import COARSE_CLASSES, FINE_SPECIES
from benchmark.world.species import (
    ALL_SPECIES,
    COATS,
    FINE_PLANS,
    MARKS,
    SEEN_SPECIES,
    SPECIES_PER_CLASS,
    UNSEEN_SPECIES,
)
from benchmark.world.splits import covered_species
from benchmark.world.textures import coat_tiles


def test_no_fine_species_is_seen_in_pretraining() -> None:
    assert not set(UNSEEN_SPECIES) & set(SEEN_SPECIES)
    assert len({species.name for species in ALL_SPECIES}) == len(ALL_SPECIES)


def test_no_seen_species_pairs_mark_and_tail_as_a_fine_one_does() -> None:
    seen = {(species.mark, species.tail) for species in SEEN_SPECIES}
    assert not seen & {(species.mark, species.tail) for species in UNSEEN_SPECIES}


def test_every_coarse_class_has_its_species() -> None:
    counts = Counter(species.coarse for species in SEEN_SPECIES)
    assert counts == dict.fromkeys(range(len(COARSE_CLASSES)), SPECIES_PER_CLASS)


def test_no_single_trait_names_a_fine_species() -> None:
    for trait in ('coarse', 'coat', 'mark', 'tail'):
        shared = Counter(getattr(species, trait) for species in UNSEEN_SPECIES)
        assert min(shared.values()) >= 4
    assert len(FINE_SPECIES) == 12
    assert {COARSE_CLASSES[species.coarse] for species in UNSEEN_SPECIES} == set(FINE_PLANS)


def test_seen_species_use_every_coat_and_mark() -> None:
    assert {species.coat for species in SEEN_SPECIES} == set(COATS) == set(coat_tiles())
    assert {species.mark for species in SEEN_SPECIES} == set(MARKS)


def test_the_covered_task_goes_through_classes_and_then_species() -> None:
    shown = [covered_species(index) for index in range(len(SEEN_SPECIES))]
    assert [species.coarse for species in shown[:8]] == list(range(8))
    assert set(shown) == set(SEEN_SPECIES)
