"""HOTA, IDF1 and MOTA by TrackEval."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.evaluator import BaseMetric

from benchmark.errors import DataError, EnvironmentProblem
from benchmark.kinds.mot.sequence import read_truth
from benchmark.registry import METRICS
from benchmark.statistics.outcome_files import Measured
from benchmark.statistics.outcomes import Association, Form, Ratios

_TRACKER = 'tracker'
_QUIET = (
    'PRINT_RESULTS',
    'PRINT_CONFIG',
    'TIME_PROGRESS',
    'OUTPUT_SUMMARY',
    'OUTPUT_EMPTY_CLASSES',
    'OUTPUT_DETAILED',
    'PLOT_CURVES',
)
_SETTINGS = {
    **dict.fromkeys(_QUIET, False),
    'BREAK_ON_ERROR': True,
    # a path: `False` would be taken for the file descriptor 0 and close it
    'LOG_ON_ERROR': None,
}


class Frame(NamedTuple):
    """The tracks of a frame: rows (n, 7) of number, identity, box (x, y, w, h) and score.

    ``folder`` is that of the sequence, ``first`` the number of its first frame that is tested,
    and ``length`` how many are.
    """

    folder: str
    first: int
    length: int
    tracks: np.ndarray


@METRICS.register_module()
class MultiTrackingMetric(BaseMetric):
    """HOTA, DetA, AssA, MOTA and IDF1 as fractions over all sequences, by TrackEval.

    The truth is what the release says of the frames that were tested: distractors, too, which
    TrackEval takes out before it counts.

    Args:
        benchmark: the one by whose rules it does so, as TrackEval names it.

    Raises:
        EnvironmentProblem: TrackEval is not installed.
    """

    def __init__(self, *, benchmark: str = 'MOT17', **arguments: Any) -> None:
        super().__init__(**arguments)
        _trackeval()
        self._benchmark = benchmark

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the tracks of every frame."""
        for clip in data_samples:
            frames = clip['video_data_samples'] if isinstance(clip, dict) else clip
            self.results += [_frame(frame) for frame in frames]

    def compute_metrics(self, results: list[tuple[Any, ...]]) -> dict[str, float]:
        """Return the five scores."""
        # mmengine's gathering makes plain tuples of named ones
        frames = [Frame(*result) for result in results]
        with tempfile.TemporaryDirectory() as place:
            found, self.outcomes = scored(frames, Path(place), self._benchmark)
            return found


def _trackeval() -> Any:
    try:
        import trackeval
    except ImportError as error:
        raise EnvironmentProblem(
            f'multi-object tracking needs TrackEval ({error}); `tbench doctor` has the remedy'
        ) from None
    return trackeval


def _frame(sample: Any) -> Frame:
    facts = sample if isinstance(sample, dict) else sample.to_dict()
    found = facts['pred_track_instances']
    boxes = np.asarray(found['bboxes'].cpu(), float).reshape(-1, 4)
    number = np.full(len(boxes), facts['frame_id'] + 1)
    rows = [
        number,
        np.asarray(found['instances_id'].cpu()),
        *boxes[:, :2].T,
        *(boxes[:, 2:] - boxes[:, :2]).T,
        np.asarray(found['scores'].cpu(), float),
    ]
    folder = str(Path(facts['img_path']).parent.parent)
    return Frame(folder, facts['first_frame'], facts['ori_video_length'], np.column_stack(rows))


def score(frames: Iterable[Frame], place: Path, benchmark: str) -> dict[str, float]:
    """Return the scores of all frames, as :func:`scored` does."""
    return scored(frames, place, benchmark)[0]


def scored(
    frames: Iterable[Frame], place: Path, benchmark: str
) -> tuple[dict[str, float], dict[str, Measured]]:
    """Return the scores of all frames by the rules of ``benchmark``, and what each sequence adds.

    Files for TrackEval are written below ``place``.

    Raises:
        DataError: two sequences have one name, or no frame shows a person that counts.
    """
    by_folder: dict[str, list[Frame]] = {}
    for frame in frames:
        by_folder.setdefault(frame.folder, []).append(frame)
    lengths = {Path(folder).name: found[0].length for folder, found in by_folder.items()}
    if len(lengths) < len(by_folder):
        raise DataError(f'two of the sequences {", ".join(sorted(by_folder))} have one name')
    for folder, found in by_folder.items():
        name = Path(folder).name
        _write(
            place / 'found' / _TRACKER / f'{name}.txt', np.concatenate([f.tracks for f in found])
        )
        _write_truth(place / 'truth' / f'{name}.txt', Path(folder) / 'gt/gt.txt', found[0])
    return _evaluated(place, lengths, benchmark)


def _write(path: Path, tracks: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        f'{int(number)},{int(identity)},{x:.6f},{y:.6f},{w:.6f},{h:.6f},{score:.6f},-1,-1,-1\n'
        for number, identity, x, y, w, h, score in tracks
    ]
    path.write_text(''.join(rows), encoding='utf-8')


def _write_truth(path: Path, source: Path, frame: Frame) -> None:
    """Write the rows of the tested frames of a sequence, counted from 1."""
    truth = read_truth(source)
    truth[:, 0] -= frame.first - 1
    rows = truth[(truth[:, 0] >= 1) & (truth[:, 0] <= frame.length)]
    # all digits, so that nothing is rounded on the way
    lines = (','.join(f'{value:.17g}' for value in row) for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(''.join(f'{line}\n' for line in lines), encoding='utf-8')


def _evaluated(
    place: Path, lengths: dict[str, int], benchmark: str
) -> tuple[dict[str, float], dict[str, Measured]]:
    trackeval = _trackeval()
    settings = {
        'GT_FOLDER': str(place / 'truth'),
        'TRACKERS_FOLDER': str(place / 'found'),
        'TRACKERS_TO_EVAL': [_TRACKER],
        'TRACKER_SUB_FOLDER': '',
        'OUTPUT_FOLDER': str(place / 'output'),
        'CLASSES_TO_EVAL': ['pedestrian'],
        'BENCHMARK': benchmark,
        'SEQ_INFO': lengths,
        'GT_LOC_FORMAT': '{gt_folder}/{seq}.txt',
        'SKIP_SPLIT_FOL': True,
        'PRINT_CONFIG': False,
    }
    names = ('HOTA', 'CLEAR', 'Identity')
    with contextlib.redirect_stdout(io.StringIO()):
        metrics = [getattr(trackeval.metrics, name)({'PRINT_CONFIG': False}) for name in names]
        evaluator = trackeval.Evaluator(_SETTINGS)
        dataset = trackeval.datasets.MotChallenge2DBox(settings)
        found, _ = evaluator.evaluate([dataset], metrics)
    by_sequence = found[dataset.get_name()][_TRACKER]
    combined = by_sequence['COMBINED_SEQ']['pedestrian']
    if not combined['CLEAR']['CLR_TP'] + combined['CLEAR']['CLR_FN']:
        raise DataError('no test sequence shows a person that counts: nothing to score')
    scores = {
        **{key: float(np.mean(combined['HOTA'][key])) for key in ('HOTA', 'DetA', 'AssA')},
        'MOTA': float(combined['CLEAR']['MOTA']),
        'IDF1': float(combined['Identity']['IDF1']),
    }
    films = tuple(sorted(lengths))
    return scores, _outcomes([by_sequence[name]['pedestrian'] for name in films], films)


def _outcomes(
    sequences: Sequence[dict[str, dict[str, Any]]], names: tuple[str, ...]
) -> dict[str, Measured]:
    """Return what each sequence adds to the five scores."""

    def column(metric: str, key: str) -> np.ndarray:
        return np.array([one[metric][key] for one in sequences], float)

    right, missed, extra = (column('HOTA', f'HOTA_{key}') for key in ('TP', 'FN', 'FP'))
    tracks = (right, missed, extra, column('HOTA', 'AssA'))
    clear, wrong, lost, switched = (
        column('CLEAR', key) for key in ('CLR_TP', 'CLR_FP', 'CLR_FN', 'IDSW')
    )
    same, off, without = (column('Identity', key) for key in ('IDTP', 'IDFP', 'IDFN'))
    forms: dict[str, Form] = {
        'HOTA': Association(*tracks),
        'DetA': Ratios(right, right + missed + extra, counts_empty=True),
        'AssA': Association(*tracks, with_detection=False),
        'MOTA': Ratios(clear - wrong - switched, clear + lost),
        'IDF1': Ratios(same, same + 0.5 * off + 0.5 * without),
    }
    return {key: Measured(form, names) for key, form in forms.items()}
