"""The evaluation of key points against xtcocotools and hand-computed cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import DataError, EnvironmentProblem
from benchmark.openmmlab import prepare
from benchmark.openmmlab.keypoints import COCO, COCOeval
from tests.openmmlab.conftest import keypoint_case

GOLDEN = json.loads((Path(__file__).parent / 'golden' / 'xtcocotools.json').read_text())
SIGMAS = np.array(GOLDEN['sigmas'], dtype=np.float32)


def evaluate(
    truth: dict[str, Any],
    results: list[dict[str, Any]],
    folder: Path,
    *,
    kind: str = 'keypoints',
    use_area: bool = True,
    tools: tuple[type, type] = (COCO, COCOeval),
) -> Any:
    """Return the evaluation of ``results`` after all three steps."""
    truth_file, results_file = folder / 'truth.json', folder / 'results.json'
    truth_file.write_text(json.dumps(truth))
    results_file.write_text(json.dumps(results))
    annotations = tools[0](str(truth_file))
    evaluation = tools[1](
        annotations, annotations.loadRes(str(results_file)), kind, SIGMAS, use_area
    )
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation


def one_person(**changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return annotations with one person of 100 x 100 pixels, and a perfect result for it."""
    keypoints = [10.0, 10, 2, 90, 10, 2, 50, 50, 2, 10, 90, 2, 90, 90, 2]
    person = {
        'id': 7,
        'image_id': 1,
        'category_id': 1,
        'bbox': [0, 0, 100, 100],
        'area': 5300.0,
        'iscrowd': 0,
        'keypoints': keypoints,
        **changes,
    }
    truth = {'images': [{'id': 1}], 'annotations': [person], 'categories': [{'id': 1}]}
    return truth, {'image_id': 1, 'category_id': 1, 'keypoints': list(keypoints), 'score': 0.5}


@pytest.mark.parametrize(
    'case', GOLDEN['cases'], ids=lambda c: f'{c["seed"]}-{c["kind"]}-{c["use_area"]}'
)
def test_numbers_are_those_of_xtcocotools(case: dict[str, Any], tmp_path: Path) -> None:
    truth, results = keypoint_case(case['seed'])
    evaluation = evaluate(truth, results, tmp_path, kind=case['kind'], use_area=case['use_area'])
    np.testing.assert_allclose(evaluation.stats, case['stats'], rtol=0, atol=1e-12)


# xtcocotools does not close the annotation file of 'keypoints_crowd'
@pytest.mark.filterwarnings('ignore:unclosed file:ResourceWarning')
@pytest.mark.parametrize('use_area', [True, False])
@pytest.mark.parametrize('kind', ['keypoints', 'keypoints_crowd'])
def test_numbers_agree_with_the_installed_xtcocotools(
    kind: str, use_area: bool, tmp_path: Path
) -> None:
    if prepare().keypoints != 'xtcocotools':
        pytest.skip('xtcocotools is not installed')
    coco = pytest.importorskip('xtcocotools.coco')
    cocoeval = pytest.importorskip('xtcocotools.cocoeval')
    tools = (coco.COCO, cocoeval.COCOeval)
    truth, results = keypoint_case(11)
    theirs = evaluate(truth, results, tmp_path, kind=kind, use_area=use_area, tools=tools)
    ours = evaluate(truth, results, tmp_path, kind=kind, use_area=use_area)
    np.testing.assert_allclose(ours.stats, theirs.stats, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ('use_area', 'area', 'expected'), [(True, 5300.0, 5300.0), (False, 1e9, 5300.0)]
)
def test_similarity_uses_the_area_that_was_asked_for(
    use_area: bool, area: float, expected: float, tmp_path: Path
) -> None:
    truth, result = one_person(area=area)
    result['keypoints'][0] += 12.0  # the first key point is 12 pixels off
    evaluation = evaluate(truth, [result], tmp_path, use_area=use_area)
    error = 12.0**2 / (2 * 0.026) ** 2 / expected / 2
    assert evaluation.ious[1, 1][0, 0] == pytest.approx((4 + np.exp(-error)) / 5, rel=1e-5)


def test_annotations_are_not_changed_by_an_evaluation(tmp_path: Path) -> None:
    truth, result = one_person()
    evaluation = evaluate(truth, [result], tmp_path, use_area=False)
    assert evaluation.cocoGt.anns[7] == truth['annotations'][0]


@pytest.mark.parametrize('id_', [0, -3, 7])
def test_any_id_of_an_annotation_can_be_matched(id_: int, tmp_path: Path) -> None:
    truth, result = one_person(id=id_)
    assert evaluate(truth, [result], tmp_path).stats[0] == pytest.approx(1.0)


def test_result_without_marked_keypoints_is_left_out(tmp_path: Path) -> None:
    truth, result = one_person()
    unmarked = {**result, 'score': 0.9, 'keypoints': [1.0, 1, 0] * 5}
    assert evaluate(truth, [result, unmarked], tmp_path).stats[0] == pytest.approx(1.0)
    marked = {**unmarked, 'keypoints': [1.0, 1, 1] * 5}
    assert evaluate(truth, [result, marked], tmp_path).stats[0] == pytest.approx(0.5)


def test_no_results_at_all_score_zero(tmp_path: Path) -> None:
    truth, _ = one_person()
    stats = evaluate(truth, [], tmp_path).stats
    assert stats[0] == 0
    assert stats[5] == 0


def test_missing_fields_are_named(tmp_path: Path) -> None:
    truth, result = one_person()
    del truth['annotations'][0]['area']
    with pytest.raises(DataError, match=r"annotation 7 of image 1 has no 'area'.*use_area=False"):
        evaluate(truth, [result], tmp_path)
    assert evaluate(truth, [result], tmp_path, use_area=False).stats[0] == pytest.approx(1.0)
    truth, result = one_person()
    with pytest.raises(DataError, match="no 'num_keypoints'"):
        evaluate(truth, [result], tmp_path, kind='keypoints_crowd')
    truth, result = one_person(num_keypoints=5)
    with pytest.raises(DataError, match="image 1 has no 'crowdIndex'"):
        evaluate(truth, [result], tmp_path, kind='keypoints_crowd')


def test_kind_without_substitute_is_named(tmp_path: Path) -> None:
    truth, result = one_person()
    with pytest.raises(EnvironmentProblem, match="'keypoints_wholebody' needs xtcocotools"):
        evaluate(truth, [result], tmp_path, kind='keypoints_wholebody')


@pytest.mark.parametrize('use_area', [True, False])
def test_metric_of_mmpose_runs_on_the_substitute(use_area: bool, tmp_path: Path) -> None:
    prepare()
    pytest.importorskip('mmpose')
    from mmpose.evaluation.metrics import CocoMetric

    truth, results = keypoint_case(0)
    truth_file = tmp_path / 'annotations.json'
    truth_file.write_text(json.dumps(truth))
    metric = CocoMetric(
        ann_file=str(truth_file), use_area=use_area, score_mode='bbox', nms_mode='none'
    )
    metric.dataset_meta = {'sigmas': SIGMAS, 'num_keypoints': 5}
    metric.process({}, [as_data_sample(place, result) for place, result in enumerate(results)])
    scores = metric.evaluate(size=len(results))
    golden = next(
        case
        for case in GOLDEN['cases']
        if (case['seed'], case['kind'], case['use_area']) == (0, 'keypoints', use_area)
    )
    assert list(scores.values()) == pytest.approx(golden['stats'], abs=1e-12)


def as_data_sample(place: int, result: dict[str, Any]) -> dict[str, Any]:
    """Return ``result`` as mmpose's models hand it to their metrics."""
    keypoints = np.array(result['keypoints']).reshape(1, 5, 3)
    return {
        'id': place,
        'img_id': result['image_id'],
        'category_id': 1,
        'pred_instances': {
            'keypoints': keypoints[:, :, :2],
            'keypoint_scores': keypoints[:, :, 2],
            'bbox_scores': np.array([result['score']]),
        },
        'gt_instances': {},
    }
