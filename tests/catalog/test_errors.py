"""Every mistake in a declaration is one line: the file, the key, the value, what is allowed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.catalog import backbones as backbones_module
from benchmark.catalog import (
    find_backbone,
    find_suite,
    find_task,
    read_backbone,
    read_suite,
    read_task,
    shipped_suites,
    shipped_tasks,
    zoo,
)
from benchmark.catalog import suites as suites_module
from benchmark.catalog import tasks as tasks_module
from benchmark.errors import (
    BenchmarkError,
    CheckpointError,
    DeclarationError,
    UnknownNameError,
)
from tests.support.declarations import ABSENT, Declarations

OneLine = Callable[[BaseException], str]

OWN_METRIC = {
    'key': 'speed',
    'unit': 'none',
    'higher_is_better': True,
    'bounds': (0.0, 1.0),
}

TASK_MISTAKES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    'unknown key': ({'titel': 'x'}, ("unknown key 'titel'", "did you mean 'title'?", 'input_size')),
    'missing key': ({'classes': ABSENT}, ("lacks the key 'classes'", 'names')),
    'nothing counted': ({'splits': ABSENT}, ("lacks the key 'splits'", 'tbench check data')),
    'epochs and iterations': (
        {'budget': {'epochs': 2, 'iterations': 3, 'batch_size': 4}},
        ("['epochs'] is 2", "combined with 'iterations'"),
    ),
    'epochs without a batch': (
        {'budget': {'epochs': 2}},
        ("['epochs'] is 2", "needs 'batch_size'"),
    ),
    'no epoch': ({'budget': {'epochs': 0, 'batch_size': 4}}, ("['epochs'] is 0", 'above 0')),
    'wrong type': ({'version': '1'}, ("['version'] is '1'", 'must be int')),
    'truth for a number': ({'version': True}, ("['version'] is True", 'must be int')),
    'text for a tuple': ({'classes': 'sky'}, ("['classes'] is 'sky'", 'must be tuple')),
    'text for a dict': ({'splits': 'all'}, ("['splits'] is 'all'", 'must be dict')),
    'no kind': ({'kind': ABSENT}, ("lacks the key 'kind'",)),
    'unknown kind': ({'kind': 'segmentatoin'}, ("['kind'] is 'segmentatoin'", 'classification')),
    'unknown metric': ({'metric': 'accuracy'}, ("['metric'] is 'accuracy'", 'mIoU')),
    'unknown second metric': ({'metrics': ('mAcc', 'mAP')}, ('metrics', 'mAP', 'aAcc')),
    'metric that is no name': ({'metrics': (3,)}, ("['metrics'] is (3,)", 'names of metrics')),
    'unknown group': ({'group': 'animals'}, ("['group'] is 'animals'", 'fine-grained')),
    'unknown head': ({'head': 'unet'}, ("['head'] is 'unet'", 'upernet, linear')),
    'one side': ({'input_size': (64,)}, ("['input_size'] is (64,)", '(height, width)')),
    'three sides': ({'input_size': (64, 64, 3)}, ("['input_size'] is (64, 64, 3)",)),
    'tiny side': ({'input_size': (8, 64)}, ("['input_size'] is (8, 64)", 'at least 16')),
    'real side': ({'input_size': (64.0, 64)}, ("['input_size'] is (64.0, 64)", 'pixels')),
    'class twice': ({'classes': ('a', 'b', 'a')}, ("['classes'] is", 'distinct')),
    'no class': ({'classes': ()}, ("['classes'] is ()", 'at least one')),
    'class that is no name': ({'classes': ({'a': 1},)}, ("['classes'] is", 'strings')),
    'name with a capital': ({'name': 'Small'}, ("['name'] is 'Small'", 'lower-case')),
    'name as a path': ({'name': '../x'}, ("['name'] is '../x'",)),
    'unknown split': ({'splits': {'train': 1, 'tests': 1}}, ("'tests'", "did you mean 'test'?")),
    'empty split': ({'splits': {'train': 0, 'test': 1}}, ("['train'] is 0", 'at least 1')),
    'negative split': ({'splits': {'train': 1, 'test': -1}}, ("['test'] is -1", 'at least 1')),
    'no test split': ({'splits': {'train': 1}}, ("'test' must have a count",)),
    'unknown option': ({'options': {'widht': 3}}, ("'widht'", "did you mean 'width'?")),
    'option of a wrong type': ({'options': {'width': 'wide'}}, ("['width'] is 'wide'", 'int')),
    'unknown budget': ({'budget': {'iteration': 3}}, ("did you mean 'iterations'?",)),
    'negative budget': ({'budget': {'iterations': -1}}, ("['iterations'] is -1", 'at least 1')),
    'empty batch': ({'budget': {'batch_size': 0}}, ("['batch_size'] is 0", 'at least 1')),
    'own metric, unknown unit': (
        {'metric': {**OWN_METRIC, 'unit': 'parsec'}},
        ("['unit'] is 'parsec'", 'percent'),
    ),
    'own metric without direction': (
        {'metric': {k: v for k, v in OWN_METRIC.items() if k != 'higher_is_better'}},
        ("lacks the key 'higher_is_better'",),
    ),
    'own metric, bounds upside down': (
        {'metric': {**OWN_METRIC, 'bounds': (1, 0)}},
        ("['bounds'] is (1, 0)", '(lowest, highest)'),
    ),
    'own metric, one bound': (
        {'metric': {**OWN_METRIC, 'bounds': (1,)}},
        ("['bounds'] is (1,)", '(lowest, highest)'),
    ),
    'own metric, bounds in words': (
        {'metric': {**OWN_METRIC, 'bounds': ('low', 'high')}},
        ("['bounds'] is ('low', 'high')",),
    ),
}

DATA_MISTAKES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    'provider and variable': (
        {'provider': 'world', 'variable': 'MY_DATA'},
        ("data['variable'] is 'MY_DATA'", "cannot be combined with 'provider'"),
    ),
    'unknown provider': ({'provider': 'internet'}, ("data['provider'] is 'internet'", 'world')),
    'no root': ({'root': ABSENT}, ("data lacks the key 'root'",)),
    'root that is no text': ({'root': 3}, ("data['root'] is 3", 'must be str')),
    'no training data': (
        {'train': ABSENT},
        ("'train' must have a count here and an entry in data",),
    ),
    'role that is no dict': ({'test': 'test.txt'}, ("data['test'] is 'test.txt'", 'must be dict')),
    'no type of data set': ({'type': ABSENT}, ("data lacks the key 'type'", 'OpenMMLab')),
}


@pytest.mark.parametrize(('changes', 'parts'), TASK_MISTAKES.values(), ids=TASK_MISTAKES)
def test_a_mistake_in_a_task(
    declare: Declarations, one_line: OneLine, changes: dict[str, Any], parts: tuple[str, ...]
) -> None:
    path = declare.task(**changes) if '/' not in changes.get('name', '') else _odd(declare, changes)
    with pytest.raises(DeclarationError) as caught:
        read_task(path)
    message = one_line(caught.value)
    assert message.startswith(f'{path}: task')
    assert [part for part in parts if part not in message] == []


def test_all_that_is_wrong_is_said_at_once(declare: Declarations) -> None:
    path = declare.task(
        {'train': ABSENT, 'root': ABSENT},
        titel='x',
        classes=ABSENT,
        metric='accuracy',
        input_size=(8, 8),
        options={'widht': 3},
        budget={'epochs': 0, 'batch_size': 'all'},
    )
    with pytest.raises(DeclarationError) as caught:
        read_task(path)
    problems = caught.value.problems
    assert str(caught.value) == '; '.join(problems)
    wanted = ("'titel'", "'classes'", 'accuracy', '(8, 8)', "'widht'", "'root'", "'all'")
    assert [part for part in wanted if not any(part in one for one in problems)] == []
    assert all(one.startswith(str(path)) for one in problems)


def test_what_private_data_do_not_have_has_a_default(declare: Declarations) -> None:
    keys = ('version', 'title', 'group', 'citation', 'licence', 'origin', 'metrics')
    task = read_task(declare.task(**dict.fromkeys(keys, ABSENT)))
    assert (task.version, task.title, task.group) == (1, 'small', 'semantic')
    assert (task.citation, task.licence, task.origin) == ('unpublished', 'not stated', 'not stated')


@pytest.mark.parametrize(('epochs', 'iterations'), [(1, 2), (3, 6), (0.5, 1), (2.6, 6)])
def test_epochs_are_passes_over_the_training_split(
    declare: Declarations, epochs: float, iterations: int
) -> None:
    # 8 pictures in batches of 4
    task = read_task(declare.task(budget={'epochs': epochs, 'batch_size': 4}))
    assert task.budget == {'iterations': iterations, 'batch_size': 4}


def _odd(declare: Declarations, changes: dict[str, Any]) -> Path:
    path = declare.task()
    return declare.text(path.read_text().replace("'name': 'small'", f"'name': {changes['name']!r}"))


@pytest.mark.parametrize(('changes', 'parts'), DATA_MISTAKES.values(), ids=DATA_MISTAKES)
def test_a_mistake_in_the_data_of_a_task(
    declare: Declarations, one_line: OneLine, changes: dict[str, Any], parts: tuple[str, ...]
) -> None:
    path = declare.task(changes)
    with pytest.raises(DeclarationError) as caught:
        read_task(path)
    message = one_line(caught.value)
    assert str(path) in message
    assert [part for part in parts if part not in message] == []


@pytest.mark.parametrize(
    ('text', 'part'),
    [
        ('', 'needs a block task = dict(...), found nothing'),
        ('task = 3', 'needs a block task = dict(...), found int'),
        ('task = dict(kind="segmentation")\ndata = ()', 'task'),
        ('task = dict(kind="segmentation")\nmodel = dict()', "unknown block 'model'"),
    ],
)
def test_a_file_without_its_blocks(declare: Declarations, text: str, part: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        read_task(declare.text(text))
    assert part in str(caught.value)


def test_a_value_that_is_very_long_is_cut(declare: Declarations) -> None:
    path = declare.task(classes=tuple(f'class {i % 900}' for i in range(1000)))
    with pytest.raises(DeclarationError, match='distinct') as caught:
        read_task(path)
    assert len(str(caught.value)) < len(str(path)) + 300


def test_data_common_to_the_splits_are_merged_into_each(declare: Declarations) -> None:
    path = declare.task({'data_prefix': {'img': 'a'}, 'test': {'data_prefix': {'seg': 'b'}}})
    datasets = {role.value: dict(found) for role, found in read_task(path).datasets.items()}
    assert datasets['test']['data_prefix'] == {'img': 'a', 'seg': 'b'}
    assert datasets['train']['data_prefix'] == {'img': 'a'}
    assert datasets['test']['metainfo'] == {'classes': ('sky', 'ground', 'creature')}
    assert not {'root', 'train', 'provider', 'variable'} & datasets['train'].keys()


def test_an_own_metric_is_read(declare: Declarations) -> None:
    metric = read_task(declare.task(metric={**OWN_METRIC, 'title': 'Speed'})).metric
    assert (metric.key, metric.bounds, metric.label) == ('speed', (0.0, 1.0), 'Speed')


SUITE_MISTAKES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    'unknown key': ({'task': ('a',)}, ("unknown key 'task'", "did you mean 'tasks'?")),
    'no seeds': ({'seeds': ()}, ("['seeds'] is ()", 'one or more')),
    'negative seed': ({'seeds': (0, -1)}, ("['seeds'] is (0, -1)", 'whole numbers from 0')),
    'truth as seed': ({'seeds': (True,)}, ("['seeds'] is (True,)", 'whole numbers')),
    'seed twice': ({'seeds': (1, 1)}, ("['seeds'] is (1, 1)", 'distinct')),
    'seeds as a number': ({'seeds': 3}, ("['seeds'] is 3", 'must be tuple')),
    'task twice': ({'tasks': ('a', 'a')}, ("['tasks'] is ('a', 'a')", 'distinct')),
    'task that is no name': ({'tasks': ({'a': 1},)}, ("['tasks'] is", 'strings')),
    'no protocols': ({'protocols': ABSENT}, ("lacks the key 'protocols'",)),
    'backbone twice': ({'backbones': ('a', 'a')}, ("['backbones'] is", 'distinct')),
    'unknown recipe field': (
        {'recipes': {'*/finetune': {'learning_rate': 1.0}}},
        ("suite recipes['*/finetune']", "unknown key 'learning_rate'", 'layer_decay'),
    ),
    'recipe field of a wrong type': (
        {'recipes': {'small': {'lr': '1e-3'}}},
        ("suite recipes['small']['lr'] is '1e-3'", 'int or float'),
    ),
    'negative iterations': (
        {'recipes': {'small': {'iterations': -1}}},
        ("['iterations'] is -1", 'at least 1'),
    ),
    'milestones in words': (
        {'recipes': {'small': {'milestones': ('late',)}}},
        ("['milestones'] is ('late',)", 'shares of the iterations'),
    ),
    'unknown schedule': (
        {'recipes': {'small': {'schedule': 'cosin'}}},
        ("['schedule'] is 'cosin'", 'cosine, linear, poly, step'),
    ),
    'warm-up in iterations': (
        {'recipes': {'small': {'warmup': 500}}},
        ("['warmup'] is 500", 'share of the iterations'),
    ),
    'grid of an unknown field': (
        {'recipes': {'small': {'grid': {'rate': (1.0,)}}}},
        ("['grid']", "unknown key 'rate'", 'layer_decay'),
    ),
    'grid without values': (
        {'recipes': {'small': {'grid': {'lr': ()}}}},
        ("['grid']['lr'] is ()", 'at least one'),
    ),
    'grid value of a wrong type': (
        {'recipes': {'small': {'grid': {'lr': (0.1, 'a')}}}},
        ("['lr'] is 'a'", 'int or float'),
    ),
    'recipe that is no dict': ({'recipes': {'small': 1e-3}}, ("['small'] is 0.001", 'dict')),
    'milestones in iterations': (
        {'recipes': {'small': {'milestones': (80, 110)}}},
        ("['milestones'] is (80, 110)", 'shares of the iterations'),
    ),
    'unknown group': (
        {'groups': {'motion': ('small.py',)}},
        ("unknown key 'motion'", 'geometric-motion'),
    ),
    'group of a task of another suite': (
        {'groups': {'semantic': ('other',)}},
        ("groups['semantic'] is ('other',)", "'other' is not a task of the suite"),
    ),
    'task in two groups': (
        {'groups': {'semantic': ('small.py',), 'combined': ('small.py',)}},
        ("groups['combined']", "'small.py' is also in semantic"),
    ),
    'cost without a device': ({'cost': {'gpu_hours': 3.0}}, ("lacks the key 'device'",)),
    'cost of nothing': (
        {'cost': {'gpu_hours': 0, 'device': 'A100', 'backbone': 'b'}},
        ("cost['gpu_hours'] is 0", 'above 0'),
    ),
}


@pytest.mark.parametrize(('changes', 'parts'), SUITE_MISTAKES.values(), ids=SUITE_MISTAKES)
def test_a_mistake_in_a_suite(
    declare: Declarations, one_line: OneLine, changes: dict[str, Any], parts: tuple[str, ...]
) -> None:
    path = declare.suite(**changes)
    with pytest.raises(DeclarationError) as caught:
        read_suite(path)
    message = one_line(caught.value)
    assert message.startswith(f'{path}: suite')
    assert [part for part in parts if part not in message] == []


def test_a_suite_takes_in_another(declare: Declarations) -> None:
    declare.text(
        declare.suite(tasks=('near/a.py', 'known'), name='inner').read_text(), 'inner/suite.py'
    )
    path = declare.suite(
        tasks=('suite:inner/suite.py', 'small.py'), groups={'semantic': ('suite:inner/suite.py',)}
    )
    suite = read_suite(path)
    assert suite.tasks == ('inner/near/a.py', 'known', 'small.py')
    assert suite.groups == {'inner/near/a.py': 'semantic', 'known': 'semantic'}


@pytest.mark.parametrize(
    ('name', 'part'),
    [('suite.py', "'suite:suite.py' refers back"), ('none.py', 'none.py: cannot be read')],
)
def test_a_suite_that_cannot_be_taken_in(
    declare: Declarations, one_line: OneLine, name: str, part: str
) -> None:
    path = declare.suite(tasks=(f'suite:{name}',))
    with pytest.raises(DeclarationError) as caught:
        read_suite(path)
    assert part in one_line(caught.value)


BACKBONE_MISTAKES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    'unknown key': ({'weights': 'x.pth'}, ("unknown key 'weights'", 'checkpoint')),
    'unknown source': ({'source': 'hub:vit'}, ("['source'] is 'hub:vit'", 'timm')),
    'source without a name': ({'source': 'timm:'}, ("['source'] is 'timm:'", 'must be timm:NAME')),
    'random with weights': (
        {'random': True, 'checkpoint': 'x.pth'},
        ("['checkpoint'] is 'x.pth'", "cannot be combined with 'random'"),
    ),
    'mean without std': ({'mean': (1.0, 2.0, 3.0)}, ("['std'] is None", 'RGB')),
    'two channels': ({'mean': (1.0, 2.0), 'std': (1.0, 1.0, 1.0)}, ("['mean'] is (1.0, 2.0)",)),
    'channels in words': ({'mean': ('r', 'g', 'b'), 'std': (1, 1, 1)}, ("['mean'] is",)),
    'unknown family': (
        {'pretraining': {'family': 'mae'}},
        ("pretraining['family'] is 'mae'", 'mim, supervised'),
    ),
    'unset variable': (
        {'checkpoint': '$TBENCH_NO_SUCH_VARIABLE/x.pth'},
        ('TBENCH_NO_SUCH_VARIABLE is not set',),
    ),
}


@pytest.mark.parametrize(('changes', 'parts'), BACKBONE_MISTAKES.values(), ids=BACKBONE_MISTAKES)
def test_a_mistake_in_a_backbone(
    declare: Declarations, one_line: OneLine, changes: dict[str, Any], parts: tuple[str, ...]
) -> None:
    path = declare.backbone(**changes)
    with pytest.raises(DeclarationError) as caught:
        read_backbone(path)
    message = one_line(caught.value)
    assert message.startswith(f'{path}: backbone')
    assert [part for part in parts if part not in message] == []


class TestNames:
    def test_a_near_miss_of_a_backbone_is_told_alone(self, one_line: OneLine) -> None:
        with pytest.raises(UnknownNameError) as caught:
            find_backbone('mae_vitb61')
        assert one_line(caught.value) == (
            "unknown backbone 'mae_vitb61'; did you mean 'mae-vitb16'? `tbench list backbones` "
            'shows all'
        )

    @pytest.mark.parametrize('ending', ['+drop', '+dropx', '+reinit', '+reinitx', '+drop-1'])
    def test_a_number_of_blocks_must_follow(self, ending: str) -> None:
        action = 'drop' if 'drop' in ending else 'reinit'
        for name in (f'timm:vit{ending}', f'mae_vitb16{ending}'):
            with pytest.raises(
                DeclarationError, match=rf'a number of blocks must follow \+{action}'
            ):
                find_backbone(name)

    @pytest.mark.parametrize('find', [find_task, find_suite, find_backbone])
    def test_an_unknown_name_lists_what_is_known(
        self, find: Callable[[str], object], one_line: OneLine
    ) -> None:
        with pytest.raises(UnknownNameError, match=r"unknown \w+ 'nothing-like-this'.*\(known: "):
            find('nothing-like-this')

    def test_a_near_miss_is_told(self) -> None:
        with pytest.raises(UnknownNameError, match="did you mean 'quick'"):
            find_suite('quik')

    def test_two_tasks_of_one_name_are_refused(
        self, declare: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = declare.task()
        other = declare.text(one.read_text(), 'again.py')
        monkeypatch.setattr(tasks_module, 'task_files', lambda: (one, other))
        with pytest.raises(DeclarationError, match=rf"again\.py: name 'small' is taken by {one}"):
            shipped_tasks()

    def test_two_suites_of_one_name_are_refused(
        self, declare: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = declare.suite()
        other = declare.text(one.read_text(), 'again.py')
        monkeypatch.setattr(suites_module, 'suite_files', lambda: (one, other))
        with pytest.raises(DeclarationError, match=rf"again\.py: name 'tiny' is taken by {one}"):
            shipped_suites()

    def test_two_backbones_of_one_name_are_refused(
        self, declare: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = declare.backbone()
        other = declare.text(one.read_text(), 'again.py')
        monkeypatch.setattr(backbones_module, 'zoo_files', lambda: (one, other))
        with pytest.raises(DeclarationError, match=r"again\.py: the name 'mine' is declared twice"):
            zoo()


class TestBackboneIds:
    def test_a_timm_name(self) -> None:
        backbone = find_backbone('timm:test_vit')
        assert (backbone.id, backbone.source) == ('timm:test_vit', 'timm:test_vit')
        assert (backbone.is_random, backbone.checkpoint) == (False, None)

    def test_random(self) -> None:
        backbone = find_backbone('timm:test_vit+random')
        assert backbone.id == 'timm:test_vit+random'
        assert backbone.source == 'timm:test_vit'
        assert backbone.is_random
        assert backbone.pretraining.labels is False

    def test_a_checkpoint_is_part_of_the_name(self, tmp_path: Path) -> None:
        weights = tmp_path / 'w@1.pth'
        weights.write_bytes(b'weights')
        backbone = find_backbone(f'timm:test_vit@{weights}')
        mark = hashlib.sha256(b'weights').hexdigest()[:6]
        assert (backbone.id, backbone.checkpoint) == (f'timm:test_vit@w@1.pth#{mark}', weights)

    @pytest.mark.parametrize(
        'name',
        [
            'vit+drop_path0.1.safetensors',
            'w+drop2',
            'w+random',
            'runs@x/w@2.pth',
            'a+b ярко/w#1=2.pth',
            'w.pth#ema',
            'x@y.pth+reinit3',
        ],
    )
    @pytest.mark.parametrize(
        ('ending', 'key'), [('', ''), ('+drop1', ''), ('#ema.model', 'ema.model')]
    )
    def test_a_path_that_exists_is_meant(
        self, name: str, ending: str, key: str, tmp_path: Path
    ) -> None:
        weights = tmp_path / name
        weights.parent.mkdir(exist_ok=True)
        weights.write_bytes(b'weights')
        backbone = find_backbone(f'timm:test_vit@{weights}{ending}')
        mark = hashlib.sha256(b'weights').hexdigest()[:6]
        chosen = f'#{key}' if key else ''
        last = '+drop1' if ending == '+drop1' else ''
        assert backbone.id == f'timm:test_vit@{weights.name}{chosen}#{mark}{last}'
        assert (backbone.checkpoint, backbone.copy) == (weights, key)
        assert (backbone.last_blocks is None) == (ending != '+drop1')

    def test_a_declaration_in_a_folder_of_any_name(self, tmp_path: Path) -> None:
        folder = tmp_path / 'a+drop@b #1'
        folder.mkdir()
        source = folder / 'arch.py'
        source.write_text("backbone = dict(name='mine', source='timm:test_vit')")
        weights = folder / 'w.pth'
        weights.write_bytes(b'weights')
        assert find_backbone(str(source)).id == 'mine'
        assert find_backbone(f'{source}+random+drop2').id == 'mine+random+drop2'
        assert find_backbone(f'{source}@{weights}+drop2').checkpoint == weights
        assert find_backbone('arch.py', relative_to=folder).id == 'mine'

    def test_an_id_of_a_report_is_read_too(self, tmp_path: Path) -> None:
        weights = tmp_path / 'w.pth'
        weights.write_bytes(b'weights')
        for key in ('', '#ema'):
            backbone = find_backbone(f'timm:test_vit@{weights}{key}')
            mark = backbone.id.rpartition('#')[2]
            again = find_backbone(f'timm:test_vit@{weights}{key}#{mark}')
            assert (again.id, again.copy) == (backbone.id, backbone.copy)

    def test_a_declared_checkpoint_may_name_a_copy(self, declare: Declarations) -> None:
        declare.text('', 'w.pth')
        path = declare.backbone(checkpoint='w.pth#teacher')
        backbone = read_backbone(path)
        assert (backbone.checkpoint, backbone.copy) == (declare.folder / 'w.pth', 'teacher')

    @pytest.mark.parametrize('text', ['timm:test_vit+drop1@w.pth', 'timm:test_vit+drop1+drop2'])
    def test_an_ending_stands_at_the_end(self, text: str) -> None:
        with pytest.raises(DeclarationError, match='only one of'):
            find_backbone(text + '+drop1')

    def test_what_is_declared_is_not_said_of_other_weights(self, declare: Declarations) -> None:
        weights = declare.folder / 'other.pth'
        weights.write_bytes(b'other')
        mine = declare.backbone(title='Mine', pretraining={'method': 'MAE', 'family': 'mim'})
        backbone = find_backbone(f'{mine}@{weights}')
        assert (backbone.title, backbone.pretraining.method) == ('', None)

    def test_a_missing_checkpoint_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match=r'gone\.pth: no such weights file'):
            find_backbone(f'timm:test_vit@{tmp_path}/gone.pth')

    def test_a_file_is_relative_to_the_suite(self, declare: Declarations) -> None:
        declare.backbone(checkpoint='weights/w.pth', title='Mine')
        backbone = find_backbone('mine.py', relative_to=declare.folder)
        assert backbone.checkpoint == declare.folder / 'weights' / 'w.pth'
        random = find_backbone('mine.py+random', relative_to=declare.folder)
        assert (random.id, random.checkpoint) == ('mine+random', None)
        assert random.title == 'Mine, random'

    def test_a_checkpoint_below_a_variable(
        self, declare: Declarations, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv('MY_WEIGHTS', '/weights')
        path = declare.backbone(checkpoint='$MY_WEIGHTS/a/w.pth')
        assert read_backbone(path).checkpoint == Path('/weights/a/w.pth')

    @pytest.mark.parametrize(
        ('text', 'part'),
        [
            ('timm:test_vit@w.pth+random', 'cannot be combined with'),
            ('timm:', 'must be timm:NAME'),
            ('hub:vit', "unknown backbone source 'hub'"),
            ('', "unknown backbone ''"),
        ],
    )
    def test_what_is_no_backbone(self, text: str, part: str, one_line: OneLine) -> None:
        with pytest.raises(BenchmarkError) as caught:
            find_backbone(text)
        assert part in one_line(caught.value)

    def test_a_random_backbone_takes_no_weights(self, declare: Declarations) -> None:
        path = declare.backbone(random=True)
        weights = declare.text('', 'w.pth')
        with pytest.raises(DeclarationError, match='is random and cannot have a checkpoint'):
            find_backbone(f'{path}@{weights}')
