"""`tbench work`, and the options of `tbench run` for clusters."""

from __future__ import annotations

import json

import pytest

from benchmark.cli.main import main

yaml = pytest.importorskip('yaml')


def test_the_manifest_is_an_indexed_job_of_this_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = ['--results', '/shared/results', '--work-dir', '/shared/work']
    words = ['work', '--suite', 'quick', *places, '--seeds', '0', '1', '--device', 'cuda']
    assert main([*words, '--processes', '2', '--print-k8s', '8', '--image', 'lab/tbench:1']) == 0
    made = yaml.safe_load(capsys.readouterr().out)
    spec = made['spec']
    assert (made['kind'], spec['completionMode']) == ('Job', 'Indexed')
    assert (spec['completions'], spec['parallelism']) == (8, 8)
    pod = spec['template']['spec']
    assert pod['restartPolicy'] == 'OnFailure'
    (container,) = pod['containers']
    assert container['image'] == 'lab/tbench:1'
    assert container['command'] == [
        *('tbench', 'work', '--suite', 'quick', '--seeds', '0', '1', *places),
        *('--device', 'cuda', '--processes', '2'),
    ]
    assert container['resources'] == {'limits': {'nvidia.com/gpu': 2}}


def test_any_words_are_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    odd = 'a: "b" #c'
    assert main(['work', '--suite', odd, '--device', 'cpu', '--print-k8s', '1']) == 0
    (container,) = yaml.safe_load(capsys.readouterr().out)['spec']['template']['spec']['containers']
    assert container['command'][3] == odd
    assert json.dumps(container['resources']) == '{"limits": {"cpu": 1}}'


@pytest.mark.parametrize('given', ['partition', '=x', 'mem_gb='])
def test_a_resource_that_is_no_pair_is_refused(
    given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['run', '--suite', 'quick', '--resources', given]) == 2
    assert f'--resources {given}: must be KEY=VALUE' in capsys.readouterr().err
