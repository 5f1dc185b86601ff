"""Wrong requests are answered by one line that says what is allowed, before torch is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

PROGRAM = """
import contextlib, io, json, sys
from benchmark.cli.main import main

for line in sys.stdin:
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            code = main(json.loads(line))
        except SystemExit as ending:
            code = ending.code
    heavy = {'torch', 'torchvision', 'timm', 'transformers', 'mmengine', 'mmcv', 'mmdet'}
    print(json.dumps([code, said.getvalue(), sorted(heavy & set(sys.modules))]), flush=True)
"""

NET = """
import torch
from torch import nn


class Block(nn.Module):
    pass


class MyNet(nn.Module):
    pass
"""

SUITE = "suite = dict(name='s', title='s', tasks=('gone.py',), protocols=('knn',), seeds=(0,))"

RUN = 'run --suite quick'
WRONG = {
    'run': '--suite',
    'run --suite quik': "did you mean 'quick'? (known: cog, ",
    'run --suite gone.py': 'gone.py: cannot be read',
    'run --suite suite.py': 'gone.py: cannot be read',
    f'{RUN} --tasks world-cover': "unknown task 'world-cover' of suite 'quick'; did you mean",
    f'{RUN} --protocols lin': "unknown protocol 'lin'; did you mean 'linear'? (known: as-is, ",
    f'{RUN} --seeds one': "--seeds: 'one' is not a whole number",
    f'{RUN} --seeds -1': 'seed -1 is not from 0 to 4294967295',
    f'{RUN} --wings': 'unknown argument: --wings; see `tbench run --help`',
    f'{RUN} --device gpu': "(choose from 'auto', 'cpu', 'cuda')",
    f'{RUN} --executor nope': "unknown executor 'nope' (known: inline, local, ray, slurm)",
    f'{RUN} --track nope': "unknown tracker 'nope' (known: mlflow, ",
    f'{RUN} --resources a': '--resources a: must be KEY=VALUE',
    f'{RUN} --cfg-options lr': 'must be KEY=VALUE',
    f'{RUN} --mean 1 2': '--mean: expected 3 arguments',
    f'{RUN} --backbones my_net.py': 'name one: my_net.py:Block, my_net.py:MyNet',
    f'{RUN} --backbones my_net.py:MyNt': "did you mean 'MyNet'? (there: Block, MyNet)",
    f'{RUN} --backbones gone.py:MyNet': 'gone.py: no such file',
    f'{RUN} --backbones my_net.py:MyNet@gone.pth': 'gone.pth: no such weights file',
    f'{RUN} --backbones timm:vit_smal_patch16_224': 'did you mean one of vit_small_patch16_224',
    'plan --suite quick --protocols nope': "unknown protocol 'nope' (known: as-is, ",
    'compare a b --suite nope': "unknown suite 'nope' in the records of results",
    'compare a': 'required: B; see `tbench compare --help`',
    'report --suite nope': "unknown suite 'nope' (known: cog, ",
    'report --suite quick --format pdf': '(known: csv, html, json, md, paper, tex)',
    'watch gone --suite quick': 'gone: no such folder',
    'pretrain mae --arch timm:test_vit --seconds x --out o': "--seconds: 'x' is not a number",
    'analyze nope': "(choose from 'attention', ",
    'new task --kind class --from .': "unknown kind 'class' (known: classification, depth, ",
    'new task --kind classification --from gone': 'gone: no such folder',
    'check task gone.py': 'gone.py: cannot be read',
    'check data gone.py': 'gone.py: cannot be read',
    'check backbone my_net.py': 'name one: my_net.py:Block, my_net.py:MyNet',
    'export nope x.zip': "no records of suite 'nope'",
    'import nope.zip': 'nope.zip: no such file; give an archive written by `tbench export`',
    'verify a.zip b.zip': 'a.zip: no such bundle',
    'list nope': "(choose from 'tasks', 'backbones', 'suites', 'protocols')",
    'doctor nope': 'unknown argument: nope; see `tbench doctor --help`',
}
"""What the answer to each wrong request says."""


class Answer(NamedTuple):
    """The exit code of a request, what was printed, and which heavy libraries were imported."""

    code: int
    said: str
    heavy: list[str]


@pytest.fixture(scope='module')
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """Return the answers of one process that imports torch as soon as one request does."""
    folder: Path = tmp_path_factory.mktemp('wrong')
    (folder / 'my_net.py').write_text(NET)
    (folder / 'suite.py').write_text(SUITE)
    done = subprocess.run(
        [sys.executable, '-c', PROGRAM],
        input=''.join(json.dumps(request.split()) + '\n' for request in WRONG),
        capture_output=True,
        text=True,
        cwd=folder,
    )
    lines = [Answer(*json.loads(line)) for line in done.stdout.splitlines()]
    assert len(lines) == len(WRONG), done.stderr
    return dict(zip(WRONG, lines, strict=True))


@pytest.mark.parametrize('request_', WRONG)
def test_a_wrong_request_is_one_line_without_torch(
    request_: str, answers: dict[str, Answer]
) -> None:
    code, said, heavy = answers[request_]
    assert code == 2
    assert said.startswith('tbench: ')
    assert said.count('\n') == 1
    assert WRONG[request_] in said
    assert heavy == []
