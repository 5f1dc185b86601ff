from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from benchmark.report import html, pictures, render_report
from benchmark.report.curves import MOST_POINTS, Curves, panels, thinned
from benchmark.report.pictures import collect
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore

from .fakes import failed, record, save, write_png

HOSTILE = '</script><script>alert("x")</script><b title=\'"\'>&amp;'


class Elements(HTMLParser):
    """Collects start tags with their attributes, and the text of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._is_script = tag == 'script'
        if self._is_script:
            self.scripts.append('')

    def handle_endtag(self, tag: str) -> None:
        self._is_script = False

    def handle_data(self, data: str) -> None:
        if self._is_script:
            self.scripts[-1] += data


def rendered(store: ResultStore, records: list[RunRecord]) -> str:
    save(store, records)
    return render_report(store, 'quick', formats=('html',))['quick.html']


@pytest.fixture
def full_page(report: dict[str, Path]) -> str:
    return report['quick.html'].read_text(encoding='utf-8')


def parsed(text: str) -> Elements:
    elements = Elements()
    elements.feed(text)
    return elements


def hostile() -> RunRecord:
    item = record()
    return replace(
        item,
        spec=replace(item.spec, backbone=HOSTILE, protocol=HOSTILE),
        task={**item.task, 'title': HOSTILE, 'kind': HOSTILE, 'head': HOSTILE},
        backbone={'title': HOSTILE, 'pretraining': {'family': HOSTILE, 'method': HOSTILE}},
        proof={HOSTILE: HOSTILE, 'groups': [{HOSTILE: HOSTILE}]},
        provenance={HOSTILE: {HOSTILE: [HOSTILE]}, 'finished': HOSTILE},
        curves={'iteration': [1, 2], HOSTILE: [2, 1]},
        config={HOSTILE: HOSTILE},
    )


def test_hostile_strings_add_no_element_and_no_script(store: ResultStore) -> None:
    item = hostile()
    text = rendered(store, [item, failed(replace(item, spec=replace(item.spec, seed=1)), HOSTILE)])
    elements = parsed(text)
    assert '<b title' not in text
    assert len(elements.scripts) == 2
    assert not [attrs for _, attrs in elements.tags if any(k.startswith('on') for k in attrs)]
    assert HOSTILE.replace('"', '""') in json.loads(elements.scripts[0])
    assert '<' not in elements.scripts[0]


def test_the_embedded_numbers_are_the_long_csv(report: dict[str, Path], full_page: str) -> None:
    expected = report['quick.long.csv'].read_text(encoding='utf-8')
    assert json.loads(parsed(full_page).scripts[0]) == expected


def test_the_policy_allows_exactly_the_script_of_the_page(store: ResultStore) -> None:
    text = rendered(store, [record()])
    digest = hashlib.sha256(parsed(text).scripts[1].encode()).digest()
    assert f"script-src 'sha256-{base64.b64encode(digest).decode()}'" in text
    assert "default-src 'none'" in text


def test_nothing_points_outside_the_file(full_page: str) -> None:
    for _, attributes in parsed(full_page).tags:
        for name in ('src', 'href', 'action', 'data', 'poster'):
            assert (attributes.get(name) or '#').startswith(('#', 'data:')), attributes
    styles = full_page[full_page.index('<style>') : full_page.index('</style>')]
    assert '@import' not in styles
    assert 'url(' not in styles


def test_every_link_has_its_target_and_ids_are_unique(full_page: str) -> None:
    elements = parsed(full_page)
    ids = [attributes['id'] for _, attributes in elements.tags if attributes.get('id')]
    links = {a['href'] for _, a in elements.tags if (a.get('href') or '').startswith('#')}
    assert len(ids) == len(set(ids))
    assert {str(link)[1:] for link in links} <= set(ids)


def test_tables_have_captions_and_scoped_headings_and_images_alt_texts(full_page: str) -> None:
    elements = parsed(full_page)
    count = [tag for tag, _ in elements.tags].count
    assert count('table') == count('caption')
    assert all('scope' in attributes for tag, attributes in elements.tags if tag == 'th')
    assert all('alt' in attributes for tag, attributes in elements.tags if tag == 'img')
    drawings = [attributes for tag, attributes in elements.tags if tag == 'svg']
    assert drawings
    assert all(a['role'] == 'img' and a['aria-label'] for a in drawings)


def test_evidence_is_shown(full_page: str) -> None:
    plain = re.sub(r'\s+', ' ', re.sub(r'<[^>]+>', ' ', full_page))
    for words in (
        'parameters loaded 150',
        'parameters missing none',
        '2: decoder.mask_token, decoder.norm.weight',
        'backbone after training bit-identical',
        'backbone after training changed',
        'head after training changed',
        'layer_11 0.00065 0.05',
        '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        'GPU out of memory at batch size 64',
        'seed 0 seed 1',
        'Trivial predictor',
    ):
        assert words in plain, words


class TestPictures:
    def test_are_embedded_as_they_lie_in_the_work_folder(self, store: ResultStore) -> None:
        item = replace(record(), pictures=('a.png',))
        save(store, [item])
        folder = store.work_folder('quick', item.spec, item.fingerprint)
        (picture,) = collect(store, [item], budget=10**6).pictures
        encoded = picture.uri.removeprefix('data:image/png;base64,')
        assert base64.b64decode(encoded) == (folder / 'a.png').read_bytes()
        assert (picture.width, picture.height) == (260, 96)

    @pytest.mark.parametrize(
        ('name', 'reason'),
        [
            ('gone.png', 'no longer in the work folder'),
            ('../secret.png', 'outside'),
            ('/etc/hostname', 'outside'),
            ('text.png', 'not a PNG'),
            ('huge.png', 'larger than'),
            ('nul\0.png', 'no longer'),
        ],
    )
    def test_that_cannot_be_used_are_skipped_with_a_note(
        self, store: ResultStore, name: str, reason: str
    ) -> None:
        item = replace(record(), pictures=('good.png',))
        save(store, [item])
        folder = store.work_folder('quick', item.spec, item.fingerprint)
        (folder / 'text.png').write_text('not a picture')
        (folder / 'huge.png').write_bytes(b'0' * (pictures.LARGEST_FILE + 1))
        (folder.parent / 'secret.png').write_bytes((folder / 'good.png').read_bytes())
        gallery = collect(store, [replace(item, pictures=(name, 'good.png'))], budget=10**6)
        assert [picture.name for picture in gallery.pictures] == ['good.png']
        (note,) = gallery.notes
        assert note.startswith('1 not shown: ')
        assert reason in note

    def test_a_short_budget_is_shared_between_cells(self, store: ResultStore) -> None:
        records = [
            replace(record(backbone=name), pictures=('0.png', '1.png'))
            for name in ('vit-s-mae', 'vit-s-dino')
        ]
        save(store, records)
        full = collect(store, records, budget=10**6)
        assert len(full.pictures) == 4
        first = sum(len(p.uri) for p in full.pictures if p.name == '0.png')
        gallery = collect(store, records, budget=first)
        assert [picture.name for picture in gallery.pictures] == ['0.png', '0.png']
        assert gallery.notes == ('2 not shown: the page would grow too large',)

    def test_a_short_budget_is_shared_between_tasks(self, store: ResultStore) -> None:
        records = [
            replace(record(task, name), pictures=('0.png',))
            for task in ('keypoints', 'parts')
            for name in ('vit-s-mae', 'vit-s-dino')
        ]
        save(store, records)
        uris = [len(p.uri) for p in collect(store, records, budget=10**6).pictures]
        gallery = collect(store, records, budget=2 * max(uris))
        assert [picture.spec.task for picture in gallery.pictures] == ['keypoints', 'parts']

    def test_the_number_of_cells_of_a_task_is_bounded(
        self, store: ResultStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pictures, 'CELLS_PER_TASK', 1)
        records = [
            replace(record(backbone=name), pictures=('0.png',)) for name in ('vit-a', 'vit-b')
        ]
        save(store, records)
        gallery = collect(store, records, budget=10**6)
        assert [picture.spec.backbone for picture in gallery.pictures] == ['vit-a']
        assert gallery.notes == ('1 not shown: a task shows at most 1 cells',)

    def test_the_page_stays_below_its_limit(
        self, store: ResultStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        records = [replace(record(seed=0), pictures=tuple(f'{i}.png' for i in range(3)))]
        save(store, records)
        folder = store.work_folder('quick', records[0].spec, records[0].fingerprint)
        for name in records[0].pictures:
            _write_noise(folder / name)
        monkeypatch.setattr(html, 'LARGEST_PAGE', 200_000)
        text = render_report(store, 'quick', formats=('html',))['quick.html']
        assert len(text.encode()) <= 200_000
        assert 'the page would grow too large' in text
        assert text.count('data:image/png') == 1


def _write_noise(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (150, 150, 3)).astype(np.uint8)
    write_png(path, noise)


class TestCurves:
    def test_every_term_has_its_panel_and_every_seed_its_line(self) -> None:
        one: Curves = {'iteration': [10, 20], 'loss_a': [4.0, 2.0], 'loss_b': [1.0, 1.0]}
        two: Curves = {'iteration': [10, 20], 'loss_a': [3.0, 1.0]}
        first, second = panels({0: one, 1: two})
        assert (first.term, second.term) == ('loss_a', 'loss_b')
        assert [line.seed for line in first.lines] == [0, 1]
        assert [line.seed for line in second.lines] == [0]
        assert (first.low, first.high, first.last_iteration) == (1.0, 4.0, 20)

    def test_high_values_are_drawn_at_the_top(self) -> None:
        (panel,) = panels({0: {'iteration': [0, 100], 'loss': [4.0, 2.0]}})
        assert panel.lines[0].points == '0.0,0.0 220.0,72.0'

    def test_a_constant_or_empty_curve_is_no_division_by_zero(self) -> None:
        (panel,) = panels({0: {'iteration': [0], 'loss': [1.0], 'other': []}})
        assert panel.term == 'loss'

    def test_long_curves_are_thinned_to_their_local_means(self) -> None:
        points = [(float(i), float(i)) for i in range(5000)]
        few = thinned(points)
        assert len(few) <= MOST_POINTS
        assert few[0] == (20.5, 20.5)
