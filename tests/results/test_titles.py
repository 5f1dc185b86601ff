"""What backbones are called: names, else the shortest part of their ids that keeps them apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import BenchmarkError, UnknownNameError
from benchmark.results.titles import find_id, short_titles, split_name

VIT = 'timm:vit_small_patch16_224'


@pytest.mark.parametrize(
    ('ids', 'titles'),
    [
        ([f'{VIT}@a.pth#111111', f'{VIT}@b.pth#222222'], ['a.pth', 'b.pth']),
        ([f'{VIT}@a.pth#111111'], ['a.pth']),
        ([VIT, f'{VIT}+random'], ['vit_small_patch16_224', 'vit_small_patch16_224, random']),
        # equal files of two architectures, and of one architecture in two contents
        (
            [f'{VIT}@last.ckpt#111111', 'timm:resnet18@last.ckpt#222222'],
            ['vit_small_patch16_224@last.ckpt', 'resnet18@last.ckpt'],
        ),
        (
            [f'{VIT}@last.ckpt#111111', f'{VIT}@last.ckpt#222222'],
            ['vit_small_patch16_224@last.ckpt#111111', 'vit_small_patch16_224@last.ckpt#222222'],
        ),
        (['my_net.py:MyNet#aaaaaa@a.pth#bbbbbb', 'world-vit-mae'], ['a.pth', 'world-vit-mae']),
        (['my_net.py:MyNet#aaaaaa+random'], ['MyNet, random']),
        (['hf:OWNER/NAME', f'{VIT}+drop2'], ['OWNER/NAME', 'vit_small_patch16_224+drop2']),
    ],
)
def test_the_shortest_part_that_distinguishes(ids: list[str], titles: list[str]) -> None:
    found = short_titles(ids)
    assert [found[id_] for id_ in ids] == titles


def test_a_name_of_another_is_not_repeated() -> None:
    assert short_titles([f'{VIT}@a.pth#111111'], taken=['a.pth']) == {
        f'{VIT}@a.pth#111111': 'vit_small_patch16_224@a.pth'
    }


PARTS = st.sampled_from(['a', 'b', '@a.pth#111111', '@b.pth#222222', '+random', '+drop1', 'timm:'])


@given(st.lists(st.lists(PARTS, min_size=1, max_size=5).map(''.join), unique=True))
def test_titles_keep_all_apart_whatever_the_ids(ids: list[str]) -> None:
    found = short_titles(ids)
    assert set(found) == set(ids)
    assert len(set(found.values())) == len(ids)


@pytest.mark.parametrize(
    ('text', 'parts'),
    [
        ('A=timm:x@a.pth', ('A', 'timm:x@a.pth')),
        ('A=B', ('A', 'B')),
        ('timm:x@lr=1.pth', ('', 'timm:x@lr=1.pth')),
        ('runs/lr=1/my.py', ('', 'runs/lr=1/my.py')),
        ('=x', ('', '=x')),
        ('A=', ('', 'A=')),
    ],
)
def test_a_name_stands_before_the_id(text: str, parts: tuple[str, str]) -> None:
    assert split_name(text) == parts


def test_a_backbone_is_found_by_title_by_id_and_without_its_mark() -> None:
    titles = {f'{VIT}@a.pth#111111': 'A', 'world-vit-mae': 'ViT, MAE'}
    for text in ('A', f'{VIT}@a.pth#111111', f'{VIT}@a.pth'):
        assert find_id(text, titles) == f'{VIT}@a.pth#111111'
    with pytest.raises(UnknownNameError, match="unknown backbone 'ViT, MEA'; did you mean"):
        find_id('ViT, MEA', titles)
    with pytest.raises(BenchmarkError, match='one of several'):
        find_id('A', {'x': 'A', 'y': 'A'})
