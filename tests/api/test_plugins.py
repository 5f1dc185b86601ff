"""Another package adds a kind, a protocol, a source, an analysis, an executor and a tracker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import transferbench as tb
from benchmark.cli.main import main
from benchmark.kinds import kind_names, load_kind
from benchmark.protocols import load_protocol, protocol_names
from tests.api.conftest import SHORT

ROOT = Path(__file__).parent.parent.parent
CODE = {
    'kind.py': """
from dataclasses import replace

from benchmark.kinds import load_kind
from benchmark.protocols.finetune import FINETUNE
from benchmark.protocols.probes import neighbour_rule

_MODEL = load_kind('classification')
_TRAINED = tuple(replace(rule, kind='counting') for rule in FINETUNE.recipes
                 if rule.kind == 'classification' and not rule.tasks)
KIND = replace(_MODEL, name='counting', order=15)
KIND = replace(KIND, recipes={'finetune': _TRAINED, 'knn': (neighbour_rule(KIND),)})
""",
    'protocol.py': """
from dataclasses import replace

from benchmark.compiling.procedures import Procedure, find_procedure
from benchmark.protocols.finetune import FINETUNE
from benchmark.specs import Adapter, Names

BIASES = replace(FINETUNE, name='biases', title='biases alone',
                 trains=Names(('*.bias',)))
LOW_RANK = replace(FINETUNE, name='low-rank', title='low-rank adapter',
                   trains=Adapter('mmengine.LowRank', {'rank': 2}),
                   components=('foreign_parts.adapter',), procedure='foreign_parts.protocol:NOTED')
NOTED = replace(find_procedure('train'), name='noted', run='foreign_parts.adapter:run')
""",
    'adapter.py': """
import torch
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module(force=True)
class LowRank(nn.Module):
    \"\"\"LoRA (arXiv 2106.09685) on every linear layer.\"\"\"

    def __init__(self, rank):
        super().__init__()
        self.rank, self.pairs = rank, nn.ModuleList()

    def attach(self, network):
        for part in list(network.modules()):
            if isinstance(part, nn.Linear):
                down = nn.Linear(part.in_features, self.rank, bias=False)
                up = nn.Linear(self.rank, part.out_features, bias=False)
                nn.init.zeros_(up.weight)
                pair = nn.Sequential(down, up)
                self.pairs.append(pair)
                part.register_forward_hook(lambda _, x, y, pair=pair: y + pair(x[0]))


def run(request):
    from benchmark.execution.jobs import train_job

    answer = train_job(request)
    return {**answer, 'proof': {**answer['proof'], 'noted': True}}
""",
    'source.py': """
from torch import nn

from benchmark.errors import UnknownNameError
from benchmark.sources.file import ModuleExtractor


def open_source(request):
    if request.name != 'small':
        raise UnknownNameError(f"toys has no architecture '{request.name}'")
    return ModuleExtractor('toys:small', nn.Sequential(nn.Conv2d(3, 8, 8, 8), nn.GELU()))
""",
    'analysis.py': """
from benchmark.analysis.door import Analysis


def add_options(parser):
    parser.add_argument('--backbones', nargs='+', required=True)


ANALYSIS = Analysis('letters', 'how long the names of backbones are', 'foreign_parts.analysis:run',
                    add_options)


def run(options):
    from matplotlib.figure import Figure

    from benchmark.analysis.findings import Finding

    rows = tuple({'backbone': name, 'letters': len(name)} for name in options.backbones)
    return Finding('letters', 'Letters', 'Longer names are longer.', rows, {}, Figure), True
""",
    'executor.py': """
from benchmark.launching.executors.inline import InlineExecutor

SEEN = []


class Counting(InlineExecutor):
    def run(self, jobs):
        for reply in super().run(jobs):
            SEEN.append(reply.job.request['job'])
            yield reply
""",
    'tracker.py': """
class Board:
    place = 'a list'
    ends = []

    def __init__(self, home):
        self.home = home

    def open(self, subject, known):
        return self

    def close(self, end):
        self.ends.append(end)

    id = 'x'
    scalars = picture = artefact = lambda self, *given: None
""",
}
ENTRY_POINTS = """
[transferbench.kinds]
counting = foreign_parts.kind:KIND
[transferbench.protocols]
biases = foreign_parts.protocol:BIASES
low-rank = foreign_parts.protocol:LOW_RANK
[transferbench.sources]
toys = foreign_parts.source
[transferbench.analyses]
letters = foreign_parts.analysis:ANALYSIS
[transferbench.executors]
counting = foreign_parts.executor:Counting.of
[transferbench.trackers]
board = foreign_parts.tracker:Board
"""


def install(folder: Path, entry_points: str = ENTRY_POINTS, version: str = '1.5') -> Path:
    """Lay out what an installation leaves: the package and its metadata."""
    package, info = folder / 'foreign_parts', folder / f'foreign_parts-{version}.dist-info'
    for path in (package, info):
        path.mkdir(parents=True)
    for name, text in {**CODE, '__init__.py': ''}.items():
        (package / name).write_text(text)
    (info / 'METADATA').write_text(
        f'Metadata-Version: 2.1\nName: foreign-parts\nVersion: {version}\n'
    )
    (info / 'entry_points.txt').write_text(entry_points)
    return folder


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = install(tmp_path / 'site')
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv('PYTHONPATH', f'{folder}{os.pathsep}{ROOT}')
    for name in [name for name in sys.modules if name.startswith('foreign_parts')]:
        monkeypatch.delitem(sys.modules, name)
    return folder


@pytest.fixture
def task(tmp_path: Path) -> str:
    base = ROOT / 'task_configs' / 'classification' / 'world_covered.py'
    path = tmp_path / 'counting_world.py'
    path.write_text(f"_base_ = '{base}'\ntask = dict(name='counting-world', kind='counting')\n")
    return str(path)


def places(folder: Path, data: Path) -> dict[str, Any]:
    return {'data_root': data, 'results': folder / 'results', 'work_dir': folder / 'work'}


@pytest.mark.usefixtures('foreign')
def test_its_parts_are_listed_with_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert load_kind('counting').order == 15
    assert {'counting', 'depth'} <= set(kind_names())
    assert protocol_names()[-2:] == ('biases', 'low-rank')
    assert load_protocol('biases').knows('counting') is False
    assert load_protocol('knn').knows('counting')
    assert main(['list', 'protocols', '--json']) == 0
    listed = {row['name']: row for row in json.loads(capsys.readouterr().out)}
    assert listed['biases']['title'] == 'biases alone'


def test_every_part_of_it_runs(foreign: Path, task: str, tiny_data: Path, tmp_path: Path) -> None:
    kind = tb.evaluate(
        'toys:small+random',
        tasks=[task],
        protocols=['finetune', 'knn'],
        executor='counting',
        track='board',
        options=SHORT,
        **places(tmp_path, tiny_data),
    )
    assert not kind.failed
    assert {record.task['kind'] for record in kind.records} == {'counting'}
    assert {record.backbone['source'] for record in kind.records} == {'toys:small'}
    assert all(record.config['packages'] == {'foreign-parts': '1.5'} for record in kind.records)
    assert sys.modules['foreign_parts.executor'].SEEN == ['inspect', 'probe', 'train']
    assert sys.modules['foreign_parts.tracker'].Board.ends == ['finished', 'finished']
    trained = tb.evaluate(
        'timm:test_vit+random',
        suite='quick',
        tasks=['world-covered'],
        protocols=['biases', 'low-rank'],
        seeds=[0],
        executor='inline',
        options=SHORT,
        **places(tmp_path, tiny_data),
    )
    biases, low_rank = trained.records
    assert (biases.error, low_rank.error) == ('', '')
    assert biases.protocol['trains'] == {'names': {'patterns': ['*.bias'], 'last': 0}}
    assert biases.proof['frozen_changed'] is low_rank.proof['frozen_changed'] is False
    assert low_rank.proof['noted'] is True
    assert low_rank.proof['trained_tensors'].partition(' ')[0] != '0'
    assert low_rank.config['custom_imports'][-1] == 'foreign_parts.adapter'


@pytest.mark.usefixtures('foreign')
def test_workers_find_its_parts(task: str, tiny_data: Path, tmp_path: Path) -> None:
    run = tb.evaluate(
        'toys:small+random',
        tasks=[task],
        protocols=['knn'],
        executor=tb.LocalExecutor(1, 'cpu'),
        **places(tmp_path, tiny_data),
    )
    assert [record.error for record in run.records] == ['']


@pytest.mark.usefixtures('foreign')
def test_another_version_of_it_is_another_run(
    task: str, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {'tasks': [task], 'protocols': ['knn'], 'executor': 'inline'}
    asked |= places(tmp_path, tiny_data)
    first = tb.evaluate('toys:small+random', **asked)
    for path in (tmp_path / 'site').glob('*.dist-info'):
        (path / 'METADATA').write_text('Metadata-Version: 2.1\nName: foreign-parts\nVersion: 1.6\n')
    monkeypatch.syspath_prepend(tmp_path / 'site')  # read anew
    again = tb.evaluate('toys:small+random', **asked)
    assert (first.new, again.new) == (1, 1)
    assert again.records[0].fingerprint != first.records[0].fingerprint


@pytest.mark.usefixtures('foreign')
def test_its_analysis_writes_what_it_finds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ['analyze', 'letters', '--backbones', 'one', 'three', '--out', str(tmp_path / 'out')]
    assert main(command) == 0
    written = list((tmp_path / 'out').rglob('*.csv'))
    assert written
    assert 'three,5' in written[0].read_text()
    with pytest.raises(SystemExit):
        main(['analyze', '--help'])
    assert 'how long the names of backbones are' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('line', 'group', 'code', 'why'),
    [
        ('broken = foreign_parts.nowhere:KIND', 'kinds', 'list tasks', 'ModuleNotFoundError'),
        ('broken = foreign_parts.kind:NOTHING', 'kinds', 'list protocols', 'AttributeError'),
        (
            'depth = foreign_parts.kind:KIND',
            'kinds',
            'list protocols',
            "by package 'transfer",
        ),
        ('broken = foreign_parts.kind:KIND', 'protocols', 'list protocols', 'must be a Protocol'),
        ('broken = foreign_parts.kind:KIND', 'analyses', 'analyze broken', 'must be an Analysis'),
    ],
)
def test_an_error_in_it_is_one_line_that_names_it(
    line: str, group: str, code: str, why: str, tmp_path: Path
) -> None:
    folder = install(tmp_path / 'site', f'[transferbench.{group}]\n{line}\n')
    environment = {**os.environ, 'PYTHONPATH': f'{folder}{os.pathsep}{ROOT}'}
    command = [sys.executable, '-m', 'transferbench', *code.split()]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True
        )

    done = run()
    if code == 'list tasks':  # which needs no other package's kind
        assert done.returncode == 0
        command[-2:] = ['list', 'protocols']
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True
        )
    assert done.returncode == 2
    (said,) = done.stderr.splitlines()
    assert said.startswith(
        f"tbench: package 'foreign-parts': its entry point transferbench.{group}"
    )
    assert why in said


def test_a_module_of_torch_is_not_needed_to_look(foreign: Path) -> None:
    program = (
        'import sys; from benchmark.kinds import kind_names; from benchmark.launching.executors '
        'import EXECUTORS; print(kind_names(), EXECUTORS.names(), "torch" in sys.modules)'
    )
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, cwd=foreign, check=True
    )
    assert "'counting'" in done.stdout
    assert done.stdout.endswith("('counting', 'inline', 'local', 'ray', 'slurm') False\n")
