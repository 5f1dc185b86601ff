"""``--mean`` and ``--std`` state a normalisation, and what cannot be one is refused."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import pytest

from benchmark.cli.options import add_normalisation, normalised
from benchmark.errors import BenchmarkError

MEAN, STD = '123.675 116.28 103.53', '58.395 57.12 57.375'


def options(mean: str = '', std: str = '') -> Namespace:
    parser = ArgumentParser()
    add_normalisation(parser)
    words = [
        *(['--mean', *mean.split()] if mean else []),
        *(['--std', *std.split()] if std else []),
    ]
    return parser.parse_args(words)


def test_the_named_backbones_get_it() -> None:
    (found,) = normalised(['A=timm:test_vit+random'], options(MEAN, STD))
    assert found.normalisation == ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
    assert (found.title, found.id) == ('A', 'timm:test_vit+random')


def test_without_it_they_stay_texts() -> None:
    assert normalised(['timm:test_vit'], options()) == ['timm:test_vit']


@pytest.mark.parametrize(
    ('mean', 'std', 'said'),
    [
        (MEAN, '', '--std is missing'),
        ('', STD, '--mean is missing'),
        ('0.485 0.456 0.406', STD, 'on the scale 0 to 1; .* --mean 123.675 116.28 103.53'),
        (MEAN, '0.229 0.224 0.225', 'on the scale 0 to 1'),
        ('300 1 1', STD, 'must be from 0 to 255'),
        (MEAN, '50 0 50', 'must be above 0'),
    ],
)
def test_what_cannot_be_one_is_refused(mean: str, std: str, said: str) -> None:
    with pytest.raises(BenchmarkError, match=said):
        normalised(['timm:test_vit'], options(mean, std))


def test_it_needs_backbones_to_belong_to() -> None:
    with pytest.raises(BenchmarkError, match='--backbones'):
        normalised([], options(MEAN, STD))
