"""Everything that is declared in this repository keeps the catalogue's contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.catalog import read_backbone, read_suite, read_task, shipped_tasks
from benchmark.catalog.backbones import zoo_files
from benchmark.catalog.suites import suite_files
from benchmark.catalog.tasks import task_files
from benchmark.compiling import CellInputs, compile_config
from benchmark.hashing import canonical_json
from benchmark.kinds import kind_names, load_kind
from benchmark.planning import Request
from benchmark.protocols import load_protocol
from benchmark.specs import Architecture, Backbone, Features, Role, Rule, RunSpec

REAL = Path(__file__).parent.parent / 'real_mini'
TASKS = (*task_files(), *sorted((REAL / 'tasks').glob('*.py')))
BACKBONES = (*zoo_files(), *sorted((REAL / 'backbones').glob('*.py')))
SUITES = (*suite_files(), REAL / 'suite.py')

VIT = Features(Architecture.PLAIN_VIT, (192,), (16,), (127.5,) * 3, (127.5,) * 3, 1, 12)
PYRAMID = ((96, 192, 384, 768), (4, 8, 16, 32), (127.5,) * 3, (127.5,) * 3, 1, 12)
FEATURES = (
    VIT,
    Features(Architecture.HIERARCHICAL, *PYRAMID),
    Features(Architecture.CONVNET, *PYRAMID),
)


def name_of(path: Path) -> str:
    return path.stem


@pytest.fixture(autouse=True)
def _places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('TBENCH_REAL_WEIGHTS', str(tmp_path))
    monkeypatch.setenv('TBENCH_REAL_MINI', str(tmp_path))


def test_there_are_shipped_tasks_and_suites() -> None:
    assert shipped_tasks()
    assert suite_files()


@pytest.mark.parametrize('path', TASKS, ids=name_of)
class TestTask:
    def test_the_file_is_called_like_the_task(self, path: Path) -> None:
        assert path.stem == read_task(path).name.replace('-', '_')

    def test_a_shipped_task_lies_in_the_folder_of_its_kind(self, path: Path) -> None:
        if path in task_files():
            assert path.parent.name == read_task(path).kind

    def test_metrics_are_what_the_kind_measures(self, path: Path) -> None:
        task = read_task(path)
        measured = load_kind(task.kind).metrics
        assert task.metric.key in measured
        assert all(measured[metric.key] == metric for metric in task.metrics)
        keys = [task.metric.key, *(metric.key for metric in task.metrics)]
        assert len(set(keys)) == len(keys)

    def test_splits_are_declared_and_disjoint(self, path: Path) -> None:
        task = read_task(path)
        assert set(task.splits) == set(task.datasets) >= {Role.TRAIN, Role.TEST}
        assert all(count > 0 for count in task.splits.values())
        places = [canonical_json(declared) for declared in task.datasets.values()]
        assert len(set(places)) == len(places)

    def test_provenance_is_told(self, path: Path) -> None:
        task = read_task(path)
        for text in (task.title, task.citation, task.licence, task.origin):
            assert text.strip()

    @pytest.mark.parametrize('protocol', ['finetune', 'frozen'])
    @pytest.mark.parametrize('features', FEATURES, ids=lambda f: f.architecture.value)
    def test_it_compiles_to_plain_data(self, path: Path, features: Features, protocol: str) -> None:
        task = read_task(path)
        backbone = Backbone(id='b', source='timm:b', is_random=True)
        spec = RunSpec(task.name, 'b', protocol, 0)
        cell = CellInputs(spec, backbone, features, task, load_protocol(protocol))
        config = compile_config(cell)
        text = canonical_json(config)
        assert str(path.parent) not in text
        train, test = (config[f'{role}_dataloader']['dataset'] for role in ('train', 'test'))
        for role, dataset in ((Role.TRAIN, train), (Role.TEST, test)):
            # None leaves it to the data set
            is_for_testing = task.datasets[role].get('test_mode', role is Role.TEST)
            assert is_for_testing in (role is Role.TEST, None)
            assert dataset.get('test_mode') == is_for_testing
        numbers = tuple(map(str, range(len(task.classes))))
        assert train.get('metainfo', {}).get('classes', numbers) == task.classes
        assert config['train_cfg']['max_iters'] == task.budget.get(
            'iterations', config['train_cfg']['max_iters']
        )


@pytest.mark.parametrize('path', BACKBONES, ids=name_of)
def test_a_declared_backbone_reads_and_tells_its_origin(path: Path) -> None:
    backbone = read_backbone(path, is_for_use=False)
    assert path.stem.replace('_', '-') == backbone.id.replace('_', '-')
    assert backbone.title
    assert backbone.pretraining.method
    assert backbone.pretraining.family
    assert backbone.licence or backbone.reference


@pytest.mark.parametrize('path', SUITES, ids=lambda path: f'{path.parent.name}-{path.stem}')
def test_all_that_a_suite_names_exists(path: Path) -> None:
    suite = read_suite(path)
    request = Request.read(str(path))
    assert len(request.tasks) == len(suite.tasks)
    assert [protocol.name for protocol in request.protocols] == list(suite.protocols)
    assert len(request.backbones) == len(suite.backbones) > 0
    if path in suite_files():
        assert path.stem == suite.name.replace('-', '_')


@pytest.mark.parametrize('paths', [TASKS, BACKBONES, SUITES], ids=['tasks', 'backbones', 'suites'])
def test_names_are_unique(paths: tuple[Path, ...]) -> None:
    readers = {
        id(TASKS): read_task,
        id(BACKBONES): lambda path: read_backbone(path, is_for_use=False),
        id(SUITES): read_suite,
    }
    read = readers[id(paths)]
    declared = [read(path) for path in paths]
    names = [getattr(item, 'name', None) or getattr(item, 'id', None) for item in declared]
    assert None not in names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize('name', kind_names())
class TestKind:
    def test_metrics_are_keyed_by_their_own_key(self, name: str) -> None:
        kind = load_kind(name)
        assert kind.name == name
        assert kind.heads
        assert {key: metric.key for key, metric in kind.metrics.items()} == {
            key: key for key in kind.metrics
        }
        for metric in kind.metrics.values():
            low, high = metric.bounds
            assert low < high

    @pytest.mark.parametrize('protocol', ['finetune', 'frozen'])
    def test_every_protocol_has_a_recipe_for_it(self, name: str, protocol: str) -> None:
        rules = [rule for rule in load_protocol(protocol).recipes if rule.kind == name]
        stated = {key for rule in rules if _holds_everywhere(rule) for key in rule.numbers}
        assert {'lr', 'weight_decay', 'batch_size'} <= stated
        assert stated & {'iterations', 'epochs'}


def _holds_everywhere(rule: Rule) -> bool:
    return rule.architecture is None and rule.size is None and not rule.tasks
