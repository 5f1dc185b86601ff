"""The site: pages, ties, feeds and badges; also in a browser at the widths of desk and phone."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmark.catalog import find_suite
from benchmark.commons.bundle import MANIFEST, bundle_files
from benchmark.commons.site import Site, build_site
from benchmark.commons.standings import places
from benchmark.commons.verifying import submit
from benchmark.errors import BenchmarkError
from benchmark.results.sharing import zipped
from benchmark.results.store import ResultStore
from benchmark.statistics.spread import judge
from tests.support.bundles import SEEDS, whole_store
from tests.support.report_fakes import record, save, suite

if TYPE_CHECKING:
    from playwright import sync_api

CHROMIUM = shutil.which('chromium')


@pytest.fixture(scope='module')
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('bundle')
    store = whole_store(ResultStore(root / 'results', root / 'work'))
    submit(store, find_suite('quick'), root / 'mine.zip')
    return root / 'mine.zip'


@pytest.fixture(scope='module')
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('results')
    store = ResultStore(root / 'results', root / 'work')
    odd = record('parts', 'vit-s-dino', 'finetune', 0)
    hostile = {**odd.backbone, 'title': '<script>alert(1)</script>'}
    items = [r for r in suite() if r.spec.backbone != 'vit-s-dino']
    items += [replace(odd, backbone=hostile, spec=replace(odd.spec, seed=s)) for s in (0, 1)]
    save(store, [replace(item, suite='invented') for item in items])
    return root / 'results'


@pytest.fixture(scope='module')
def site(results: Path, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    out = tmp_path_factory.mktemp('site') / 'site'
    return build_site([results, bundle], out, title='Vision transfer')


def test_every_link_of_every_page_leads_to_a_page_of_the_site(site: Site) -> None:
    class Links(HTMLParser):
        found: list[str]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found += [value or '' for name, value in attrs if name in ('href', 'src')]

    pages = list(site.index.parent.rglob('*.html'))
    assert len(pages) == site.pages
    for page in pages:
        parser = Links()
        parser.found = []
        parser.feed(page.read_text())
        inside = [link for link in parser.found if not link.startswith(('#', 'data:'))]
        assert all((page.parent / link).resolve().is_file() for link in inside), page
        assert inside


def test_a_site_is_small_and_names_no_other_host(site: Site) -> None:
    assert site.size < 5_000_000
    for page in site.index.parent.rglob('*'):
        if page.suffix in ('.html', '.csv', '.json'):
            assert not re.search(r'(?:src|href)="(?:https?:)?//', page.read_text()), page


def test_what_records_say_is_text_and_never_markup(site: Site) -> None:
    for page in site.index.parent.rglob('*.html'):
        assert '<script>alert' not in page.read_text()
    assert '&lt;script&gt;alert' in site.index.read_text()


def test_feeds_have_every_row_with_places_and_badges(site: Site) -> None:
    feed = json.loads((site.index.parent / 'feed.json').read_text())
    assert feed['schema'] == 1
    rows = feed['rows']
    with (site.index.parent / 'feed.csv').open(newline='') as file:
        lines = list(csv.DictReader(file))
    assert [line['backbone'] for line in lines] == [row['backbone'] for row in rows]
    ours = next(r for r in rows if (r['backbone'], r['task']) == ('ours-mae', 'world-covered'))
    assert (ours['suite'], ours['protocol'], ours['seeds']) == ('quick@2', 'knn', len(SEEDS))
    assert ours['badge'] == 'recomputed'
    fakes = [r for r in rows if r['suite'] == 'invented@1']
    assert {r['badge'] for r in fakes if r['mean'] is not None} == {'self-reported'}
    failed = next(r for r in fakes if (r['task'], r['backbone']) == ('keypoints', 'swin-t-simmim'))
    assert failed['mean'] is None
    assert 'out of memory' in failed['problem']


def test_places_agree_with_what_is_judged_pair_by_pair() -> None:
    values = {'a': [60, 61], 'b': [60.5, 60.9], 'c': [50, 51], 'd': [50.2, 51.1], 'e': [20, 21]}
    judgement = judge(values, higher_is_better=True)
    found = places(judgement)
    clear = {(pair.better, pair.worse) for pair in judgement.clear}
    for name, (first, last) in found.items():
        assert first == 1 + sum(worse == name for _, worse in clear)
        assert last == len(values) - sum(better == name for better, _ in clear)
    assert [str(found[name]) for name in 'abcde'] == [
        '1 to 2, tie', '1 to 2, tie', '3 to 4, tie', '3 to 4, tie', '5'
    ]  # fmt: skip
    assert places(judge({'a': [60], 'b': [50]}, higher_is_better=True)) == {}


def test_a_tie_is_shown_as_a_tie(site: Site) -> None:
    text = (site.index.parent / 'tasks' / 'parts.html').read_text()
    assert re.search(r'<tr class="tie"><td class="number place">\d to \d, tie</td>', text)


def test_a_refused_bundle_builds_no_site(bundle: Path, tmp_path: Path) -> None:
    root = tmp_path / 'store'
    store = whole_store(ResultStore(root / 'results', root / 'work'), ['ours-mae'])
    files = bundle_files(store, find_suite('quick'))
    name = next(n for n in files if n != MANIFEST)
    (tmp_path / 'bad.zip').write_bytes(zipped({**files, name: files[name] + b' '}))
    with pytest.raises(BenchmarkError, match=r'bad\.zip: refused, wrong digest: records/'):
        build_site([bundle, tmp_path / 'bad.zip'], tmp_path / 'site')
    assert not (tmp_path / 'site').exists()


def test_two_sources_with_other_scores_of_one_run_are_not_mixed(
    bundle: Path, tmp_path: Path
) -> None:
    other = ResultStore(tmp_path / 'other', tmp_path / 'work')
    whole_store(other, ['ours-mae'])
    changed = next(iter(other.records('quick')))
    other.save(replace(changed, scores={changed.primary: 1.0}, raw={changed.primary: 1.0}))
    found = build_site([bundle, other.results], tmp_path / 'site')
    (note,) = found.notes
    assert 'an earlier source has the same run with other scores' in note


def test_unknown_suites_and_empty_folders_are_errors(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="unknown suite with records 'nope'"):
        build_site([bundle], tmp_path / 'site', suites=['nope'])
    (tmp_path / 'empty' / 'runs').mkdir(parents=True)
    with pytest.raises(BenchmarkError, match='no records'):
        build_site([tmp_path / 'empty'], tmp_path / 'site')


@pytest.fixture(scope='module')
def browser() -> Iterator[sync_api.Browser]:
    api = pytest.importorskip('playwright.sync_api', reason='playwright is not installed')
    if CHROMIUM is None:
        pytest.skip('no chromium on the PATH')
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=['--no-sandbox', '--disable-gpu']
        )
        yield launched
        launched.close()


_WIDER = """() => [...document.querySelectorAll('div.wide')]
    .filter(part => part.scrollWidth > part.clientWidth).map(part => part.innerText)"""
PAGES = ('index.html', 'quick/quick.html', 'tasks/parts.html', 'backbones/vit-s-mae.html')


@pytest.mark.parametrize('size', [(1280, 800), (390, 844)], ids=['desk', 'phone'])
def test_pages_draw_without_complaint_ask_for_nothing_and_fit(
    size: tuple[int, int], site: Site, browser: Any
) -> None:
    context = browser.new_context(viewport={'width': size[0], 'height': size[1]})
    context.set_default_timeout(240_000)  # a busy machine may be slow
    for name in PAGES:
        page = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        page.on('request', lambda request, asked=asked: asked.append(request.url))
        page.on('console', lambda message, said=said: said.append(message.text))
        page.on('pageerror', lambda error, said=said: said.append(str(error)))
        address = (site.index.parent / name).as_uri()
        page.goto(address)
        assert page.evaluate('document.documentElement.scrollWidth') <= size[0], name
        # the tables of the site's own pages are not even scrolled to the side
        assert page.evaluate(_WIDER) == [], name
        assert said == []
        assert {url for url in asked if not url.startswith('data:')} == {address}
        page.close()
    context.close()


def test_one_can_walk_from_the_index_to_a_backbone_and_back(site: Site, browser: Any) -> None:
    page = browser.new_page()
    page.set_default_timeout(240_000)
    page.goto(site.index.as_uri())
    page.get_by_role('link', name='quick@2').click()
    page.get_by_role('link', name='All suites').click()
    page.get_by_role('link', name='Body parts', exact=True).click()
    page.get_by_role('link', name='ViT-S MAE').first.click()
    assert page.get_by_role('heading', level=1).inner_text() == 'ViT-S MAE'
    page.get_by_role('link', name='Vision transfer').click()
    assert page.url == site.index.as_uri()
    page.close()
