"""What cells share is compiled once, and each is what it would be alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.catalog import declare_backbone, declare_suite, find_backbone, shipped_tasks
from benchmark.compiling import options
from benchmark.errors import BenchmarkError
from benchmark.planning import Cell, CellCompiler, Request, ResolvedInputs, expand
from benchmark.planning.cells import Inspected
from benchmark.protocols import protocol_names
from benchmark.specs import Architecture, Backbone, Features

VIT = Features(Architecture.PLAIN_VIT, (192,), (16,), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), 10, 12)
SWIN = Features(
    Architecture.HIERARCHICAL, (96, 192, 384, 768), (4, 8, 16, 32), (1.0,) * 3, (2.0,) * 3, 20, 12
)
CODE = 'class Net: ...'


@pytest.fixture
def backbones(tmp_path: Path) -> dict[str, tuple[Backbone, Inspected]]:
    (tmp_path / 'net.py').write_text(CODE)
    (tmp_path / 'w.pth').write_text('w')
    declared = declare_backbone({'name': 'mine', 'source': 'timm:a"b', 'options': {'depth': 2}})
    found = [
        (find_backbone('timm:vit_a'), Inspected(VIT, 'a' * 64)),
        (find_backbone('timm:vit_b'), Inspected(VIT, 'b' * 64)),
        (find_backbone('timm:vit_a+random'), Inspected(VIT, None)),
        (find_backbone('mmpretrain:vit_a+random'), Inspected(VIT, None)),
        (find_backbone(f'timm:vit_a@{tmp_path / "w.pth"}'), Inspected(VIT, 'c' * 64)),
        (find_backbone(f'{tmp_path / "net.py"}:Net+random'), Inspected(VIT, None)),
        (find_backbone('timm:vit_a+drop2'), Inspected(VIT, 'a' * 64)),
        (declared, Inspected(VIT, 'd' * 64)),
        (find_backbone('timm:swin_a'), Inspected(SWIN, 'e' * 64)),
    ]
    return {backbone.id: (backbone, inspected) for backbone, inspected in found}


def compiled(
    backbones: dict[str, tuple[Backbone, Inspected]], **more: object
) -> tuple[list[Cell], list[str]]:
    """Return the cells of one task of each kind under all protocols, and why others are none."""
    by_kind = {task.kind: name for name, task in shipped_tasks().items()}
    suite = declare_suite(
        {
            'name': 's',
            'title': 's',
            'tasks': tuple(by_kind.values()),
            'protocols': protocol_names(),
            'seeds': (0, 2**32 - 1),
        }
        | more
    )
    request = Request.read(suite, backbones=[backbone for backbone, _ in backbones.values()])
    names = [task.name for task in request.tasks]
    resolved = ResolvedInputs(
        {name: Path('/data') / name for name in names},
        {name: f'{number:064x}' for number, name in enumerate(names)},
        {name: inspected for name, (_, inspected) in backbones.items()},
    )
    compiler = CellCompiler(request, resolved, options={})
    cells, refused = [], []
    for spec in expand(request):
        try:
            cells.append(compiler.cell(spec))
        except BenchmarkError as error:
            refused.append(str(error))
    return cells, refused


def test_every_cell_has_the_fingerprint_that_it_has_alone(
    backbones: dict[str, tuple[Backbone, Inspected]],
) -> None:
    cells, _ = compiled(backbones)
    assert len({cell.task.kind for cell in cells}) >= 7
    assert len(cells) > 300
    for cell in cells:
        assert cell.fingerprint == cell.identify(cell.config), cell.spec
    # blocks that are dropped, and every other difference, make another run
    assert len({cell.fingerprint for cell in cells}) == len(cells)


def test_a_grid_is_compiled_the_same_way(
    backbones: dict[str, tuple[Backbone, Inspected]],
) -> None:
    grid = {'grid': {'lr': (0.1, 0.2)}}
    cells, _ = compiled(
        backbones,
        tasks=('world-segmentation',),
        protocols=('finetune',),
        recipes={'*/finetune': grid},
    )
    assert {cell.job for cell in cells} == {'search'}
    for cell in cells:
        assert cell.fingerprint == cell.identify(cell.config), cell.spec


def test_no_message_and_no_configuration_shows_a_mark(
    backbones: dict[str, tuple[Backbone, Inspected]],
) -> None:
    cells, refused = compiled(backbones)
    said = ''.join([*refused, *(repr(cell.config) + repr(cell.facts) for cell in cells)])
    assert '\ue000' not in said
    assert '880326517194650822391407' not in said


def test_options_are_applied_to_what_is_shared(
    backbones: dict[str, tuple[Backbone, Inspected]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (task,) = (task for name, task in shipped_tasks().items() if name == 'world-depth')
    suite = declare_suite(
        {
            'name': 's', 'title': 's', 'tasks': (task.name,), 'protocols': ('finetune',),
            'seeds': (0, 1),
        }
    )  # fmt: skip
    request = Request.read(suite, backbones=[backbone for backbone, _ in backbones.values()])
    resolved = ResolvedInputs(
        {task.name: Path('/data')},
        {task.name: '0' * 64},
        {name: inspected for name, (_, inspected) in backbones.items()},
    )
    changed = {'randomness.seed': 5}
    compiler = CellCompiler(request, resolved, options=changed)
    calls: list[object] = []
    own = options.apply_options
    monkeypatch.setattr(
        'benchmark.compiling.procedures.apply_options',
        lambda config, given: calls.append(given) or own(config, given),
    )
    cells = [compiler.cell(spec) for spec in expand(request)]
    # two of the nine backbones differ in name and weights alone, and each has two seeds
    assert len(calls) == 8
    assert all(cell.config['randomness']['seed'] == 5 for cell in cells)
    assert all(cell.fingerprint == cell.identify(cell.config) for cell in cells)
