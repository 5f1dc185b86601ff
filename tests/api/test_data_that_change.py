"""Data that change after they were looked at: their cells fail by name, the others go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.runner import IterBasedTrainLoop

import transferbench as tb
from benchmark.launching import campaign
from benchmark.launching.datachecks import check_all
from tests.support.fakes.pictures import depth, labels, picture

torch.set_num_threads(1)

ABOUT = """task = dict(name='{name}', kind='{kind}', version=1, title='t', group='semantic',
    input_size=(64, 64), classes={classes}, splits=dict(train=4, test=2), metric='{metric}',
    options=dict({options}), budget=dict(iterations=4, batch_size=2), citation='own',
    licence='none', origin='made')
data = dict(root='{name}', type='{type}', {more})
"""
FOLDERS = {
    'kind': 'classification',
    'classes': ('ant', 'bee'),
    'metric': 'accuracy',
    'options': '',
    'type': 'benchmark.ImageFolders',
    'more': "train=dict(data_prefix='train'), test=dict(data_prefix='test')",
}
MASKS = {
    'kind': 'segmentation',
    'classes': ('a', 'b'),
    'metric': 'mIoU',
    'options': 'width=16',
    'type': 'mmseg.BaseSegDataset',
    'more': """img_suffix='.jpg', seg_map_suffix='.png',
    train=dict(data_prefix=dict(img_path='train/image', seg_map_path='train/map')),
    test=dict(data_prefix=dict(img_path='test/image', seg_map_path='test/map'))""",
}
DEPTH = {
    'kind': 'depth',
    'classes': ('depth',),
    'metric': 'rmse',
    'options': 'max_depth=10, width=8',
    'type': 'benchmark.DepthFolders',
    'more': """train=dict(data_prefix=dict(img_path='train/image', depth_path='train/map')),
    test=dict(data_prefix=dict(img_path='test/image', depth_path='test/map'))""",
}


def written(folder: Path, name: str, about: dict[str, Any]) -> str:
    """Return the file of a task whose data are written below ``folder``."""
    root = folder / 'data' / name
    for role, count in (('train', 4), ('test', 2)):
        for i in range(count):
            if about is FOLDERS:
                picture(root / role / about['classes'][i % 2] / f'{role}{i}.jpg')
                continue
            picture(root / role / f'image/{role}{i}.jpg')
            if about is MASKS:
                labels(root / role / f'map/{role}{i}.png', 2)
            else:
                depth(root / role / f'map/{role}{i}.png', scale=1e-3, far=10)
    path = folder / f'{name}.py'
    path.write_text(ABOUT.format(name=name, **about))
    return str(path)


def test_a_cell_whose_data_break_while_it_trains_fails_by_name_and_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [
        written(tmp_path, name, about)
        for name, about in (
            ('gone', FOLDERS),
            ('cut', MASKS),
            ('other', DEPTH),
            ('whole', FOLDERS),
            ('fewer', FOLDERS),
            ('more', FOLDERS),
            ('fewer-maps', MASKS),
            ('fewer-depths', DEPTH),
        )
    ]
    data = tmp_path / 'data'

    def look_then_damage(*arguments: Any) -> Any:
        found = check_all(*arguments)
        assert not any(checked.faults for checked in found.values())
        picture_ = data / 'cut/train/image/train2.jpg'
        picture_.write_bytes(picture_.read_bytes()[:300])
        picture(data / 'other/test/image/test1.jpg', (40, 40))
        (data / 'fewer/train/bee/train1.jpg').unlink()
        picture(data / 'more/test/ant/test9.jpg')
        (data / 'fewer-maps/train/image/train1.jpg').unlink()
        (data / 'fewer-maps/train/map/train1.png').unlink()
        (data / 'fewer-depths/test/image/test1.jpg').unlink()
        (data / 'fewer-depths/test/map/test1.png').unlink()
        return found

    train = IterBasedTrainLoop.run

    def lose_and_train(loop: Any) -> Any:
        path = data / 'gone/train/bee/train3.jpg'
        if 'gone' in str(loop.dataloader.dataset.data_root or loop.dataloader.dataset.img_prefix):
            path.unlink()
        return train(loop)

    monkeypatch.setattr(campaign, 'check_all', look_then_damage)
    monkeypatch.setattr(IterBasedTrainLoop, 'run', lose_and_train)
    run = tb.evaluate(
        {'name': 'mine', 'source': 'timm:test_vit', 'random': True},
        tasks=tasks,
        protocols=['finetune'],
        seeds=[0],
        executor='inline',
        options={'train_cfg.max_iters': 4},
        data_root=data,
        results=tmp_path / 'results',
        work_dir=tmp_path / 'work',
    )
    errors = {record.spec.task: record.error for record in run.records}
    errors |= {record.spec.task: record.error for record in run.failed}
    assert 'train3.jpg: no such file' in errors['gone']
    assert 'train2.jpg' in errors['cut']
    assert 'both must have the same size' in errors['other']
    assert 'test1.jpg' in errors['other']
    assert errors['whole'] == ''
    assert f'{data}/fewer/train: holds 3 samples, but held 4 when' in errors['fewer']
    assert f'{data}/more/test: holds 3 samples, but held 2 when' in errors['more']
    assert f'{data}/fewer-maps/train/image: holds 3 samples, but held 4' in errors['fewer-maps']
    assert f'{data}/fewer-depths/test/image: holds 1 sample, but held 2' in errors['fewer-depths']
    assert all('\n' not in error and 'Traceback' not in error for error in errors.values())
