from __future__ import annotations

import math
import random
from dataclasses import replace

import pandas as pd
import pytest

from benchmark.errors import RecordError
from benchmark.report.data.facts import backbone_facts, task_facts
from benchmark.report.data.frames import tidy
from benchmark.results.briefs import Brief
from benchmark.results.counting import newest
from benchmark.results.records import RunRecord
from tests.support.report_fakes import briefs, facts, failed, record, suite

EARLY, LATE = '2031-01-01T00:00:00Z', '2031-01-02T00:00:00Z'


def chosen(records: list[RunRecord]) -> list[Brief]:
    return [item for cell in newest(briefs(records)).values() for item in cell]


def test_the_newest_ok_record_of_a_cell_wins() -> None:
    old = record(score=40, finished=EARLY, fingerprint='f' * 64)
    new = record(score=50, finished=LATE, fingerprint='0' * 64)
    assert chosen([new, old]) == chosen([old, new]) == briefs([new])


def test_time_zones_are_compared_as_moments() -> None:
    earlier = record(score=1, finished='2031-01-01T12:00:00+05:00')
    later = record(score=2, finished='2031-01-01T08:00:00Z')
    assert chosen([earlier, later]) == briefs([later])


def test_a_failure_counts_only_where_nothing_is_ok() -> None:
    good = record(finished=EARLY)
    bad = failed(good, 'boom', finished=LATE)
    assert chosen([good, bad]) == briefs([good])
    assert chosen([bad]) == briefs([bad])
    older = failed(good, 'first', finished=EARLY)
    assert chosen([bad, older]) == briefs([bad])


def test_a_record_without_an_end_time_is_the_oldest() -> None:
    unknown = replace(record(score=1, fingerprint='f' * 64), provenance={})
    assert chosen([unknown, record(score=2, finished=EARLY)])[0].scores['mIoU'] == 2


def test_cells_differ_by_every_part_of_the_spec() -> None:
    base = record()
    others = [record('depth-metric'), record(backbone='vit-s-dino'), record(seed=1)]
    assert len(chosen([base, *others, record(protocol='frozen')])) == 5


def test_order_of_records_changes_nothing() -> None:
    records = suite()
    shuffled = random.Random(5).sample(records, len(records))
    pd.testing.assert_frame_equal(tidy(*facts(records)), tidy(*facts(shuffled)))


def test_one_row_per_record_and_metric() -> None:
    item = record(score=46.3)
    item = replace(item, scores={**item.scores, 'aAcc': 81.5}, raw={**item.raw, 'aAcc': 81.5})
    frame = tidy(*facts([item, record(seed=1, score=44.0)]))
    assert list(frame['metric']) == ['aAcc', 'mIoU', 'mIoU']
    assert list(frame['value']) == [81.5, 46.3, 44.0]
    assert list(frame['is_primary']) == [False, True, True]
    assert list(frame['seed']) == [0, 0, 1]


def test_rows_carry_canonical_and_raw_values_and_facts() -> None:
    row = tidy(*facts([record('keypoints', score=54.8)])).iloc[0]
    assert row['value'] == 54.8
    assert row['raw'] == pytest.approx(0.548)
    assert (row['unit'], row['kind'], row['family'], row['method']) == (
        'fraction',
        'pose',
        'mim',
        'MAE',
    )


def test_a_failed_record_is_one_row_without_a_value() -> None:
    frame = tidy(*facts([failed(record(), 'boom'), record(seed=1)]))
    first = frame.iloc[0]
    assert len(frame) == 2
    assert (first['status'], first['error'], first['metric']) == ('failed', 'boom', 'mIoU')
    assert math.isnan(first['value'])


def test_a_failure_before_any_fact_was_known_borrows_them_from_others() -> None:
    bare = replace(failed(record(seed=1), 'no weights', finished=LATE), task={}, primary='')
    row = tidy(*facts([record(finished=EARLY), bare])).iloc[1]
    assert (row['kind'], row['metric'], row['status']) == ('segmentation', 'mIoU', 'failed')


def test_a_suite_with_nothing_but_bare_failures_has_a_frame() -> None:
    bare = replace(failed(record(), 'no weights'), task={}, primary='', backbone={})
    row = tidy(*facts([bare])).iloc[0]
    assert (row['kind'], row['metric'], row['backbone_title']) == ('other', '', 'vit-s-mae')


def test_an_ok_record_without_its_primary_score_counts_as_failed() -> None:
    row = tidy(*facts([replace(record(), scores={})])).iloc[0]
    assert row['status'] == 'failed'
    assert "no score 'mIoU'" in row['error']


def test_unknown_pretraining_and_titles_fall_back() -> None:
    item = replace(record(), backbone={'title': '', 'pretraining': None})
    found = backbone_facts(briefs([item]))['vit-s-mae']
    assert (found.label, found.family, found.method) == ('vit-s-mae', 'unknown', '')


def test_equal_titles_are_told_apart() -> None:
    one = replace(record(), backbone={'title': 'ViT'})
    two = replace(record(backbone='other'), backbone={'title': 'ViT'})
    assert {b.label for b in backbone_facts(briefs([one, two])).values()} == {
        'ViT (vit-s-mae)',
        'ViT (other)',
    }


def test_task_facts_come_from_the_newest_record_and_keep_all_versions() -> None:
    old = record(finished=EARLY)
    new = record(seed=1, finished=LATE)
    new = replace(new, task={**new.task, 'title': 'Parts', 'version': 2})
    found = task_facts(briefs([new, old]))['parts']
    assert (found.title, found.versions) == ('Parts', ('1', '2'))


def test_tasks_are_ordered_by_kind() -> None:
    names = list(task_facts(briefs(suite(('finetune',)))))
    assert names == ['fine-species', 'creatures-detection', 'parts', 'depth-metric', 'keypoints']


def test_an_unreadable_metric_is_named() -> None:
    item = record()
    broken = replace(item, task={**item.task, 'metrics': [{'key': 'mIoU', 'unit': 'furlong'}]})
    with pytest.raises(RecordError, match=r"task 'parts': unreadable metric .*furlong"):
        task_facts(briefs([broken]))
