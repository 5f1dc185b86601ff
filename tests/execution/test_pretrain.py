"""Pretraining end to end: from pictures to a declared backbone that the harness loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from benchmark.catalog import find_backbone
from benchmark.errors import BenchmarkError, DataError, DeclarationError, IncompatibleError
from benchmark.execution import pretrain
from benchmark.execution.pretrain import run_pretraining, save_weights, sized
from benchmark.models.inspection import build, inspect_backbone
from benchmark.pretraining import Budget, Folder, Pictures, Settings, budget_like, read_facts
from benchmark.specs import Backbone
from tests.support.execution_cells import Interruption
from tests.support.pretraining_requests import (
    CONVNET,
    CONVNEXT,
    SIZE,
    SWIN,
    SWIN_V2,
    VIT,
    settings,
    write_pictures,
)


@pytest.fixture(scope='module')
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    return write_pictures(tmp_path_factory.mktemp('pictures'))


def run(wanted: Settings, path: Path) -> tuple[dict[str, Any], Folder]:
    folder = Folder(path, wanted.name)
    return run_pretraining(wanted, folder, lambda line: None), folder


@pytest.mark.parametrize(
    ('method', 'backbone'),
    [
        ('mae', VIT),
        ('data2vec', VIT),
        ('maskfeat', VIT),
        ('spark', CONVNEXT),
        ('simmim', VIT),
        ('simmim', SWIN),
        ('simmim', SWIN_V2),
        ('simmim', CONVNET),
        ('supervised', CONVNET),
    ],
)
def test_what_is_declared_is_the_trained_network(
    method: str, backbone: Backbone, pictures: Pictures, tmp_path: Path
) -> None:
    facts, folder = run(settings(method, pictures, backbone), tmp_path / 'run')
    declared = find_backbone(str(folder.declaration))
    loaded = build(declared)
    assert loaded.load_report.missing == loaded.load_report.unexpected == ()
    assert loaded.load_report.resized == ()
    torch.manual_seed(0)
    untrained = build(backbone).state_dict()
    trained = loaded.state_dict()
    learnt = [n for n, p in loaded.named_parameters() if not torch.equal(untrained[n], trained[n])]
    assert len(learnt) > 0.6 * len(untrained)
    assert inspect_backbone(declared).mean == inspect_backbone(backbone).mean
    assert declared.pretraining.epochs == facts['epochs'] == 3.0
    assert declared.pretraining.labels == (method == 'supervised')
    assert not folder.work.exists()


def test_the_facts_say_what_was_done(pictures: Pictures, tmp_path: Path) -> None:
    facts, folder = run(settings('mae', pictures, seed=3), tmp_path / 'run')
    assert facts == read_facts(folder.path)
    assert facts['steps'] == facts['cost']['iterations'] == 6
    assert facts['curves']['iteration'] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert facts['data']['sha256'] == pictures.sha256
    assert facts['seconds'] > 5 * facts['seconds_per_step'] / 2 > 0
    assert facts['cpu_seconds'] > 0
    with safe_open(str(folder.weights), framework='pt') as file:
        header = file.metadata()
    assert header == {
        'name': 'run',
        'method': 'mae',
        'labels': 'none',
        'data': pictures.sha256,
        'pictures': '8',
        'passes': '24',
        'seed': '3',
    }
    assert facts['seed'] == 3
    assert header.keys() <= facts.keys()


def test_a_seed_gives_the_same_bytes_and_another_seed_others(
    pictures: Pictures, tmp_path: Path
) -> None:
    first, again, other = (
        run(settings('mae', pictures, seed=seed), tmp_path / name)[1].weights.read_bytes()
        for name, seed in (('first', 0), ('again', 0), ('other', 1))
    )
    assert first == again
    assert first != other


def interrupt(wanted: Settings, path: Path, iteration: int) -> None:
    """Pretrain until after the given step, checkpoint included."""
    plain, hook = pretrain._with_progress, {'type': 'InterruptTraining', 'iteration': iteration}

    def with_interruption(config: dict[str, Any]) -> dict[str, Any]:
        config = plain(config)
        return {**config, 'custom_hooks': [*config['custom_hooks'], hook]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrain, '_with_progress', with_interruption)
        with pytest.raises(Interruption):
            run(wanted, path)


@pytest.mark.parametrize(
    ('method', 'backbone'), [('mae', VIT), ('simmim', SWIN), ('data2vec', VIT)]
)
def test_a_resumed_pretraining_ends_like_an_uninterrupted_one(
    method: str,
    backbone: Backbone,
    pictures: Pictures,
    tmp_path: Path,
) -> None:
    """Crops, flips and masks are drawn as if nothing had happened."""
    wanted = settings(method, pictures, backbone)
    whole, whole_folder = run(wanted, tmp_path / 'whole')
    interrupt(wanted, tmp_path / 'cut', iteration=4)
    facts, folder = run(wanted, tmp_path / 'cut')
    assert facts['cost']['resumed_at'] > 0
    assert facts['curves'] == whole['curves']
    resumed, uninterrupted = load_file(folder.weights), load_file(whole_folder.weights)
    assert resumed.keys() == uninterrupted.keys()
    for name, value in uninterrupted.items():
        torch.testing.assert_close(resumed[name], value, rtol=1e-6, atol=1e-7)


@pytest.mark.slow
def test_two_processes_come_close_to_one(pictures: Pictures, tmp_path: Path) -> None:
    """Each loads its half of the same batches, with the same crops and masks."""
    alone, _ = run(settings('mae', pictures), tmp_path / 'alone')
    shared, folder = run(settings('mae', pictures, processes=2), tmp_path / 'shared')
    assert shared['cost']['processes'] == 2
    assert shared['curves']['loss'] == pytest.approx(alone['curves']['loss'], rel=1e-4)
    assert build(find_backbone(str(folder.declaration))).load_report.missing == ()


def test_weights_that_could_not_be_written_cost_no_training(
    pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = settings('mae', pictures)
    with monkeypatch.context() as patch:
        patch.setattr(pretrain, 'save_weights', _full)
        with pytest.raises(DataError, match='No space left'):
            run(wanted, tmp_path / 'run')
    assert not (tmp_path / 'run' / 'run.py').exists()
    facts, _ = run(wanted, tmp_path / 'run')
    assert facts['cost']['resumed_at'] == 6


def _full(*args: object, **kwargs: object) -> None:
    raise DataError('run.safetensors: cannot be written (No space left on device)')


def test_a_finished_pretraining_stays_and_other_settings_are_refused(
    pictures: Pictures, tmp_path: Path
) -> None:
    wanted = settings('mae', pictures)
    facts, folder = run(wanted, tmp_path / 'run')
    before = folder.weights.stat().st_mtime_ns
    assert run(wanted, tmp_path / 'run')[0] == facts
    assert folder.weights.stat().st_mtime_ns == before
    with pytest.raises(
        DeclarationError, match=r'other settings \(lr is 0\.001 there, requested is 0'
    ):
        run(replace(wanted, lr=0.1), tmp_path / 'run')
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'thesis.tex').write_text('')
    with pytest.raises(DeclarationError, match='other: exists but does not contain a pretraining'):
        run(wanted, tmp_path / 'other')


def test_what_does_not_fit_leaves_no_folder(pictures: Pictures, tmp_path: Path) -> None:
    refused: list[tuple[Settings, type[BenchmarkError]]] = [
        (settings('mae', pictures, SWIN), IncompatibleError),
        (settings('mae', pictures, size=70), DeclarationError),
        (settings('mae', pictures, lr=0.0), DeclarationError),
        (settings('mae', pictures, processes=3), IncompatibleError),
        (settings('supervised', replace(pictures, classes=('a',))), DeclarationError),
    ]
    for wanted, kind in refused:
        with pytest.raises(kind):
            run(wanted, tmp_path / 'run')
        assert not (tmp_path / 'run').exists()


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / 'pictures')
    broken = tmp_path / 'pictures' / 'b' / '3.png'
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(DataError, match=r'b/3\.png: cannot be read whole as a picture'):
        run(settings('mae', pictures), tmp_path / 'run')


def test_a_matched_side_gets_the_same_budget(pictures: Pictures, tmp_path: Path) -> None:
    other, _ = run(settings('mae', pictures, budget=Budget('epochs', 2.5)), tmp_path / 'run')
    assert other['steps'] == 5
    wanted = settings('supervised', pictures, name='b', budget=budget_like('epochs', other))
    mine, _ = run(wanted, tmp_path / 'b')
    assert mine['steps'] == 5
    assert mine['budget'] == {'unit': 'epochs', 'amount': 2.5, 'like': 'run'}
    assert budget_like('steps', other) == Budget('steps', 5, 'run')
    assert budget_like('seconds', other) == Budget('cpu_seconds', other['cpu_seconds'], 'run')
    on_gpu = {**other, 'cost': {'device': 'a GPU'}}
    assert budget_like('seconds', on_gpu) == Budget('seconds', other['seconds'], 'run')


def test_seconds_become_as_many_steps_as_fit(
    pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paces = iter([0.5, 0.1])
    monkeypatch.setattr(pretrain, '_pace', lambda *_: next(paces))
    wanted = settings('mae', pictures, budget=Budget('seconds', 4.0))
    interrupt(wanted, tmp_path / 'run', iteration=3)
    # the pace of another day does not change a training that has begun
    facts, _ = run(wanted, tmp_path / 'run')
    assert facts['steps'] == 8


def test_a_pace_is_measured_and_changes_nothing(pictures: Pictures, tmp_path: Path) -> None:
    wanted = settings('mae', pictures, budget=Budget('seconds', 1e-9))
    facts, folder = run(wanted, tmp_path / 'run')
    assert facts['steps'] == 4
    counted, counted_folder = run(
        settings('mae', pictures, budget=Budget('steps', 4)), tmp_path / 'b'
    )
    assert facts['curves'] == counted['curves']
    assert folder.weights.read_bytes() == counted_folder.weights.read_bytes()


NETWORK = """
from torch import nn

class Two(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 4, 4)
        self.stages = nn.Sequential(nn.Conv2d(width, width, 3, 2, 1), nn.ReLU())

    def forward(self, images):
        first = self.stem(images)
        return first, self.stages(first)
"""


def test_a_network_of_ones_own_travels_with_its_file(pictures: Pictures, tmp_path: Path) -> None:
    (tmp_path / 'net.py').write_text(NETWORK)
    backbone = find_backbone(f'{tmp_path}/net.py:Two+random')
    wanted = settings('simmim', pictures, replace(backbone, options={'width': 4}))
    _, folder = run(wanted, tmp_path / 'run')
    (tmp_path / 'net.py').unlink()
    loaded = build(find_backbone(str(folder.declaration)))
    assert loaded.load_report.missing == ()
    assert loaded.body.stem.out_channels == 4
    (tmp_path / 'run.py').write_text(NETWORK)
    same_name = find_backbone(f'{tmp_path}/run.py:Two+random')
    with pytest.raises(IncompatibleError, match=r'run\.py: the declaration would get the same'):
        run(settings('simmim', pictures, same_name), tmp_path / 'other')


def test_tables_are_made_for_the_pictures() -> None:
    plain = Backbone(id='vit', source='timm:test_vit', is_random=True)
    assert sized(plain, 64).options == {'img_size': 64}
    assert sized(VIT, SIZE) == VIT
    assert sized(CONVNET, 96) == CONVNET
    with pytest.raises(IncompatibleError, match=r'vit is made for pictures of 64 px'):
        sized(VIT, 96)


def test_weights_keep_their_type_or_are_halved_but_for_counters(tmp_path: Path) -> None:
    network = torch.nn.BatchNorm2d(2)
    network.num_batches_tracked += 70_000
    for is_half, kind in ((True, torch.float16), (False, torch.float32)):
        save_weights(network.state_dict(), tmp_path / 'norm.safetensors', {}, is_half=is_half)
        with safe_open(str(tmp_path / 'norm.safetensors'), framework='pt') as file:
            assert int(file.get_tensor('num_batches_tracked')) == 70_000
            assert file.get_tensor('weight').dtype == kind


def test_facts_in_the_header_are_in_order(tmp_path: Path) -> None:
    facts = dict.fromkeys(('method', 'zeta', 'alpha', 'name'), 'x')
    path = tmp_path / 'x.safetensors'
    save_weights({'a': torch.zeros(1)}, path, facts, is_half=False)
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], 'little')])
    assert list(header['__metadata__']) == ['alpha', 'method', 'name', 'zeta']
