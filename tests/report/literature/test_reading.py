from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.catalog import shipped_tasks
from benchmark.errors import RecordError
from benchmark.report.literature import DATA_SETS, published_folder, read_published
from benchmark.report.literature.reading import (
    ARCHITECTURES,
    FAMILIES,
    PROTOCOLS,
    STATUSES,
    Published,
    for_tasks,
)
from benchmark.report.literature.reading import (
    tested_split as split_of,
)
from benchmark.report.literature.rules import method_of

from .rows import depth, row

ROOT = Path(__file__).parent.parent.parent.parent
FOLDER = ROOT / 'results' / 'published'


@pytest.fixture(scope='module')
def shipped() -> tuple[Published, ...]:
    return read_published(FOLDER)


PAIR = ('source', 'data_set', 'backbone', 'pretraining', 'head', 'recipe')


def raw() -> list[dict[str, str]]:
    rows = []
    for path in sorted(FOLDER.glob('*.csv')):
        if path.name != 'sources.csv':
            with path.open(encoding='utf-8', newline='') as file:
                rows += [{**line, 'kind': path.stem} for line in csv.DictReader(file)]
    return rows


class TestShippedNumbers:
    """Invariants of the committed files, read here without the reader."""

    def test_every_row_has_a_source_that_exists_and_was_read(self) -> None:
        with (FOLDER / 'sources.csv').open(encoding='utf-8', newline='') as file:
            sources = {line['source']: line for line in csv.DictReader(file)}
        assert {line['source'] for line in raw()} == sources.keys()
        for line in raw():
            is_quoted = sources[line['source']]['type'] in ('quotation', 'leaderboard')
            assert line['status'] == ('read-secondary' if is_quoted else 'read')
            assert line['place']
            assert line['recipe']

    def test_tags_are_of_the_allowed_sets(self) -> None:
        for line in raw():
            assert line['family'] in FAMILIES
            assert line['status'] in STATUSES
            assert line['protocol'] in PROTOCOLS
            assert line['architecture'] in ARCHITECTURES
            assert line['labels'] in ('true', 'false')
            assert (line['family'] == 'supervised') <= (line['labels'] == 'true')
            assert (line['family'] == 'contrastive') <= (line['labels'] == 'false')

    def test_every_method_of_pretraining_has_a_year(self) -> None:
        for line in raw():
            assert line['family'] == 'supervised' or method_of(line['pretraining']), line

    def test_the_code_that_was_read_is_named_with_its_commit_and_its_date(self) -> None:
        with (FOLDER / 'sources.csv').open(encoding='utf-8', newline='') as file:
            for line in csv.DictReader(file):
                if line['type'] == 'code':
                    assert re.search(r'@[0-9a-f]{7}\b', line['where']), line
                if line['commit_date']:
                    assert line['year'] <= line['commit_date'][:4], line

    @pytest.mark.parametrize(
        ('where', 'column', 'value'),
        [
            (
                {'source': 'ostrack-repo', 'data_set': 'GOT-10k'},
                'recipe',
                '100 epochs on GOT-10k alone',
            ),
            ({'source': 'eva01-repo', 'data_set': 'COCO'}, 'pretraining_data', 'Objects365 labels'),
            (
                {'source': 'eva01-repo', 'data_set': 'ADE20K'},
                'pretraining_data',
                'COCO-Stuff labels',
            ),
            ({'source': 'vitdet-repo', 'backbone': 'ViT-H/16'}, 'note', 'resized to 16 pixels'),
            ({'source': 'mmtracking', 'head': 'QDTrack'}, 'pretraining_data', 'COCO person labels'),
            ({'source': 'mmtracking', 'head': 'ByteTrack'}, 'recipe', 'trained on CrowdHuman'),
            ({'source': 'mocov3-repo', 'protocol': 'finetune'}, 'recipe', 'code'),
        ],
    )
    def test_labels_say_what_the_source_did(
        self, where: dict[str, str], column: str, value: str
    ) -> None:
        found = [line for line in raw() if where.items() <= line.items()]
        assert found
        assert all(value in line[column] for line in found)

    def test_trackingnet_is_printed_as_its_server_measures_it(self) -> None:
        metrics = {line['metric'] for line in raw() if line['data_set'] == 'TrackingNet'}
        assert metrics == {'success_area', 'precision_area'}

    def test_a_pair_of_box_and_mask_comes_from_one_checkpoint(self) -> None:
        boxes, masks = (
            {
                tuple(line[key] for key in PAIR): line['value']
                for line in raw()
                if line['metric'] == m
            }
            for m in ('box_AP', 'mask_AP')
        )
        eva = {
            key: (boxes[key], masks[key]) for key in boxes.keys() & masks if key[0] == 'eva01-repo'
        }
        assert ('64.5', '55.0') not in eva.values()
        assert {('64.2', '53.9'), ('63.9', '55.0')} <= set(eva.values())

    def test_no_two_rows_say_the_same(self) -> None:
        keys = (
            'kind', 'source', 'head', 'recipe', 'data_set', 'split', 'protocol', 'backbone',
            'pretraining', 'pretraining_data', 'metric',
        )  # fmt: skip
        counts = Counter(tuple(line[key] for key in keys) for line in raw())
        assert [key for key, count in counts.items() if count > 1] == []

    def test_units_and_bounds(self) -> None:
        for line in raw():
            value = float(line['value'])
            assert line['unit'] in ('percent', 'fraction', 'metre', 'none')
            assert line['unit'] != 'fraction' or 0.9 < value <= 1, line
            # far from both ends, or a fraction was taken for a percentage
            assert line['unit'] != 'percent' or 20 < value < 99.9, line
            assert line['unit'] != 'metre' or 0.2 < value < 3, line

    def test_one_metric_has_one_unit(self) -> None:
        found = {(line['kind'], line['metric'], line['unit']) for line in raw()}
        assert len(found) == len({pair[:2] for pair in found})

    def test_nothing_is_recalled_or_inferred(self) -> None:
        text = '\n'.join(path.read_text(encoding='utf-8') for path in FOLDER.glob('*.csv'))
        assert not re.search(r'recalled|inferred|assumed|suspicious|index id', text, re.IGNORECASE)

    def test_a_repeated_number_is_that_of_the_source_it_repeats(
        self, shipped: tuple[Published, ...]
    ) -> None:
        repeats = [item for item in shipped if item.same_as]
        assert repeats
        for item in repeats:
            first = [
                other.value
                for other in shipped
                if other.source.source == item.same_as
                and (other.data_set, other.metric.key) == (item.data_set, item.metric.key)
            ]
            assert item.value in first

    @pytest.mark.parametrize(
        ('source', 'data_set', 'backbone', 'pretraining', 'metric', 'value'),
        [
            ('mae-paper', 'COCO', 'ViT-B/16', 'MAE', 'box_AP', 50.3),
            ('mae-paper', 'ADE20K', 'ViT-L/16', 'supervised', 'mIoU', 49.9),
            ('darkmim-repo', 'NYUv2', 'SwinV2-L', 'SimMIM', 'rmse', 0.287),
            ('darkmim-repo', 'KITTI', 'SwinV2-B', 'SimMIM', 'rmse', 2.05),
            ('ostrack-repo', 'GOT-10k', 'ViT-B/16', 'MAE', 'AO', 73.7),
            ('vitdet-repo', 'LVIS v1', 'ViT-H/16', 'MAE', 'mask_AP', 46.6),
            ('dinov3-card', 'NYUv2', 'ViT-7B/16', 'DINOv3', 'rmse', 0.309),
            ('vitpose-repo', 'MPII', 'ViT-L/16', 'MAE', 'PCKh', 94.0),
            ('replknet-repo', 'Cityscapes', 'RepLKNet-31B', 'supervised', 'mIoU', 83.1),
            ('mmpretrain', 'ImageNet-1K', 'ViT-L/16', 'MAE 1600 epochs', 'accuracy', 75.5),
            ('mmtracking', 'OTB-100', 'ResNet-50', 'supervised', 'success_AUC', 64.9),
        ],
    )
    def test_values_that_the_papers_print(
        self,
        shipped: tuple[Published, ...],
        source: str,
        data_set: str,
        backbone: str,
        pretraining: str,
        metric: str,
        value: float,
    ) -> None:
        place = (source, data_set, backbone, pretraining, metric)
        found = [
            item.value
            for item in shipped
            if (item.source.source, item.data_set, item.backbone, item.pretraining, item.metric.key)
            == place
        ]
        assert value in found

    def test_targets_of_other_networks_and_labels_set_a_masked_pretraining_apart(
        self, shipped: tuple[Published, ...]
    ) -> None:
        tags = {item.pretraining: item.tag for item in shipped if item.family == 'mim'}
        assert tags['MAE'] == tags['SimMIM'] == tags['iBOT'] == 'MIM'
        assert tags['BEiT v2 pt1k'] == 'MIM + CLIP'
        assert tags['BEiT pt22k_ft22k'] == 'MIM + labels + DALL-E'

    def test_the_tasks_exist_and_are_of_the_kind(self, shipped: tuple[Published, ...]) -> None:
        places = {(item.kind, item.data_set) for item in shipped}
        for task, place in DATA_SETS.items():
            assert place in places, task
        for name, task in shipped_tasks().items():
            assert name not in DATA_SETS or DATA_SETS[name][0] == task.kind

    def test_some_number_is_of_the_split_that_the_task_tests(
        self, shipped: tuple[Published, ...]
    ) -> None:
        splits = {(item.kind, item.data_set, item.split) for item in shipped}
        withheld = {'got10k', 'trackingnet'}
        for task, place in DATA_SETS.items():
            assert ((*place, split_of(task)) in splits) is (task not in withheld), task


SOURCES = (
    'source,title,where,type,year,commit_date\n'
    'p,A paper,arXiv 0000.00000,paper,2031,\n'
    'q,Code,a repository,code,2031,2032-03-01\n'
)
COLUMNS = (
    'source,place,data_set,split,protocol,backbone,architecture,pretraining,family,labels,teacher,'
    'pretraining_data,head,recipe,metric,unit,value,status,same_as,note\n'
)
LINE = {
    'source': 'p', 'place': 'Table 1', 'data_set': 'COCO', 'split': 'val', 'protocol': 'finetune',
    'backbone': 'ViT-B', 'architecture': 'plain-vit', 'pretraining': 'MAE', 'family': 'mim',
    'labels': 'false', 'teacher': '', 'pretraining_data': '', 'head': '', 'recipe': '1x',
    'metric': 'box_AP', 'unit': 'percent', 'value': '50.3', 'status': 'read', 'same_as': '',
    'note': '',
}  # fmt: skip

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*changes: dict[str, str], name: str = 'detection', sources: str = SOURCES) -> Path:
        lines = [','.join({**LINE, **change}.values()) for change in changes or ({},)]
        (tmp_path / 'sources.csv').write_text(sources)
        (tmp_path / f'{name}.csv').write_text(COLUMNS + '\n'.join(lines) + '\n')
        return tmp_path

    return written


class TestReader:
    def test_a_row_is_read_with_its_unit(self, write: Write) -> None:
        percent, fraction = read_published(
            write({}, {'backbone': 'ViT-L', 'unit': 'fraction', 'value': '0.533'})
        )
        assert (percent.value, percent.canonical) == (50.3, 50.3)
        assert (fraction.value, fraction.canonical) == (0.533, pytest.approx(53.3))
        assert percent.comparison == ('p', '', '1x')
        assert percent.source.year == 2031

    @pytest.mark.parametrize(
        ('change', 'message'),
        [
            ({'value': '503'}, r'line 2: value is .503., must be a number from 0 to 100'),
            ({'value': 'nan'}, r'line 2: value is .nan.'),
            ({'value': 'about 50'}, r'line 2: value is .about 50.'),
            ({'unit': 'metre'}, r'line 2: unit is .metre., must be fraction or percent'),
            ({'metric': 'AP'}, r'line 2: metric is .AP., must be one of .*box_AP'),
            ({'family': 'MIM'}, r'line 2: family is .MIM., must be one of mim, supervised'),
            ({'status': 'recalled'}, r'line 2: status is .recalled., must be one of read'),
            ({'source': 'r'}, r'line 2: source is .r., must be one of p, q'),
            ({'same_as': 'r'}, r'line 2: same_as is .r.'),
            ({'backbone': ' '}, r'line 2: backbone is . ., must be filled'),
            ({'recipe': ''}, r'line 2: recipe is .., must be filled'),
        ],
    )
    def test_a_wrong_row_is_one_clear_error(
        self, write: Write, change: dict[str, str], message: str
    ) -> None:
        with pytest.raises(RecordError, match=rf'detection\.csv, {message}') as caught:
            read_published(write(change))
        assert '\n' not in str(caught.value)

    def test_the_same_row_twice_is_refused(self, write: Write) -> None:
        with pytest.raises(RecordError, match=r'line 3: row .* not there yet'):
            read_published(write({}, {'value': '51.0'}))

    @pytest.mark.parametrize(
        ('change', 'message'),
        [
            ({'pretraining_data': 'a crawl + ImageNet-21K labels'}, "for the data are 'a crawl"),
            ({'pretraining_data': 'a crawl and Objects365'}, "for the data are 'a crawl and Obj"),
            ({'pretraining': 'BEiT pt22k_ft22k'}, "for the pretraining is 'BEiT pt22k_ft22k'"),
            ({'pretraining': 'EVA then Objects365'}, "for the pretraining is 'EVA then Obj"),
            ({'family': 'distilled', 'teacher': 'DeiT'}, 'for the teacher is DeiT'),
            ({'family': 'supervised', 'pretraining': 'supervised'}, 'the family is supervised'),
        ],
    )
    def test_labels_that_the_row_names_cannot_be_denied(
        self, write: Write, change: dict[str, str], message: str
    ) -> None:
        with pytest.raises(RecordError, match=rf'line 2: labels is .false., must be .*{message}'):
            read_published(write(change))
        assert len(read_published(write({**change, 'labels': 'true'}))) == 1

    @pytest.mark.parametrize(
        ('change', 'message'),
        [
            ({'pretraining_data': 'ImageNet-1K'}, 'false, or the labels must be named'),
            ({'family': 'contrastive', 'pretraining': 'DINO'}, 'the family is contrastive'),
        ],
    )
    def test_labels_without_evidence_are_refused(
        self, write: Write, change: dict[str, str], message: str
    ) -> None:
        with pytest.raises(RecordError, match=rf'labels is .true., must be .*{message}'):
            read_published(write({**change, 'labels': 'true'}))

    def test_a_score_from_scratch_is_supervised_and_on_its_own_data(self, write: Write) -> None:
        scratch = {'protocol': 'from-scratch', 'family': 'supervised', 'labels': 'true'}
        with pytest.raises(RecordError, match=r"protocol is 'from-scratch', must be finetune"):
            read_published(write({**scratch, 'pretraining_data': 'ImageNet-21K'}))
        assert len(read_published(write({**scratch, 'pretraining_data': 'COCO'}))) == 1

    def test_a_source_is_not_older_than_the_method_it_scores(self, write: Write) -> None:
        old = SOURCES.replace('paper,2031', 'paper,2020')
        with pytest.raises(RecordError, match=r"source is 'p', must be one from 2021 or later"):
            read_published(write(sources=old))
        assert len(read_published(write({'pretraining': 'SimCLR'}, sources=old))) == 1

    def test_a_paper_is_not_younger_than_the_code_that_was_read(self, write: Write) -> None:
        with pytest.raises(RecordError, match=r"sources\.csv, line 3: year is '2033', must be up"):
            read_published(write(sources=SOURCES.replace('code,2031', 'code,2033')))
        with pytest.raises(RecordError, match=r"line 3: commit_date is 'March', must be YYYY-MM"):
            read_published(write(sources=SOURCES.replace('2032-03-01', 'March')))

    def test_another_source_with_the_same_number_says_what_it_is(self, write: Write) -> None:
        again = {'source': 'q', 'recipe': 'as in p'}
        with pytest.raises(RecordError, match=r"line 3: same_as is '', must be p \(line 2 has"):
            read_published(write({}, again))
        for mark in ({'same_as': 'p'}, {'note': 'a run of its own'}):
            assert len(read_published(write({}, {**again, **mark}))) == 2
        # other numbers, and the recipes of one source, are no repeats
        assert len(read_published(write({}, {**again, 'value': '50.4'}))) == 2
        assert len(read_published(write({}, {'recipe': '3x'}))) == 2

    def test_files_are_named_after_kinds(self, write: Write) -> None:
        with pytest.raises(RecordError, match=r'boxes\.csv: must be named after a kind'):
            read_published(write(name='boxes'))

    def test_other_columns_are_refused(self, write: Write) -> None:
        folder = write()
        (folder / 'detection.csv').write_text('source,value\np,50\n')
        with pytest.raises(RecordError, match=r'columns must be source, place'):
            read_published(folder)

    def test_a_source_needs_a_known_type(self, write: Write) -> None:
        with pytest.raises(RecordError, match=r"sources\.csv, line 2: type is 'blog'"):
            read_published(write(sources=SOURCES.replace(',paper,', ',blog,')))

    def test_a_missing_folder_is_one_clear_error(self, tmp_path: Path) -> None:
        with pytest.raises(RecordError, match=r'sources\.csv: cannot be read'):
            read_published(tmp_path / 'nothing')

    def test_results_without_published_numbers_fall_back_to_those_of_the_project(
        self, tmp_path: Path
    ) -> None:
        assert published_folder(tmp_path) == FOLDER
        (tmp_path / 'published').mkdir()
        assert published_folder(tmp_path) == tmp_path / 'published'


def test_rows_are_chosen_by_data_set_and_kind() -> None:
    rows = (row(), row(data_set='LVIS'), depth(0.3), row(kind='pose'))
    assert for_tasks(rows, ['coco-detection']) == (rows[0],)
    assert for_tasks(rows, ['nyuv2', 'unheard-of']) == (rows[2],)
