"""What the labels of a frame say agrees with what the frame shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmark.world import FLIP_PAIRS, INSTANCE_CLASSES, KEYPOINTS, SEMANTIC_CLASSES, SKELETON
from benchmark.world.anatomy import gait, keypoint_positions, place_joints
from benchmark.world.blocks import Block, draw_crate
from benchmark.world.camera import Camera
from benchmark.world.formats import tight_box
from benchmark.world.labels import CLUTTER, GROUND, PARTS, SKY
from benchmark.world.plans import PLANS
from benchmark.world.render import ABSENT, OCCLUDED, VISIBLE, Actor, Frame, Scene, render
from benchmark.world.scene import draw_figure, draw_open_scene
from benchmark.world.scenery import draw_scenery, flat_profile
from benchmark.world.species import SEEN_SPECIES
from benchmark.world.streams import Stream, generator


def scene_of(actors: tuple[Actor, ...], blocks: tuple[Block, ...] = ()) -> Scene:
    rng = generator(0, Stream.SCENES, 9, 9)
    camera = Camera(size=128, focal=130.0, height=1.2, pitch=0.15)
    noise = np.zeros((128, 128, 3), np.float32)
    return Scene(draw_scenery(rng, flat_profile(), 0.0, 9.0), camera, actors, noise, blocks)


def creature(x: float, z: float, identity: int = 0, species: int = 9) -> Actor:
    rng = generator(0, Stream.SCENES, 8, species)
    return Actor(identity, draw_figure(rng, SEEN_SPECIES[species]), x, z, 1.0)


def test_masks_are_disjoint_and_agree_with_the_semantic_map(frames: Sequence[Frame]) -> None:
    parts = [SEMANTIC_CLASSES.index(name) for name in PARTS]
    for frame in frames:
        claimed = np.zeros(frame.semantic.shape, int)
        for instance in frame.instances:
            claimed += instance.mask
            name = INSTANCE_CLASSES[instance.category]
            expected = [SEMANTIC_CLASSES.index(name)] if name in CLUTTER else parts
            assert np.isin(frame.semantic[instance.mask], expected).all()
        assert claimed.max() <= 1
        assert np.array_equal(claimed == 1, frame.semantic > SEMANTIC_CLASSES.index('table'))


def test_boxes_are_tight(frames: Sequence[Frame]) -> None:
    for instance in (one for frame in frames for one in frame.instances if one.area):
        x, y, width, height = tight_box(instance.mask)
        inside = instance.mask[y : y + height, x : x + width]
        assert inside.sum() == instance.area
        assert inside[0].any()
        assert inside[-1].any()
        assert inside[:, 0].any()
        assert inside[:, -1].any()


def test_depth_is_missing_in_the_sky_alone(frames: Sequence[Frame]) -> None:
    for frame in frames:
        assert np.array_equal(frame.depth == 0, frame.semantic == SKY)
        assert frame.depth.max() < 20_000
    assert any((frame.semantic == SKY).any() for frame in frames)


def test_the_ground_is_as_deep_as_the_camera_says() -> None:
    frame = render(scene_of(()))
    camera = Camera(size=128, focal=130.0, height=1.2, pitch=0.15)
    row = 110
    angle = 0.15 + np.arctan((row - 63.5) / 130.0)
    along_the_ray = 1.2 / np.sin(angle)
    expected = along_the_ray * np.cos(angle - 0.15)
    assert np.allclose(frame.depth[row] / 1000, expected, atol=0.001)
    assert camera.project(0.0, 0.0, 4.0).v == pytest.approx(
        63.5 + 130 * np.tan(np.arctan2(1.2, 4.0) - 0.15)
    )


def crate(x: float, z: float, size: tuple[float, float, float], turn: float = 0.0) -> Block:
    made = draw_crate(generator(0, Stream.SCENES, 7, 7), x, z, 0.0, 1.0)
    return made._replace(size=size, turn=turn, identity=50)


def test_the_front_of_a_crate_is_where_the_camera_equations_put_it() -> None:
    frame = render(scene_of((), (crate(0.0, 4.0, (1.0, 0.6, 0.8)),)))
    camera = Camera(size=128, focal=130.0, height=1.2, pitch=0.15)
    front = 4.0 - 0.4
    corners = [camera.project(x, h, front) for x in (-0.5, 0.5) for h in (0.0, 0.6)]
    (instance,) = frame.instances
    x, y, width, height = tight_box(instance.mask)
    assert x == pytest.approx(min(c.u for c in corners), abs=1)
    assert x + width == pytest.approx(max(c.u for c in corners), abs=1.5)
    assert y + height == pytest.approx(max(c.v for c in corners), abs=1.5)
    middle = camera.project(0.0, 0.3, front)
    assert frame.depth[round(middle.v), round(middle.u)] / 1000 == pytest.approx(
        middle.depth, abs=0.01
    )
    top = camera.project(0.0, 0.6, 4.0)
    fall = np.sin(0.15) + (round(top.v) - 63.5) / 130 * np.cos(0.15)
    assert frame.depth[round(top.v), round(top.u)] / 1000 == pytest.approx(0.6 / fall, abs=0.001)
    assert y == pytest.approx(camera.project(0.0, 0.6, 4.4).v, abs=1)


def test_a_turned_crate_shows_its_nearest_edge_nearest() -> None:
    frame = render(scene_of((), (crate(0.0, 4.0, (1.0, 0.6, 1.0), np.pi / 4),)))
    edge = Camera(size=128, focal=130.0, height=1.2, pitch=0.15).project(0, 0.3, 4 - np.sqrt(0.5))
    row = frame.depth[round(edge.v)] / 1000
    own = frame.instances[0].mask[round(edge.v)]
    assert row[own].min() == pytest.approx(edge.depth, abs=0.02)
    assert int(np.flatnonzero(own)[row[own].argmin()]) == pytest.approx(edge.u, abs=1)


@pytest.mark.parametrize(('turn', 'slope'), [(0.0, 0.1), (0.3, -0.1), (-0.4, 0.2)])
def test_depth_on_a_slope_solves_the_equation_of_its_plane(turn: float, slope: float) -> None:
    profile = np.array([[-4.0, -4 * slope], [9.0, 9 * slope]])
    rng = generator(0, Stream.SCENES, 9, 9)
    stage = draw_scenery(rng, profile, turn, 9.0)
    camera = Camera(size=128, focal=130.0, height=1.2, pitch=0.3)
    noise = np.zeros((128, 128, 3), np.float32)
    frame = render(Scene(stage, camera, (), noise))
    right, down, ahead = camera.axes
    for row, column in ((125, 3), (110, 64), (100, 120)):
        ray = ahead + ((column - 63.5) * right + (row - 63.5) * down) / 130.0
        # height = slope * (x sin(turn) + z cos(turn)) along the ray from (0, 1.2, 0)
        rise = ray[1] - slope * (ray[0] * np.sin(turn) + ray[2] * np.cos(turn))
        assert frame.depth[row, column] / 1000 == pytest.approx(-1.2 / rise, abs=0.001)
        assert frame.semantic[row, column] == GROUND


def test_a_step_hides_what_lies_behind_it_and_is_as_deep_as_it_stands_away() -> None:
    profile = np.array([[-4.0, 0.0], [4.0, 0.0], [4.0, 0.5], [20.0, 0.5]])
    stage = draw_scenery(generator(0, Stream.SCENES, 9, 9), profile, 0.0, 9.0)
    assert stage.ground.height(0, 3.9) == 0
    assert stage.ground.height(0, 4.1) == 0.5
    assert stage.ground.is_near_step(3.0, 4.2, 0.3)
    scene = scene_of(())._replace(scenery=stage)
    riser = scene.camera.project(0.0, 0.25, 4.0)
    depth = render(scene).depth[round(riser.v), 64] / 1000
    assert depth == pytest.approx(riser.depth, abs=0.02)
    assert render(scene_of(())).depth[round(riser.v), 64] / 1000 > depth + 0.3


def test_what_stands_on_a_crate_is_seen_on_it_and_a_crate_in_front_hides_it() -> None:
    box = crate(0.0, 4.0, (1.4, 0.5, 1.0))
    lifted = creature(0.0, 4.0)._replace(base=box.top)
    frame = render(scene_of((lifted,), (box,)))
    block, animal = frame.instances
    assert (block.identity, animal.identity) == (50, 0)
    assert animal.visible_share == 1
    foot = scene_of(()).camera.project(0.0, 0.5, 4.0)
    _, y, _, height = tight_box(animal.mask)
    assert y + height == pytest.approx(foot.v, abs=2)
    assert block.full_area > block.area
    screen = crate(0.0, 2.6, (3.0, 0.8, 0.4))
    hidden = render(scene_of((creature(0.0, 4.0),), (screen,))).instances[1]
    assert hidden.visible_share < 0.7
    assert hidden.full_area == pytest.approx(animal.full_area, rel=0.05)


def test_open_scenes_mix_rooms_and_open_air_and_stand_things_on_things() -> None:
    scenes = [draw_open_scene(generator(6, Stream.SCENES, 0, i), 64) for i in range(40)]
    in_the_open = sum(len(scene.scenery.bounds) == 1 for scene in scenes)
    assert 10 <= in_the_open <= 30
    lifted = 0
    for scene in scenes:
        ground = scene.scenery.ground
        gaps = [actor.base - ground.height(actor.x, actor.z) for actor in scene.actors]
        assert min(gaps) > -1e-6
        tops = {block.top for block in scene.blocks}
        assert all(g < 1e-6 or a.base in tops for g, a in zip(gaps, scene.actors, strict=True))
        lifted += any(gap > 0.1 for gap in gaps)
    assert lifted >= 10
    assert np.ptp([scene.camera.horizon for scene in scenes]) > 64
    assert np.ptp([scene.camera.height for scene in scenes]) > 1.5


def test_a_nearer_creature_hides_a_farther_one_and_is_nearer_in_depth() -> None:
    far, near = creature(0.0, 5.0, 0), creature(0.2, 3.0, 1)
    alone = render(scene_of((far,)))
    both = render(scene_of((near, far)))
    hidden = alone.instances[0].mask & ~both.instances[0].mask
    assert [one.identity for one in both.instances] == [0, 1]
    assert hidden.sum() > 100
    assert both.instances[1].mask[hidden].all()
    assert (both.depth[hidden] + 500 < alone.depth[hidden]).all()
    assert both.instances[0].full_area == alone.instances[0].full_area


def test_instances_lie_before_what_they_cover(frames: Sequence[Frame]) -> None:
    for seed in range(4):
        scene = draw_open_scene(generator(6, Stream.SCENES, 0, seed), 128)
        full = render(scene)
        for instance in full.instances:
            actors = tuple(a for a in scene.actors if a.identity != instance.identity)
            blocks = tuple(b for b in scene.blocks if b.identity != instance.identity)
            behind = render(scene._replace(actors=actors, blocks=blocks))
            there = instance.mask & (behind.depth > 0)
            assert (full.depth[there] <= behind.depth[there]).all()


def test_visible_key_points_lie_on_their_own_mask(frames: Sequence[Frame]) -> None:
    seen = set()
    for instance in (one for frame in frames for one in frame.instances):
        if instance.keypoints is None:
            assert INSTANCE_CLASSES[instance.category] in CLUTTER
            continue
        for u, v, flag in instance.keypoints:
            seen.add(int(flag))
            if flag == ABSENT:
                assert (u, v) == (0, 0)
                continue
            column, row = round(float(u)), round(float(v))
            assert 0 <= column < 128
            assert 0 <= row < 128
            near = instance.mask[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            assert near.any() or flag == OCCLUDED
    assert seen == {ABSENT, OCCLUDED, VISIBLE}


def test_key_points_hidden_by_another_creature_are_flagged_occluded() -> None:
    far, near = creature(0.0, 5.0, 0), creature(0.0, 3.0, 1)
    alone = render(scene_of((far,))).instances[0].keypoints
    hidden = render(scene_of((near, far))).instances[0].keypoints
    assert alone is not None
    assert hidden is not None
    assert np.array_equal(alone[:, :2], hidden[:, :2])
    assert ((alone[:, 2] == VISIBLE) & (hidden[:, 2] == OCCLUDED)).sum() >= 4
    assert (hidden[:, 2] <= alone[:, 2]).all()


def test_a_biped_lacks_the_fore_limbs_in_every_picture() -> None:
    strider = next(i for i, s in enumerate(SEEN_SPECIES) if s.plan.name == 'strider')
    keypoints = render(scene_of((creature(0.0, 3.0, species=strider),))).instances[0].keypoints
    assert keypoints is not None
    absent = {name for name, row in zip(KEYPOINTS, keypoints, strict=True) if row[2] == ABSENT}
    assert absent == {name for name in KEYPOINTS if '_fore_' in name}


def test_left_and_right_change_places_when_the_creature_turns_round() -> None:
    plan = next(plan for plan in PLANS if plan.name == 'hound')
    joints = place_joints(plan, gait(plan, 0.7, np.zeros(12)))
    right = keypoint_positions(joints, facing_right=True)
    left = keypoint_positions(joints, facing_right=False)
    for first, second in FLIP_PAIRS:
        assert np.array_equal(right[KEYPOINTS[first]], left[KEYPOINTS[second]])
        assert not np.array_equal(right[KEYPOINTS[first]], left[KEYPOINTS[first]])


def test_flip_pairs_and_skeleton_name_existing_key_points() -> None:
    for first, second in FLIP_PAIRS:
        assert KEYPOINTS[first].replace('left', 'right') == KEYPOINTS[second]
    assert {index for link in SKELETON for index in link} == set(range(len(KEYPOINTS)))


def test_a_creature_beyond_the_border_is_cut_but_keeps_its_full_area() -> None:
    whole = render(scene_of((creature(0.0, 3.0),))).instances[0]
    cut = render(scene_of((creature(-1.35, 3.0),))).instances[0]
    assert whole.visible_share == 1
    assert 0 < cut.visible_share < 0.9
    assert cut.full_area == pytest.approx(whole.full_area, rel=0.02)
    assert cut.reach[0] < 0 <= whole.reach[0]


def test_twice_the_distance_halves_the_size() -> None:
    near = tight_box(render(scene_of((creature(0.0, 3.0),))).instances[0].mask)
    far = tight_box(render(scene_of((creature(0.0, 6.0),))).instances[0].mask)
    assert far[2] == pytest.approx(near[2] / 2, abs=2)


def test_moving_the_camera_forward_enlarges_what_stands_still() -> None:
    scene = scene_of((creature(0.0, 5.0),))
    closer = scene._replace(camera=replace(scene.camera, z=1.5))
    assert render(closer).instances[0].area > 1.5 * render(scene).instances[0].area
