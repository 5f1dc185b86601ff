from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmark import __version__
from benchmark.catalog import shipped_suites, shipped_tasks, zoo
from benchmark.cli.main import main
from benchmark.launching.campaign import Campaign
from benchmark.launching.executors import local
from benchmark.launching.survey import Survey
from benchmark.planning import Impossible, Plan
from benchmark.protocols import protocol_names
from benchmark.results.gathered import Records
from benchmark.results.records import RunRecord, Status
from benchmark.specs import RunSpec
from tests.support.declarations import Declarations


@pytest.fixture(autouse=True)
def _neutral(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that a wrong request prints."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith('tbench: ')
    assert err.count('\n') == 1
    return err


class TestList:
    @pytest.mark.parametrize(
        ('what', 'names'),
        [
            ('tasks', shipped_tasks),
            ('suites', shipped_suites),
            ('backbones', zoo),
            ('protocols', protocol_names),
        ],
    )
    def test_everything_declared_is_listed_both_ways(
        self, what: str, names: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(['list', what, '--json']) == 0
        rows = json.loads(capsys.readouterr().out)
        assert {row['name'] for row in rows} == set(names())
        assert main(['list', what]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines[1:] if line] == [row['name'] for row in rows]

    def test_suites_have_short_rows_and_whole_json(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        main(['list', 'suites', '--json'])
        rows = {row['name']: row['tasks'] for row in json.loads(capsys.readouterr().out)}
        assert all(isinstance(tasks, list) for tasks in rows.values())
        main(['list', 'suites'])
        head, *lines = capsys.readouterr().out.splitlines()
        place = head.index('tasks')
        assert {line.split()[0]: int(line[place:].split()[0]) for line in lines} == {
            name: len(tasks) for name, tasks in rows.items()
        }
        assert max(map(len, lines)) < 250

    def test_the_columns_of_the_table_stand_below_each_other(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        main(['list', 'tasks'])
        head, *lines = capsys.readouterr().out.splitlines()
        place = head.index('kind')
        kinds = {line[place:].split()[0] for line in lines}
        assert kinds <= {task.kind for task in shipped_tasks().values()}


class TestWrongRequests:
    @pytest.mark.parametrize(
        ('arguments', 'part'),
        [
            (['--suite', 'quik'], "unknown suite 'quik'; did you mean 'quick'"),
            (['--suite', 'gone.py'], 'gone.py: cannot be read'),
            (['--suite', 'quick', '--backbones', 'vit'], "unknown backbone 'vit'"),
            (['--suite', 'quick', '--backbones', 'hub:vit'], "unknown backbone source 'hub'"),
            (['--suite', 'quick', '--backbones', 'timm:vit@gone.pth'], 'gone.pth: no such weights'),
            (
                ['--suite', 'quick', '--tasks', 'imagenet'],
                "unknown task 'imagenet' of suite",
            ),
            (['--suite', 'quick', '--protocols', 'probe'], "unknown protocol 'probe'"),
            (['--suite', 'quick', '--seeds', '-3'], 'seed -3 is not from 0'),
            (['--suite', 'quick', '--cfg-options', 'lr'], 'must be KEY=VALUE'),
        ],
    )
    def test_of_run(
        self, arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert part in refused(capsys, 'run', *arguments)

    @pytest.mark.parametrize(
        ('arguments', 'part'),
        [
            (['report', '--suite', 'nope'], "unknown suite 'nope'"),
            (['report', '--suite', 'quick'], 'quick'),
            (['report', '--suite', 'quick', '--format', 'pdf'], "unknown report format 'pdf'"),
            (['check', 'task', 'nope'], "unknown task 'nope'"),
            (['check', 'backbone', 'nope'], "unknown backbone 'nope'"),
            (
                ['report', '--suite', 'quick', '--history', 'h.json', '--format', 'md'],
                '--history h.json: nights are drawn on the page',
            ),
            (
                ['report', '--suite', 'quick', '--history', 'h.json', '--published'],
                '--history h.json: nights are drawn on the page',
            ),
            (
                ['nightly', '--suite', 'quick', '--margin', 'foo=1'],
                "--margin unknown headline metric 'foo' (known: ",
            ),
        ],
    )
    def test_of_the_others(
        self, arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert part in refused(capsys, *arguments)

    @pytest.mark.parametrize(
        ('arguments', 'part'),
        [
            (['run'], 'required: --suite; see `tbench run'),
            (['fly'], "invalid choice: 'fly'"),
            (['list', 'birds'], "invalid choice: 'birds'"),
            (['run', '--suite', 'quick', '--wings'], 'unknown argument: --wings; see `tbench run'),
            (['check', 'data', 'x', '--wings'], '--wings; see `tbench check data'),
            (
                ['run', '--suite', 'quick', '--jobs', '0'],
                "argument --jobs: '0' is not a whole number from 1 to 1024",
            ),
            (
                ['run', '--suite', 'quick', '--jobs', '99999999999999'],
                "'99999999999999' is not a whole number from 1 to 1024",
            ),
            (['run', '--suite', 'quick', '--processes', 'two'], "'two' is not a whole number from"),
            (['run', '--suite', 'quick', '--device', 'tpu'], "invalid choice: 'tpu'"),
            (['run', '--suite', 'quick', '--seeds', 'one'], "'one' is not a whole number"),
            (['run', '--suite', 'quick', '--feature-cache', '-1'], "'-1' is not a number from 0"),
            (['nightly', '--suite', 'quick', '--night', 'now'], "'now' is not a date as in"),
            (['nightly', '--suite', 'quick', '--seeds', '501'], "'501' is not a whole number from"),
            (
                ['regress', '--baseline', 'a', '--candidate', 'b', '--time-limit', 'x'],
                "'x' is not a number",
            ),
        ],
    )
    def test_of_the_parser(
        self, arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        message = refused(capsys, *arguments)
        assert part in message
        assert re.search(r'; see `tbench( \w+)* --help`$', message.rstrip())
        assert 'usage' not in message
        assert '_' not in message.partition('; see')[0]

    @pytest.mark.parametrize('flag', ['--results', '--work-dir'])
    @pytest.mark.parametrize('command', ['run', 'plan'])
    def test_a_file_where_a_folder_must_be(
        self, command: str, flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / 'file').write_text('')
        message = refused(capsys, command, '--suite', 'quick', flag, 'file/deep')
        assert f'{flag} file/deep: file is a file; it must be a folder' in message

    def test_missing_data(self, declare: Declarations, capsys: pytest.CaptureFixture[str]) -> None:
        declare.task()
        path = declare.suite()
        message = refused(capsys, 'run', '--suite', str(path), '--data-root', 'nowhere')
        assert "task 'small': no folder nowhere/small; get it: https://example.org" in message


class TestExitCodes:
    """With a campaign that only pretends to run."""

    @pytest.fixture
    def suite(self, declare: Declarations) -> str:
        declare.task()
        return str(declare.suite(seeds=(0, 1, 2)))

    @pytest.fixture
    def pretend(self, monkeypatch: pytest.MonkeyPatch) -> list[RunRecord | BaseException]:
        outcome: list[RunRecord | BaseException] = []

        def run(self: Campaign, pool: object, plan: Plan) -> Records:
            for item in outcome:
                if isinstance(item, BaseException):
                    raise item
            return Records(item for item in outcome if isinstance(item, RunRecord))

        monkeypatch.setattr(Campaign, 'prepare', lambda self, pool: Plan((), ()))
        monkeypatch.setattr(Campaign, 'run', run)
        monkeypatch.setattr('benchmark.api._flags', lambda *_: ())
        return outcome

    def record(self, seed: int, status: Status) -> RunRecord:
        return RunRecord('tiny', RunSpec('small', 'b', 'finetune', seed), 'f', status)

    def test_all_cells_ran(
        self, suite: str, pretend: list[Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        pretend += [self.record(seed, Status.OK) for seed in range(3)]
        assert main(['run', '--suite', suite, '--device', 'cpu']) == 0
        assert '3 cells ran, 0 failed' in capsys.readouterr().out

    def test_nothing_is_left_to_do(self, suite: str, pretend: list[Any]) -> None:
        assert main(['run', '--suite', suite]) == 0

    def test_some_cells_failed(
        self, suite: str, pretend: list[Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        pretend += [self.record(0, Status.OK), self.record(1, Status.FAILED)]
        assert main(['run', '--suite', suite]) == 1
        assert '1 cells ran, 1 failed' in capsys.readouterr().out

    def test_interrupted(
        self, suite: str, pretend: list[Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        pretend.append(KeyboardInterrupt())
        assert main(['run', '--suite', suite]) == 130
        assert capsys.readouterr().err == (
            'tbench: interrupted; finished cells and checkpoints are kept, '
            'the same command continues\n'
        )

    @pytest.mark.parametrize(('number', 'code'), [(signal.SIGTERM, 143), (signal.SIGUSR1, 99)])
    def test_stopped_by_a_signal(
        self,
        suite: str,
        number: signal.Signals,
        code: int,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        before = signal.getsignal(number)
        monkeypatch.setattr(Campaign, 'prepare', lambda *_: os.kill(os.getpid(), number))
        assert main(['run', '--suite', suite]) == code
        assert capsys.readouterr().err == (
            f'tbench: stopped by {number.name}; finished cells and checkpoints are kept, the same '
            'command continues\n'
        )
        assert signal.getsignal(number) is before

    def test_options_arrive(
        self, suite: str, pretend: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[Campaign] = []
        monkeypatch.setattr(
            Campaign, 'prepare', lambda self, pool: seen.append(self) or Plan((), ())
        )
        arguments = ['--seeds', '2', '--work-dir', 'w', '--results', 'r', '--data-root', 'd']
        main(['run', '--suite', suite, *arguments, '--cfg-options', 'a.b=1', "c='2'"])
        (made,) = seen
        assert made.request.seeds == (2,)
        assert (made.store.work, made.store.results) == (Path('w'), Path('r'))
        assert made.data_root == Path('d')
        assert made.options == {'a.b': 1, 'c': '2'}

    def test_there_are_no_more_workers_than_cells(
        self, suite: str, pretend: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[int | None] = []
        monkeypatch.setattr(
            local, 'worker_environments', lambda _, jobs, **__: seen.append(jobs) or [{}]
        )
        for jobs in ('1024', '2'):
            assert main(['run', '--suite', suite, '--jobs', jobs]) == 0
        assert seen == [3, 2]


@pytest.mark.parametrize('form', [(), ('--json',)])
@pytest.mark.parametrize(('count', 'code'), [(0, 0), (1, 2)])
def test_plan_refuses_what_run_refuses(
    declare: Declarations,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    form: tuple[str, ...],
    count: int,
    code: int,
) -> None:
    declare.task()
    impossible = (Impossible(RunSpec('small', 'b', 'finetune', 0), 'no data'),) * count
    found = Survey(Plan((), (), impossible), {})
    monkeypatch.setattr('benchmark.launching.survey.survey', lambda *_: found)
    assert main(['plan', '--suite', str(declare.suite()), '--device', 'cpu', *form]) == code
    assert capsys.readouterr().out.count('no data') == count


class TestCheckTask:
    def test_a_right_task_whose_data_are_absent(
        self, declare: Declarations, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(['check', 'task', str(declare.task())]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == ['ok', 'ok', 'ok', 'ok', 'absent']
        # the task is one of segmentation
        others = ('trivial', 'logistic', 'as-is')
        names = [name for name in protocol_names() if name not in others]
        assert lines[2] == f'ok      compiles: with the protocols {", ".join(names)}'

    def test_what_the_libraries_do_not_know(
        self, declare: Declarations, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = declare.task({'imgsuffix': '.jpg'})
        message = refused(capsys, 'check', 'task', str(path))
        assert f"{path}: data of 'train': mmseg.BaseSegDataset has no argument" in message
        assert "did you mean 'img_suffix'?" in message
        path = declare.task({'type': 'mmseg.BaseSegData'})
        assert "unknown data set 'mmseg.BaseSegData'" in refused(capsys, 'check', 'task', str(path))

    def test_without_the_libraries_the_next_command_is_told(
        self,
        declare: Declarations,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setitem(sys.modules, 'benchmark.checking.data', None)
        path = declare.task({'imgsuffix': '.jpg'})
        assert main(['check', 'task', str(path), '--data-root', 'd']) == 0
        (line,) = (x for x in capsys.readouterr().out.splitlines() if x.startswith('open'))
        assert line.endswith(f'next: tbench check data {path} --data-root d')

    def test_a_wrong_task(self, declare: Declarations, capsys: pytest.CaptureFixture[str]) -> None:
        path = declare.task(metric='speed')
        assert "task['metric'] is 'speed'" in refused(capsys, 'check', 'task', str(path))


def started(*arguments: str, folder: Path, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, '-m', 'benchmark', *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


class TestAsModule:
    def test_it_works_from_anywhere(self, tmp_path: Path) -> None:
        with started('--version', folder=tmp_path) as process:
            assert process.communicate() == (f'tbench {__version__}\n', '')
        assert process.returncode == 0

    @pytest.mark.parametrize('arguments', [['list', 'tasks'], ['--help'], []])
    def test_a_reader_that_has_left_is_no_error(self, tmp_path: Path, arguments: list[str]) -> None:
        with started(*arguments, folder=tmp_path) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == ''
        assert process.returncode == (0 if arguments else 2)


def test_attention_of_a_convnet_is_refused_before_pictures_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        'benchmark.analysis.images.load_images', lambda *_, **__: pytest.fail('pictures were made')
    )
    backbones = ['--backbones', 'timm:test_convnext+random']
    message = refused(capsys, 'analyze', 'attention', *backbones, '--data-root', str(tmp_path))
    assert "'timm:test_convnext+random' has no self-attention" in message


class TestLayers:
    @pytest.fixture
    def suite(self, declare: Declarations) -> str:
        declare.task()
        return str(declare.suite())

    def test_backbones_must_be_named(self, suite: str, capsys: pytest.CaptureFixture[str]) -> None:
        message = refused(capsys, 'analyze', 'layers', '--suite', suite)
        assert 'name the whole backbones' in message

    def test_a_suite_without_geometry_needs_tasks(
        self, suite: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        message = refused(
            capsys, 'analyze', 'layers', '--suite', suite, '--backbones', 'timm:test_vit+random',
            '--actions', 'drop',
        )  # fmt: skip
        assert 'has no task of kind depth or pose' in message

    def test_what_is_random_already_is_not_made_so(
        self, suite: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        message = refused(
            capsys, 'analyze', 'layers', '--suite', suite, '--backbones', 'timm:test_vit+random',
            '--tasks', 'small',
        )  # fmt: skip
        assert 'all of its blocks are already random' in message


def test_a_fault_of_the_program_is_one_line_and_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError('impossible\n\x1b[2J')

    monkeypatch.setattr('benchmark.api.campaigns', fail)
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    assert main(['status', '--work-dir', str(tmp_path)]) == 4
    told = capsys.readouterr().err
    assert told.startswith('tbench: an error in the program, RuntimeError: impossible')
    assert told.count('\n') == 1
    assert '\x1b' not in told
    (log,) = tmp_path.glob('tbench-fault-*.log')
    assert str(log) in told
    assert 'Traceback' in log.read_text()
