from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.report import Pictures, ReportOptions, render_report, write_report
from benchmark.report.data import pictures
from benchmark.report.data.curves import Curves, average_down, curves_for_page
from benchmark.report.data.evidence import checks
from benchmark.report.data.pictures import Gallery, collect
from benchmark.report.formats import html, packing
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from tests.support.report_fakes import failed, record, save, write_png

HOSTILE = '</script><script>alert("x")</script><b title=\'"\'>&amp;'


class Elements(HTMLParser):
    """Collects start tags with their attributes, and the text of scripts by id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self._script: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = str(dict(attrs).get('id', 'program')) if tag == 'script' else None

    def handle_endtag(self, tag: str) -> None:
        self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts[self._script] = self.scripts.get(self._script, '') + data

    def json(self, name: str) -> Any:
        return json.loads(self.scripts[name])

    def block(self, board: int, column: int) -> Any:
        packed = base64.b64decode(self.scripts[f'evidence-{board}-{column}'])
        return json.loads(zlib.decompress(packed))


def rendered(store: ResultStore, records: list[RunRecord]) -> str:
    save(store, records)
    return render_report(store, 'quick', formats=('html',))['quick.html']


@pytest.fixture
def full_page(report: dict[str, Path]) -> str:
    return report['quick.html'].read_text(encoding='utf-8')


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
    elements = Elements(text)
    assert '<b title' not in text
    assert set(elements.scripts) == {'data', 'evidence-0-0', 'program'}
    assert not [attrs for _, attrs in elements.tags if any(k.startswith('on') for k in attrs)]
    assert elements.json('data')['boards'][0]['protocol'] == HOSTILE
    assert elements.block(0, 0)['errors'] == [['', HOSTILE]]


def test_the_policy_allows_exactly_the_script_and_the_style_of_the_page(
    store: ResultStore,
) -> None:
    text = rendered(store, [record()])
    style = text[text.index('<style>') + len('<style>') : text.index('</style>')]
    for kind, content in (('script', Elements(text).scripts['program']), ('style', style)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in text
    assert "default-src 'none'" in text


def test_nothing_points_beyond_the_file_and_its_pictures(full_page: str) -> None:
    for _, attributes in Elements(full_page).tags:
        for name in ('src', 'href', 'action', 'data', 'poster'):
            assert (attributes.get(name) or '#').startswith(('#', 'data:', 'quick_pictures/')), (
                attributes
            )
    styles = full_page[full_page.index('<style>') : full_page.index('</style>')]
    assert '@import' not in styles
    assert 'url(' not in styles


def test_every_link_has_its_target_and_ids_are_unique(full_page: str) -> None:
    elements = Elements(full_page)
    ids = [attributes['id'] for _, attributes in elements.tags if attributes.get('id')]
    links = {a['href'] for _, a in elements.tags if (a.get('href') or '').startswith('#')}
    assert len(ids) == len(set(ids))
    assert {str(link)[1:] for link in links} <= set(ids)


def test_a_section_without_content_is_not_there(store: ResultStore, full_page: str) -> None:
    text = rendered(store, [record()])
    assert 'id="failed"' in full_page
    assert 'id="failed"' not in text
    assert 'id="history"' not in text


class TestEvidence:
    @pytest.fixture(scope='class')
    def block(self, report: dict[str, Path]) -> Any:
        elements = Elements(report['quick.html'].read_text(encoding='utf-8'))
        data = elements.json('data')
        (place,) = (
            i
            for i, column in enumerate(data['boards'][0]['columns'])
            if data['tasks'][column['task']]['name'] == 'creatures-detection'
        )
        row = [data['backbones'][i]['id'] for i in data['boards'][0]['rows']].index('vit-s-mae')
        return {key: rows[row] for key, rows in elements.block(0, place).items()}

    def test_says_what_was_loaded_trained_and_spent(self, block: Any) -> None:
        said = {
            label: texts for _, facts in block['sections'] for label, texts in map(tuple, facts)
        }
        assert said['tensors loaded'] == ['150']
        assert said['tensors missing'] == ['none']
        assert said['weights SHA-256'][0].startswith('9f86d081884c7d65')
        assert said['backbone after training'] == ['changed']
        assert len(said['training (s)']) == 2
        assert said['device'] == ['cpu']

    def test_has_groups_configuration_and_every_loss_term_of_every_seed(self, block: Any) -> None:
        columns, rows = block['groups']
        assert columns == ['name', 'lr', 'weight decay', 'parameters']
        assert ['layer_11', '0.00065', '0.05', '12'] in rows
        assert block['configs']['model']['head'] == {'in_channels': [384] * 4}
        assert block['seeds'] == [0, 1]
        assert [sorted(curve) for curve in block['curves']] == 2 * [
            ['iteration', 'loss_bbox', 'loss_cls', 'loss_mask']
        ]

    def test_checks_what_a_frozen_backbone_promises(self) -> None:
        item = replace(
            record(),
            protocol={'trains_backbone': False},
            proof={'loaded': 3, 'total': 4, 'missing': ['a.b'], 'backbone_changed': True},
        )
        assert [tuple(check) for check in checks([item])] == [
            ('bad', '3 of 4 backbone tensors loaded'),
            ('bad', 'missing in the weights: 1: a.b'),
            ('bad', 'the frozen backbone changed'),
        ]

    def test_checks_what_fine_tuning_promises(self) -> None:
        def states(**proof: object) -> list[str]:
            item = replace(record(), protocol={'trains_backbone': True}, proof=proof)
            return [check.state for check in checks([item])]

        assert states(backbone_changed=True, head_changed=True) == ['good']
        assert states(backbone_changed=False) == ['bad']
        assert states(head_changed=False) == ['bad']
        assert states(is_random=True, loaded=0, missing=[]) == ['note']

    def test_a_check_that_holds_for_one_seed_names_it(self) -> None:
        runs = [
            replace(record(seed=seed), proof={'loaded': 5 + seed, 'missing': []}) for seed in (0, 1)
        ]
        texts = [check.text for check in checks(runs)]
        assert texts == [
            'seed 0: 5 backbone tensors loaded',
            'seed 1: 6 backbone tensors loaded',
        ]

    def test_curves_become_coarser_before_anything_is_left_out(
        self, store: ResultStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        noise = np.random.default_rng(0).normal(size=1200)
        item = replace(
            record(),
            curves={'iteration': list(range(1200)), 'loss': noise.tolist()},
            config={'a': noise.tolist()},
        )
        save(store, [item])

        def found(limit: int) -> tuple[int, bool, str]:
            monkeypatch.setattr(html, 'LIGHT_PAGE', limit)
            text = render_report(store, 'quick', formats=('html',))['quick.html']
            assert len(text.encode()) <= limit
            block = Elements(text).block(0, 0)
            curve = block['curves'][0][0].get('loss', [])
            return len(curve), block['configs'][0] is not None, text

        size = len(render_report(store, 'quick', formats=('html',))['quick.html'].encode())
        assert found(size + 20_000)[:2] == (packing.MOST_POINTS, True)
        assert found(size - 1_000)[0] < packing.MOST_POINTS
        points, has_config, text = found(size - 14_000)
        assert (points, has_config) == (0, False)
        assert 'Loss curves and configurations are left out' in text


def gallery_of(store: ResultStore, records: list[RunRecord], budget: int = 10**6) -> Gallery:
    return collect(store, records, budget=budget, folder='beside')


class TestPictures:
    def test_are_embedded_as_they_lie_in_the_work_folder(self, store: ResultStore) -> None:
        item = replace(record(), pictures=('a.png',))
        save(store, [item])
        folder = store.work_folder('quick', item.spec, item.fingerprint)
        (picture,) = gallery_of(store, [item]).pictures
        encoded = picture.uri.removeprefix('data:image/png;base64,')
        assert base64.b64decode(encoded) == (folder / 'a.png').read_bytes()
        assert (picture.width, picture.height) == (260, 96)

    @pytest.mark.parametrize(
        ('name', 'reason'),
        [
            ('gone.png', 'no longer, in its run'),
            ('../secret.png', 'not, or no longer, in its run'),
            ('/etc/hostname', 'not, or no longer, in its run'),
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
        gallery = gallery_of(store, [replace(item, pictures=(name, 'good.png'))])
        assert [picture.name for picture in gallery.pictures] == ['good.png']
        (note,) = gallery.notes
        assert note.startswith('1 picture of predictions not shown: ')
        assert reason in note

    def test_a_short_budget_is_shared_between_cells(self, store: ResultStore) -> None:
        records = [
            replace(record(backbone=name), pictures=('0.png', '1.png'))
            for name in ('vit-s-mae', 'vit-s-dino')
        ]
        save(store, records)
        full = gallery_of(store, records)
        assert len(full.pictures) == 4
        first = sum(len(p.uri) for p in full.pictures if p.name == '0.png')
        gallery = gallery_of(store, records, first)
        assert [p.name for p in gallery.pictures if not p.beside] == ['0.png', '0.png']
        assert [p.name for p in gallery.pictures if p.beside] == ['1.png', '1.png']
        assert gallery.notes == ()

    def test_a_short_budget_is_shared_between_tasks(self, store: ResultStore) -> None:
        records = [
            replace(record(task, name), pictures=('0.png',))
            for task in ('keypoints', 'parts')
            for name in ('vit-s-mae', 'vit-s-dino')
        ]
        save(store, records)
        uris = [len(p.uri) for p in gallery_of(store, records).pictures]
        gallery = gallery_of(store, records, 2 * max(uris))
        embedded = [p.spec.task for p in gallery.pictures if not p.beside]
        assert embedded == ['keypoints', 'parts']

    def test_cells_beyond_the_bound_of_a_task_lie_beside_the_page(
        self, store: ResultStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pictures, 'CELLS_PER_TASK', 1)
        records = [
            replace(record(backbone=name), pictures=('0.png',)) for name in ('vit-a', 'vit-b')
        ]
        save(store, records)
        inside, outside = gallery_of(store, records).pictures
        assert inside.uri.startswith('data:')
        assert outside.uri == 'beside/parts--vit-b--finetune--seed0--0.png'

    def test_a_full_folder_is_said(
        self, store: ResultStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pictures, 'LARGEST_FOLDER', 10)
        item = replace(record(), pictures=('0.png',))
        save(store, [item])
        gallery = gallery_of(store, [item], budget=10)
        assert gallery.pictures == ()
        assert gallery.notes == (
            '1 picture of predictions not shown: the folder next to the page would grow too large.',
        )

    def test_the_page_stays_below_its_limit_and_the_rest_is_copied(
        self, store: ResultStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        item = replace(record(seed=0), pictures=tuple(f'{i}.png' for i in range(3)))
        save(store, [item])
        folder = store.work_folder('quick', item.spec, item.fingerprint)
        for name in item.pictures:
            _write_noise(folder / name)
        options = ReportOptions(pictures=Pictures.INSIDE)
        made = render_report(store, 'quick', formats=('html',), options=options)
        limit = len(made['quick.html'].encode()) - 100_000
        monkeypatch.setattr(html, 'LARGEST_PAGE', limit)
        out = tmp_path / 'out'
        (path,) = write_report(store, 'quick', out=out, formats=('html',), options=options)
        text = path.read_text(encoding='utf-8')
        assert len(text.encode()) <= limit
        rows = Elements(text).json('pictures-0-0')
        places = [uri for _, uri, *_ in rows['0'] if not uri.startswith('data:')]
        assert 1 <= len(places) < 3
        for name, uri, *_ in rows['0']:
            if uri in places:
                copied = tmp_path / 'out' / uri
                assert copied.read_bytes() == (folder / name).read_bytes()

    @pytest.mark.parametrize('where', list(Pictures))
    def test_lie_where_the_options_say(
        self, store: ResultStore, tmp_path: Path, where: Pictures
    ) -> None:
        save(store, [replace(record(), pictures=('a.png',))])
        out, options = tmp_path / 'out', ReportOptions(pictures=where)
        (path,) = write_report(store, 'quick', out=out, formats=('html',), options=options)
        scripts = Elements(path.read_text(encoding='utf-8')).scripts
        copied = [str(p.relative_to(out)) for p in out.rglob('*.png')]
        if where is Pictures.NONE:
            assert 'pictures-0-0' not in scripts
            assert copied == []
            return
        ((_, uri, *_),) = json.loads(scripts['pictures-0-0'])['0']
        is_beside = where is Pictures.BESIDE
        assert copied == ([uri] if is_beside else [])
        assert uri.startswith('quick_pictures/' if is_beside else 'data:image/png')


def _write_noise(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (150, 150, 3)).astype(np.uint8)
    write_png(path, noise)


class TestCurves:
    def test_every_term_runs_along_the_iterations(self) -> None:
        curves: Curves = {'iteration': [10, 20], 'loss_b': [4.0, 2.0], 'loss_a': [1.23456, 1.0]}
        assert curves_for_page(curves, 100) == {
            'iteration': [10, 20],
            'loss_a': [1.235, 1],
            'loss_b': [4, 2],
        }

    def test_what_is_not_finite_is_none_and_a_term_without_values_is_left_out(self) -> None:
        nan = float('nan')
        curves: Curves = {'iteration': [1, 2], 'loss': [nan, 2.0], 'other': [nan, nan], 'empty': []}
        assert curves_for_page(curves, 100) == {'iteration': [1, 2], 'loss': [None, 2]}
        assert curves_for_page({'iteration': [1, 2], 'other': [nan, nan]}, 100) == {}

    def test_iterations_are_counted_where_the_record_has_none(self) -> None:
        assert curves_for_page({'loss': [3.0, 2.0]}, 100) == {'iteration': [1, 2], 'loss': [3, 2]}

    def test_long_curves_are_thinned_to_their_local_means(self) -> None:
        found = curves_for_page(
            {'iteration': range(5000), 'loss': [float(i) for i in range(5000)]}, 120
        )
        assert len(found['loss']) == len(found['iteration']) == 120
        assert found['loss'][:2] == [20.5, 62.5]

    def test_a_mean_ignores_what_is_not_finite(self) -> None:
        assert average_down([1.0, float('inf'), 3.0, 5.0], 2) == [1, 4]
