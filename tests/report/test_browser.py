"""The page in a real browser, opened from disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from playwright import sync_api
else:
    sync_api = pytest.importorskip('playwright.sync_api', reason='playwright is not installed')

CHROMIUM = shutil.which('chromium')
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason='no chromium on the PATH')


class Visit(NamedTuple):
    """An open page, what it asked for, and what it complained about."""

    page: sync_api.Page
    requests: list[str]
    complaints: list[str]


@pytest.fixture(scope='module')
def context() -> Iterator[sync_api.BrowserContext]:
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=['--no-sandbox', '--disable-gpu']
        )
        yield launched.new_context(viewport={'width': 1400, 'height': 900})
        launched.close()


@pytest.fixture
def address(report: dict[str, Path]) -> str:
    return report['quick.html'].as_uri()


@pytest.fixture
def visit(context: sync_api.BrowserContext, address: str) -> Iterator[Visit]:
    page = context.new_page()
    result = Visit(page, [], [])
    page.on('request', lambda request: result.requests.append(request.url))
    page.on('console', lambda message: result.complaints.append(message.text))
    page.on('pageerror', lambda error: result.complaints.append(str(error)))
    page.goto(address)
    yield result
    page.close()


def column(page: sync_api.Page, index: int) -> list[float]:
    cells = page.locator('.board:first-of-type tbody tr').all()
    values = [row.locator('> *').nth(index).get_attribute('data-value') for row in cells]
    return [float(value) if value else float('nan') for value in values]


def names(page: sync_api.Page) -> list[str]:
    texts = page.locator('table.leaderboard >> nth=0 >> tbody tr:visible .label').all_inner_texts()
    return list(texts)


def test_it_opens_without_complaint_and_asks_for_nothing_else(visit: Visit, address: str) -> None:
    for figure in visit.page.locator('.film img').all()[:3]:
        figure.scroll_into_view_if_needed()
        assert figure.evaluate('image => image.complete && image.naturalWidth === 260')
    assert visit.complaints == []
    assert {url for url in visit.requests if not url.startswith('data:')} == {address}


def sorter(page: sync_api.Page, name: str) -> sync_api.Locator:
    return page.locator('table.leaderboard >> nth=0').get_by_role('button', name=name)


def test_a_click_sorts_the_better_side_first_and_again_the_other(visit: Visit) -> None:
    button = sorter(visit.page, 'Fine species')
    heading = button.locator('..')
    button.click()
    values = column(visit.page, 1)
    assert values == sorted(values, reverse=True)
    assert heading.get_attribute('aria-sort') == 'descending'
    button.click()
    assert column(visit.page, 1) == sorted(values)
    assert heading.get_attribute('aria-sort') == 'ascending'
    assert visit.page.locator('table.leaderboard >> nth=0 >> th[aria-sort]').count() == 1


def test_the_keyboard_sorts_and_lower_is_better_starts_ascending(visit: Visit) -> None:
    sorter(visit.page, 'Metric depth').focus()
    visit.page.keyboard.press('Enter')
    values = column(visit.page, 4)
    assert values == sorted(values)
    visit.page.keyboard.press('Space')
    assert column(visit.page, 4) == sorted(values, reverse=True)


def test_cells_without_a_score_stay_last_in_both_directions(visit: Visit) -> None:
    button = sorter(visit.page, 'Key points')
    for _ in range(2):
        button.click()
        values = column(visit.page, 5)
        assert values[-1] != values[-1]
        assert all(value == value for value in values[:-1])


def test_trivial_predictors_are_never_sorted_among_backbones(visit: Visit) -> None:
    sorter(visit.page, 'Backbone').click()
    assert names(visit.page) == sorted(names(visit.page))
    assert 'Trivial predictor' not in names(visit.page)
    assert visit.page.locator('tfoot >> nth=0').inner_text().startswith('Trivial predictor')


def test_filters_by_family_kind_and_protocol(visit: Visit) -> None:
    page = visit.page
    page.get_by_role('radio', name='mim', exact=True).check()
    assert names(page) == ['ViT-S MAE', 'Swin-T SimMIM']
    page.get_by_role('radio', name='depth', exact=True).check()
    assert page.locator('table.leaderboard >> nth=0 >> td.score:visible').count() == 2
    assert page.locator('section.kind:visible h2').all_inner_texts() == ['Depth']
    page.get_by_role('radio', name='frozen', exact=True).check()
    assert page.locator('.board:visible h3').all_inner_texts() == ['frozen']
    assert page.locator('#shown').inner_text() == 'Showing 2 backbones and 1 tasks.'
    for group in ('Task kind', 'Protocol', 'Pretraining'):
        page.get_by_role('group', name=group).get_by_label('all').check()
    assert len(names(page)) == 6


def test_filters_work_by_keyboard(visit: Visit) -> None:
    group = visit.page.get_by_role('group', name='Pretraining')
    group.get_by_label('all').focus()
    visit.page.keyboard.press('ArrowRight')
    assert names(visit.page) == ['ViT-S MoCo v3']


def test_a_score_leads_to_its_open_evidence(visit: Visit) -> None:
    page = visit.page
    row = page.locator('table.leaderboard >> nth=0 >> tbody tr', has_text='ViT-S DINO')
    link = row.locator('td.score > a').nth(1)
    link.focus()
    page.keyboard.press('Enter')
    details = page.locator(str(link.get_attribute('href')))
    sync_api.expect(details).to_have_attribute('open', '')
    sync_api.expect(details.locator('summary').first).to_be_focused()
    assert details.locator('svg').count() == 3
    assert 'parameters loaded' in details.inner_text()
    details.get_by_text('Compiled configuration').click()
    assert '"in_channels"' in details.locator('pre').inner_text()


def test_a_failed_cell_says_why(visit: Visit) -> None:
    failed = visit.page.locator('details.cell', has_text='Swin-T SimMIM').filter(
        has_text='2 of 2 seeds failed'
    )
    failed.first.locator('summary').first.click()
    assert 'Seed 1 failed. GPU out of memory' in failed.first.inner_text()


def test_a_picture_can_be_enlarged_and_closed_by_keyboard(visit: Visit) -> None:
    page = visit.page
    page.locator('.zoom').first.click()
    dialog = page.get_by_role('dialog')
    assert dialog.is_visible()
    assert 'ground truth' in str(dialog.locator('img').get_attribute('alt'))
    page.keyboard.press('Escape')
    assert not dialog.is_visible()


def test_all_numbers_can_be_downloaded(visit: Visit) -> None:
    with visit.page.expect_download() as caught:
        visit.page.get_by_role('button', name='Download all numbers').click()
    text = Path(caught.value.path()).read_text(encoding='utf-8')
    assert caught.value.suggested_filename == 'quick.long.csv'
    assert text.splitlines()[0].startswith('suite,protocol,kind')
    assert visit.complaints == []


@pytest.mark.parametrize('width', [320, 390, 768])
def test_the_body_never_scrolls_sideways(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({'width': width, 'height': 844})
    visit.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert visit.page.evaluate('document.documentElement.scrollWidth') <= width
    box = visit.page.locator('.board .scroll').first
    assert box.evaluate('box => box.scrollWidth > box.clientWidth')
