"""Budgets, and what the folder of a pretraining holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.catalog import find_backbone
from benchmark.errors import DataError, DeclarationError
from benchmark.pretraining import Budget, Folder, declaration_text, read_facts
from benchmark.specs import Backbone, Pretraining


@pytest.mark.parametrize(
    ('budget', 'passes'),
    [
        (Budget('epochs', 1.5), 150),
        (Budget('steps', 10), 80),
        (Budget('seconds', 10), 160),
        # a training shorter than any can be is as short as one can be
        (Budget('seconds', 0.1), 32),
    ],
)
def test_budgets_in_pictures(budget: Budget, passes: int) -> None:
    assert budget.passes(pictures=100, batch_size=8, pace=0.5) == passes


def test_no_budgets() -> None:
    with pytest.raises(DeclarationError, match='epochs is 0, must be above 0'):
        Budget('epochs', 0)
    with pytest.raises(DeclarationError, match='seconds is nan, must be above 0'):
        Budget('seconds', float('nan'))
    with pytest.raises(DeclarationError, match=r'0\.1 epochs are 1 steps of 8 pictures'):
        Budget('epochs', 0.1).passes(100, 8, 0)


def test_a_declaration_reads_back(tmp_path: Path) -> None:
    (tmp_path / 'x.safetensors').touch()
    backbone = Backbone(
        id='x',
        source='timm:vit_tiny_patch16_224',
        options={'img_size': 64, 'depths': (1, 2), 'act_layer': "it's"},
        checkpoint=tmp_path / 'x.safetensors',
        normalisation=((1.0, 2.5, 3.0), (4.0, 5.0, 6.0)),
        pretraining=Pretraining(method='MAE', family='mim', data='a', epochs=2.5, labels=False),
        reference='arXiv 2111.06377',
    )
    (tmp_path / 'x.py').write_text(declaration_text(backbone))
    assert find_backbone(str(tmp_path / 'x.py')) == backbone


def test_names_are_fit_for_files(tmp_path: Path) -> None:
    assert Folder(tmp_path / 'vit-mae').name == 'vit-mae'
    with pytest.raises(DeclarationError, match=r"name 'vit mae': .* give another as --name"):
        Folder(tmp_path / 'vit mae')
    assert Folder(tmp_path / 'vit mae', 'vit').weights.name == 'vit.safetensors'


def test_an_unfinished_other_side_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'--like .*: holds no pretraining'):
        read_facts(tmp_path)
    Folder(tmp_path / 'a').claim({'name': 'a'})
    with pytest.raises(DataError, match='a: the pretraining there is not finished'):
        read_facts(tmp_path / 'a')
    (tmp_path / 'a' / 'a.json').write_text('{')
    with pytest.raises(DataError, match=r'a\.json: cannot be read'):
        read_facts(tmp_path / 'a')
