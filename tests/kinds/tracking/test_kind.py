"""The tracker's parts against closed forms, and whole cells on tiny sequences."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.ops import box_convert, box_iou, generalized_box_iou, sigmoid_focal_loss

from benchmark.compiling import WORK, compile_submission, localise, submission_name
from benchmark.errors import DataError, DeclarationError
from benchmark.execution.jobs import train_job
from benchmark.kinds.base import DATA
from benchmark.kinds.tracking.data import Crops, Region
from benchmark.kinds.tracking.fusion import TokenFusion
from benchmark.kinds.tracking.head import (
    Cells,
    Response,
    ResponseHead,
    box_overlap,
    response_losses,
    varifocal_loss,
)
from benchmark.kinds.tracking.kind import METRICS, nearest_level
from benchmark.kinds.tracking.kind import data as data_parts
from benchmark.kinds.tracking.kind import model as model_parts
from benchmark.kinds.tracking.toolkits import Track, scores_by
from benchmark.kinds.tracking.tracker import SiameseTracker, best_box, keep_inside, track
from benchmark.specs import Task
from tests.support.kind_trials import Trial, context, declare

OPTIONS = {'template_size': 32, 'width': 32, 'heads': 2, 'encoder_layers': 1, 'min_side': 4}
FRAMES = 6
SIDE = 96


def tiny_task(folder: Path, **options: object) -> Task:
    facts = {
        'name': 'tiny',
        'kind': 'tracking',
        'input_size': (64, 64),
        'classes': ('target',),
        'splits': {'train': 2, 'test': 2},
        'metric': 'AO',
        'metrics': ('success_AUC',),
        'options': {**OPTIONS, **options},
    }
    data = {
        'root': 'tracking',
        'type': 'benchmark.GOT10k',
        'train': {'ann_file': 'train/list.txt'},
        'test': {'ann_file': 'test/list.txt'},
    }
    return declare(folder, facts, data)


def write_sequence(folder: Path, rng: np.random.Generator) -> None:
    """Write a bright square that moves over noise; one frame hides it."""
    folder.mkdir(parents=True)
    start, step = rng.uniform(20, 40, 2), rng.uniform(-3, 3, 2)
    boxes = np.array([[*np.round(start + step * n), 18, 18] for n in range(FRAMES)])
    for number, (left, top, width, height) in enumerate(boxes.astype(int), 1):
        image = rng.integers(0, 90, (SIDE, SIDE, 3), np.uint8)
        image[top : top + height, left : left + width] = (60, 220, 240)
        cv2.imwrite(str(folder / f'{number:08d}.jpg'), image)
    np.savetxt(folder / 'groundtruth.txt', boxes + np.array([1, 1, 0, 0]), '%.4f', delimiter=',')
    np.savetxt(folder / 'cover.label', [8, 8, 8, 0, 8, 8], '%d')


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, rng = tmp_path_factory.mktemp('got10k'), np.random.default_rng(0)
    for split in ('train', 'test'):
        for name in ('A', 'B'):
            write_sequence(root / split / name, rng)
        (root / split / 'list.txt').write_text('A\nB\n')
    return root


@pytest.mark.parametrize('architecture', ['test_vit', 'test_resnet'])
@pytest.mark.parametrize('protocol', ['frozen', 'finetune'])
def test_a_cell_learns_what_its_protocol_says(
    architecture: str, protocol: str, data: Path, tmp_path: Path
) -> None:
    outcome = Trial(tiny_task(tmp_path), architecture, protocol, data, tmp_path / 'work').run()
    assert set(outcome.raw) == {
        'AO', 'SR50', 'SR75', 'success_AUC', 'precision', 'norm_precision',
    }  # fmt: skip
    assert all(0 <= value <= 1 for value in outcome.raw.values())
    assert outcome.proof['head_changed'] > 0
    assert (outcome.proof['backbone_changed'] > 0) == (protocol == 'finetune')
    assert {'loss', 'loss_score', 'loss_giou', 'loss_l1'} < set(outcome.curves)
    assert len(outcome.pictures) == 2


def test_the_same_seed_gives_the_same_numbers(data: Path, tmp_path: Path) -> None:
    task = tiny_task(tmp_path)
    first, again = (
        Trial(task, 'test_vit', 'finetune', data, tmp_path / name).run() for name in ('a', 'b')
    )
    assert first.raw == again.raw
    assert first.curves == again.curves


def withheld(data: Path) -> None:
    """Write the test sequences again as an official test split has them."""
    for name in ('A', 'B'):
        folder = data / 'official' / name
        folder.mkdir(parents=True, exist_ok=True)
        for path in (data / 'test' / name).glob('*.jpg'):
            (folder / path.name).write_bytes(path.read_bytes())
        first = (data / 'test' / name / 'groundtruth.txt').read_text().splitlines()[0]
        (folder / 'groundtruth.txt').write_text(first + '\n')
    (data / 'official/list.txt').write_text('A\nB\n')


def packed(archive: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(archive) as opened:
        return {
            name: np.loadtxt(io.StringIO(opened.read(name).decode()), delimiter=',')
            for name in opened.namelist()
        }


@pytest.mark.parametrize('averaged', [False, True])
@pytest.mark.parametrize('toolkit', ['got10k', 'trackingnet'])
def test_the_servers_archive_holds_the_boxes_that_the_test_would_score(
    toolkit: str, averaged: bool, data: Path, tmp_path: Path
) -> None:
    withheld(data)
    wanted = {'got10k': ('AO', ()), 'trackingnet': ('success_area', ())}[toolkit]
    task = replace(
        tiny_task(tmp_path, toolkit='got10k'),
        metric=METRICS[wanted[0]],
        metrics=wanted[1],
        options={**OPTIONS, 'toolkit': toolkit, 'submission': 'official/list.txt'},
    )
    work = tmp_path / 'work'
    config = Trial(task, 'test_vit', 'finetune', data, work, iterations=8).config()
    if averaged:
        config['custom_hooks'].append({'type': 'benchmark.WeightAverage', 'decay': 0.9})
    hook = compile_submission(task)
    assert hook is not None
    hook = localise(hook, {DATA: str(data), WORK: str(work)})
    answer = train_job({'config': config, 'folder': str(work), 'hooks': [hook]})
    files = packed(work / submission_name(task))
    tracks = []
    for name in ('A', 'B'):
        key = f'{name}/{name}_001.txt' if toolkit == 'got10k' else f'{name}.txt'
        truth = np.loadtxt(data / 'test' / name / 'groundtruth.txt', delimiter=',')
        assert files[key].shape == truth.shape
        assert files[key][0].tolist() == truth[0].tolist()
        visible = np.loadtxt(data / 'test' / name / 'cover.label') > 0
        origin = np.array([1.0, 1.0, 0.0, 0.0])
        tracks.append(Track(files[key] - origin, truth - origin, visible, (SIDE, SIDE)))
        if toolkit == 'got10k':
            seconds = files[f'{name}/{name}_time.txt']
            assert seconds.shape == (FRAMES,)
            assert (seconds > 0).all()
    assert len(files) == (4 if toolkit == 'got10k' else 2)
    # the files hold 3 decimals; 2 before TrackingNet rounds to pixels, which may end a pixel off
    tolerance = {'got10k': 2e-3, 'trackingnet': 0.02}[toolkit]
    assert scores_by(toolkit, tracks) == pytest.approx(answer['raw'], abs=tolerance)


def test_numbers_are_the_same_with_an_archive_and_without(data: Path, tmp_path: Path) -> None:
    withheld(data)
    task = tiny_task(tmp_path, submission='official/list.txt')
    found = []
    for name in ('plain', 'with'):
        work = tmp_path / name
        config = Trial(task, 'test_vit', 'finetune', data, work).config()
        hook = localise(compile_submission(task) or {}, {DATA: str(data), WORK: str(work)})
        torch.manual_seed(0)
        request = {'config': config, 'folder': str(work)}
        found.append(train_job({**request, 'hooks': [hook]} if name == 'with' else request))
    assert found[0]['raw'] == found[1]['raw']
    assert found[0]['curves'] == found[1]['curves']


def test_official_sequences_that_are_not_there_are_told_before_training(
    data: Path, tmp_path: Path
) -> None:
    task = tiny_task(tmp_path, submission='nowhere/list.txt')
    work = tmp_path / 'work'
    config = Trial(task, 'test_vit', 'finetune', data, work).config()
    hook = localise(compile_submission(task) or {}, {DATA: str(data), WORK: str(work)})
    with pytest.raises(DataError, match=r'nowhere/list\.txt: cannot be read'):
        train_job({'config': config, 'folder': str(work), 'hooks': [hook]})
    assert not list(work.glob('*.pth'))


def test_a_toolkit_without_a_server_takes_no_submission(tmp_path: Path) -> None:
    task = tiny_task(tmp_path, toolkit='lasot', submission='official/list.txt')
    task = replace(task, metric=METRICS['success_AUC'])
    with pytest.raises(DeclarationError, match='only got10k and trackingnet have a server'):
        data_parts(task)


@pytest.mark.parametrize(
    ('strides', 'index'), [((4, 8, 16, 32), 2), ((14,), 0), ((8, 32), 1), ((4, 8, 14), 2)]
)
def test_the_map_nearest_stride_16_is_used(strides: tuple[int, ...], index: int) -> None:
    assert nearest_level(strides) == index


class Squares(torch.nn.Module):
    """A backbone whose map says nothing but has the right size."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, images: Tensor) -> tuple[Tensor]:
        cells = [-(-side // self.stride) for side in images.shape[-2:]]
        return (torch.ones(len(images), 24, *cells),)


@pytest.mark.parametrize('stride', [8, 14, 16, 32])
@pytest.mark.parametrize('template_size', [32, 48])
def test_every_backbone_gets_the_same_grid(
    stride: int, template_size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_parts(
        context(tiny_task(tmp_path, template_size=template_size), stride=stride)
    ).model
    del model['type']
    monkeypatch.setattr(
        'benchmark.kinds.tracking.tracker.MODELS.build', lambda config: Squares(stride)
    )
    tracker = SiameseTracker(**{**model, 'data_preprocessor': None})
    shapes = torch.tensor([[3.0, 5.0], [4.0, 4.0]])
    target = tracker.look_at(torch.rand(2, 3, template_size, template_size), shapes)
    assert target.features.shape == (2, 24, template_size // 16, template_size // 16)
    response = tracker.respond(target, torch.rand(2, 3, 64, 64))
    assert response.logits.shape == (2, 16)
    assert response.boxes.shape == (2, 16, 4)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'template_size': 40}, '16 divides'),
        ({'width': 30}, 'multiple of 4'),
        ({'search_factor': 0}, 'search_factor is 0'),
    ],
)
def test_sizes_that_cannot_be_used_are_told(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DeclarationError, match=message) as caught:
        data_parts(tiny_task(tmp_path, **options))
    assert 'tiny.py' in str(caught.value)


CELLS = Cells(count=8, stride=16, reference=32.0)


def random_boxes(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    centre = 20 + 88 * torch.rand(*shape, 2, generator=generator)
    size = 4 + 60 * torch.rand(*shape, 2, generator=generator)
    return box_convert(torch.cat([centre, size], -1), 'cxcywh', 'xyxy')


def test_decoding_undoes_encoding() -> None:
    boxes, shapes = random_boxes(3, 64), torch.tensor([[10.0, 40.0], [5.0, 5.0], [90.0, 20.0]])
    assert torch.allclose(CELLS.decode(CELLS.encode(boxes, shapes), shapes), boxes, atol=1e-4)


def test_zero_deltas_are_boxes_of_the_templates_aspect_and_the_crops_area() -> None:
    boxes = CELLS.decode(torch.zeros(1, 64, 4), torch.tensor([[10.0, 40.0]]))
    centre, size = box_convert(boxes, 'xyxy', 'cxcywh').split(2, dim=-1)
    assert torch.allclose(size, torch.tensor([16.0, 64.0]))
    # the tenth cell is the second of the second row
    assert centre[0, 9].tolist() == pytest.approx([24.0, 24.0])
    assert centre[0, 8].tolist() == pytest.approx([8.0, 24.0])


def test_an_untrained_head_starts_there() -> None:
    head = ResponseHead(width=16, cells=CELLS)
    shapes = torch.tensor([[10.0, 40.0]])
    response = head(torch.randn(1, 64, 16), shapes)
    assert torch.equal(response.boxes, CELLS.decode(torch.zeros(1, 64, 4), shapes))


def test_cells_inside_the_box_are_positive() -> None:
    boxes = torch.tensor([[20.0, 36.0, 60.0, 60.0], [33.0, 33.0, 37.0, 37.0]])
    inside = CELLS.inside(boxes).reshape(2, 8, 8)
    # centres at 8, 24, 40, 56 ...: columns 24, 40 and 56, rows 40 and 56
    assert inside[0].nonzero().tolist() == [[2, 1], [2, 2], [2, 3], [3, 1], [3, 2], [3, 3]]
    # a box between the centres has the cell nearest its own
    assert inside[1].nonzero().tolist() == [[2, 2]]


def test_overlap_agrees_with_torchvision() -> None:
    boxes = random_boxes(40)
    pairs = box_overlap(boxes, boxes.flip(0))
    assert torch.allclose(pairs, box_iou(boxes, boxes.flip(0)).diagonal(), atol=1e-6)


def test_varifocal_loss_of_negatives_is_a_focal_loss() -> None:
    logits = torch.linspace(-3, 3, 7)
    nothing = torch.zeros(7)
    expected = sigmoid_focal_loss(logits, nothing, alpha=0.25, gamma=2.0)
    found = varifocal_loss(logits, nothing, nothing.bool())
    assert torch.allclose(found, expected, atol=1e-6)


def test_varifocal_loss_of_positives_is_least_at_their_quality() -> None:
    quality = torch.full((99,), 0.3)
    chances = torch.linspace(0.01, 0.99, 99)
    losses = varifocal_loss(chances.logit(), quality, torch.ones(99, dtype=torch.bool))
    assert float(chances[losses.argmin()]) == pytest.approx(0.3, abs=1e-6)


def test_losses_against_single_terms_worked_out_apart() -> None:
    truth = torch.tensor([[33.0, 33.0, 39.0, 39.0]])  # one positive cell: 18
    boxes = random_boxes(1, 64)
    logits = torch.zeros(1, 64)
    losses = response_losses(Response(logits, boxes), truth, CELLS)
    found = boxes[:, 18]
    assert float(losses['loss_giou']) == pytest.approx(
        1.5 * (1 - float(generalized_box_iou(found, truth))), rel=1e-4
    )
    away = box_convert(found, 'xyxy', 'cxcywh') - box_convert(truth, 'xyxy', 'cxcywh')
    assert float(losses['loss_l1']) == pytest.approx(5 * float(away.abs().mean()) / 128, rel=1e-5)
    without = response_losses(Response(logits, boxes), truth, CELLS, l1_weight=0.0)
    assert without == {key: loss for key, loss in losses.items() if key != 'loss_l1'}
    quality = float(box_iou(found, truth))
    score = (quality + 63 * 0.75 * 0.25) * np.log(2)
    assert float(losses['loss_score']) == pytest.approx(1.5 * score, rel=1e-4)


def test_a_perfect_response_costs_next_to_nothing() -> None:
    truth = random_boxes(2)
    inside = CELLS.inside(truth)
    response = Response(40.0 * inside - 20.0, truth[:, None].expand(-1, 64, -1))
    assert sum(float(loss) for loss in response_losses(response, truth, CELLS).values()) < 1e-4


def test_search_tokens_see_the_template_and_know_their_place() -> None:
    torch.manual_seed(0)
    fusion = TokenFusion(in_channels=6, width=16, heads=2, encoder_layers=1, decoder_layers=1)
    template, search = torch.randn(1, 6, 2, 2), torch.randn(1, 6, 4, 4)
    found = fusion(template, search)
    assert found.shape == (1, 16, 16)
    assert not torch.allclose(fusion(template + 1, search), found)
    flipped = fusion(template, search.flip(3)).unflatten(1, (4, 4)).flip(2).flatten(1, 2)
    assert not torch.allclose(flipped, found, atol=1e-3)


class Film:
    """A film of nothing; remembers where the tracker looks."""

    frame_size = (200, 160)

    def __init__(self, truth: np.ndarray) -> None:
        self.truth = truth
        self._crops = Crops(64, 128, 2.0, 4.0)
        self.index, self.region = 0, Region(0, 0, 1, 1)

    def __len__(self) -> int:
        return len(self.truth)

    def template(self, index: int, box: np.ndarray) -> Tensor:
        raise AssertionError('an oracle needs no template')

    def search(self, index: int, box: np.ndarray) -> tuple[Tensor, Region]:
        crop, self.region = self._crops.search(np.zeros((160, 200, 3), np.uint8), box)
        self.index = index
        return crop, self.region

    def oracle(self, crop: Tensor) -> Response:
        """Return the true box at the cell nearest its centre and others elsewhere."""
        left, top, width, height = self.region.to_crop(self.truth[self.index])
        box = torch.tensor([left, top, left + width, top + height], dtype=torch.float64)
        cells = Cells(count=8, stride=16, reference=32.0)
        distance = (cells.centres - (box[:2] + box[2:]) / 2).norm(dim=1)
        boxes = torch.rand(1, 64, 4, dtype=torch.float64) * 100
        boxes[0, distance.argmin()] = box
        logits = torch.full((1, 64), -20.0)
        logits[0, distance.argmin()] = 20.0
        return Response(logits, boxes)


def test_a_tracker_with_an_oracle_recovers_the_truth() -> None:
    time = np.arange(40)[:, None]
    centre = np.concatenate([100 + 50 * np.sin(time / 6), 80 + 30 * np.cos(time / 5)], 1)
    size = np.concatenate([24 + 8 * np.sin(time / 4), 30 + 0 * time], 1)
    truth = np.concatenate([centre - size / 2, size], 1)
    film = Film(truth)
    boxes = track(film, truth[0], film.oracle, window_penalty=0.4, min_side=4.0)
    assert np.abs(boxes - truth).max() < 1e-6


def test_the_window_favours_the_centre() -> None:
    logits = torch.full((1, 64), -4.0)
    logits[0, 0], logits[0, 27] = 0.2, 0.0
    boxes = torch.arange(64.0)[None, :, None] + torch.tensor([0.0, 0.0, 5.0, 7.0])
    response = Response(logits, boxes)
    assert best_box(response, 0.0).tolist() == [0, 0, 5, 7]
    assert best_box(response, 0.49).tolist() == [27, 27, 5, 7]


@pytest.mark.parametrize(
    ('box', 'kept'),
    [
        ([10, 10, 20, 20], [10, 10, 20, 20]),
        ([-15, 10, 20, 20], [0, 10, 10, 20]),
        ([-50, 10, 20, 20], [0, 10, 10, 20]),
        ([95, 70, 40, 3], [90, 70, 10, 10]),
    ],
)
def test_boxes_stay_in_the_frame(box: list[float], kept: list[float]) -> None:
    assert keep_inside(np.array(box, float), (100, 80), 10.0).tolist() == kept
