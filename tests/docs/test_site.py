"""The site: a complete API page, links that lead to its pages, nothing from other hosts."""

from __future__ import annotations

import logging
import re
from types import SimpleNamespace

import pytest

import transferbench as tb
from tests.support.documents import ROOT
from tests.support.tool_loading import load_tool

hooks = load_tool('site/hooks')


def page(path: str) -> SimpleNamespace:
    return SimpleNamespace(file=SimpleNamespace(src_uri=path))


def test_the_api_page_has_every_public_name() -> None:
    shown = re.findall(r'^::: transferbench\.(\w+)', (ROOT / 'docs/api.md').read_text(), re.M)
    assert sorted([*shown, '__version__']) == sorted(tb.__all__)


@pytest.mark.parametrize(
    ('place', 'link', 'expected'),
    [
        ('own-data/index.md', '[a](../protocols.md#grids)', '[a](../protocols.md#grids)'),
        ('shipped-backbones.md', '[a](../results/sweeps/README.md)', '[a](results/sweeps.md)'),
        ('results/index.md', '[a](../docs/study.md)', '[a](../study.md)'),
        ('contributing.md', '[a](docs/own-data/index.md)', '[a](own-data/index.md)'),
        ('shipped-backbones.md', '[records](../results/pretraining)', 'records'),
        ('tasks.md', '[a](https://example.org/b)', '[a](https://example.org/b)'),
        ('tasks.md', '[a](../no-such-file.md)', '[a](../no-such-file.md)'),
    ],
)
def test_links_lead_to_pages_of_the_site(place: str, link: str, expected: str) -> None:
    assert hooks.on_page_markdown(link, page=page(place)) == expected


def test_a_page_that_loads_from_another_host_warns(caplog: pytest.LogCaptureFixture) -> None:
    html = '<a href="https://example.org">text</a><script src="js/own.js"></script>'
    with caplog.at_level(logging.WARNING):
        hooks.on_post_page(html, page=page('a.md'))
        assert caplog.messages == []
        hooks.on_post_page('<script src="https://example.org/a.js"></script>', page=page('a.md'))
    assert [message.split()[0] for message in caplog.messages] == ['a.md']
    assert caplog.records[0].name.startswith('mkdocs')
