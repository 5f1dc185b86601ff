"""The items of each task and split: how item i is drawn, and where it is written."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from benchmark.world.creatures import Figure
from benchmark.world.formats import Annotation, annotate_frame, write_map, write_rgb
from benchmark.world.plans import COARSE_CLASSES
from benchmark.world.render import Frame, Scene, render
from benchmark.world.scene import (
    COVERED_FRAMING,
    FINE_FRAMING,
    PRETRAINING_FRAMING,
    draw_open_scene,
    draw_portrait,
)
from benchmark.world.sequences import PLOTS, draw_shot, render_shot
from benchmark.world.spec import SPLITS, Split, WorldSpec
from benchmark.world.species import SEEN_SPECIES, UNSEEN_SPECIES, Species, seen_of_class
from benchmark.world.streams import Stream, generator
from benchmark.world.tracks import write_sequence


class Batch(NamedTuple):
    """Consecutive items of one stream and split that one worker renders below ``root``."""

    spec: WorldSpec
    root: Path
    stream: Stream
    split: Split
    start: int
    stop: int


class Row(NamedTuple):
    """The labels of one item: its name, annotations, coarse class and species."""

    name: str
    annotations: tuple[Annotation, ...] = ()
    coarse: str = ''
    species: str = ''


def count_items(spec: WorldSpec, stream: Stream, split: Split) -> int:
    """Return the number of items of a downstream task's split."""
    counts = {
        Stream.SCENES: spec.scenes.of(split),
        Stream.COVERED: len(COARSE_CLASSES) * spec.covered_per_class.of(split),
        Stream.FINE: len(UNSEEN_SPECIES) * spec.fine_per_class.of(split),
        Stream.TRACKING: spec.sequences.of(split),
    }
    return counts[stream]


def _write_scene(spec: WorldSpec, root: Path, split: Split, index: int) -> Row:
    rng = generator(spec.seed, Stream.SCENES, SPLITS.index(split), index)
    frame, stem = render(draw_open_scene(rng, spec.size)), f'{index:06d}'
    write_rgb(root / 'scenes/images' / split / f'{stem}.jpg', frame.image)
    write_map(root / 'scenes/semantic' / split / f'{stem}.png', frame.semantic)
    write_map(root / 'scenes/depth' / split / f'{stem}.png', frame.depth)
    return Row(f'{stem}.jpg', tuple(annotate_frame(frame)))


def covered_species(index: int) -> Species:
    """Return the species that item ``index`` of the covered task shows; classes alternate."""
    species = seen_of_class(index % len(COARSE_CLASSES))
    return species[index // len(COARSE_CLASSES) % len(species)]


def _write_covered(spec: WorldSpec, root: Path, split: Split, index: int) -> Row:
    rng = generator(spec.seed, Stream.COVERED, SPLITS.index(split), index)
    species = covered_species(index)
    coarse, number = COARSE_CLASSES[species.coarse], index // len(COARSE_CLASSES)
    scene = draw_portrait(rng, spec.size, species, COVERED_FRAMING, SEEN_SPECIES)
    name = f'classification/covered/{split}/{coarse}/{number:03d}.png'
    write_rgb(root / name, render(scene).image)
    return Row(name, coarse=coarse, species=species.name)


def _write_fine(spec: WorldSpec, root: Path, split: Split, index: int) -> Row:
    rng = generator(spec.seed, Stream.FINE, SPLITS.index(split), index)
    species = UNSEEN_SPECIES[index % len(UNSEEN_SPECIES)]
    scene = draw_portrait(rng, spec.size, species, FINE_FRAMING, UNSEEN_SPECIES)
    number = index // len(UNSEEN_SPECIES)
    name = f'classification/fine/{split}/{species.name}/{number:03d}.png'
    write_rgb(root / name, render(scene).image)
    return Row(name, coarse=COARSE_CLASSES[species.coarse], species=species.name)


def sequence_name(split: Split, index: int) -> str:
    """Return the folder name of a tracking sequence."""
    return f'World_{split.capitalize()}_{index + 1:06d}'


def _write_tracking(spec: WorldSpec, root: Path, split: Split, index: int) -> Row:
    rng = generator(spec.seed, Stream.TRACKING, SPLITS.index(split), index)
    shot = draw_shot(rng, spec.size, PLOTS[index % len(PLOTS)], spec.sequence_length)
    name = sequence_name(split, index)
    write_sequence(root / 'tracking' / split / name, shot, list(render_shot(shot)))
    return Row(name)


def _shown_species(scene: Scene, frame: Frame) -> Species:
    """Return the species of the creature that fills most of the picture."""
    areas = {instance.identity: instance.area for instance in frame.instances}
    creatures = {a.identity: a.body for a in scene.actors if isinstance(a.body, Figure)}
    return creatures[max(creatures, key=lambda one: areas.get(one, 0))].individual.species


def _write_pretraining(spec: WorldSpec, root: Path, split: Split, index: int) -> Row:
    """Write a portrait, or at every odd index an open scene, named after its largest creature."""
    rng = generator(spec.seed, Stream.PRETRAINING, SPLITS.index(split), index)
    name = f'images/{index:06d}.jpg'
    if index % 2:
        scene = draw_open_scene(rng, spec.size)
        frame = render(scene)
        species = _shown_species(scene, frame)
    else:
        species = SEEN_SPECIES[int(rng.integers(len(SEEN_SPECIES)))]
        frame = render(draw_portrait(rng, spec.size, species, PRETRAINING_FRAMING, SEEN_SPECIES))
    write_rgb(root / name, frame.image)
    return Row(name, coarse=COARSE_CLASSES[species.coarse], species=species.name)


_WRITERS = {
    Stream.SCENES: _write_scene,
    Stream.COVERED: _write_covered,
    Stream.FINE: _write_fine,
    Stream.TRACKING: _write_tracking,
    Stream.PRETRAINING: _write_pretraining,
}


def write_batch(batch: Batch) -> list[Row]:
    """Render and write the batch's items and return their rows in order."""
    write = _WRITERS[batch.stream]
    indices = range(batch.start, batch.stop)
    return [write(batch.spec, batch.root, batch.split, index) for index in indices]
