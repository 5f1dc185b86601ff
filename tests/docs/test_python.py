"""Python in the documents runs: on a tiny world, and without what it would download."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch
from torch import nn

import transferbench as tb
from benchmark import world
from tests.api.conftest import TINY
from tests.support.documents import ROOT, Block, blocks

SNIPPET = '--8<-- '
RUN = [
    block
    for block in blocks('python')
    if 'import' in block.text.split('\n')[0] or block.text.startswith(SNIPPET)
]


class SmallNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 8, 8)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.stem(images)


@pytest.mark.parametrize('block', RUN, ids=lambda block: block.place)
def test_a_block_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if block.text.startswith(SNIPPET):
        # tests/api runs the examples
        assert (ROOT / block.text.split('"')[1]).is_file()
        return
    if "'timm:" in block.text:
        # published weights and data of one's own: the arguments alone are checked
        names = inspect.signature(tb.evaluate)
        monkeypatch.setattr(tb, 'evaluate', lambda *args, **kwargs: names.bind(*args, **kwargs))
    in_results = 'ResultStore' in block.text or 'tb.compare' in block.text
    monkeypatch.chdir(ROOT if in_results else tmp_path)
    monkeypatch.setenv('TBENCH_DATA', str(tmp_path / 'data'))
    whole = world.ensure_world
    monkeypatch.setattr(world, 'ensure_world', lambda root: whole(root, TINY))
    names_space = {'__name__': 'document', 'my_module': SmallNet()}
    exec(compile(block.text, block.place, 'exec'), names_space)
    if 'class MyNet' in block.text:
        assert tb.check(names_space['MyNet']()).is_ok
    if 'run' in names_space and "'timm:" not in block.text:
        assert not names_space['run'].failed
