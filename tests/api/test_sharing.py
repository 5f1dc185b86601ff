"""Runs of one's own, from evaluation to bundle, verdict and site."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import torch

import transferbench as tb
from benchmark.commons.reasons import Badge

torch.set_num_threads(1)

SUITE = {
    'name': 'mine',
    'title': 'Kinds of the world in miniature',
    'tasks': ('world-covered', 'world-segmentation', 'world-depth', 'world-pose'),
    'protocols': ('finetune', 'knn', 'trivial'),
    'seeds': (0,),
    'recipes': {'*/finetune': {'iterations': 3, 'batch_size': 4}},
    'version': 2,
}


def test_what_was_run_here_is_accepted_and_recomputed(
    net: ModuleType, tiny_data: Path, tmp_path: Path
) -> None:
    torch.manual_seed(3)
    results, out = tmp_path / 'results', tmp_path / 'mine.zip'
    run = tb.evaluate(
        net.Net(), suite=SUITE, data_root=tiny_data, results=results, work_dir=tmp_path / 'work'
    )
    assert not run.failed
    assert tb.submit(SUITE, out, results=results).suite == 'mine@2'
    verdict = tb.verify(out)
    assert verdict.problems == ()
    assert len(verdict.badges) == len(run.records)
    assert set(verdict.badges.values()) == {Badge.RECOMPUTED}
    assert tb.verify(out, own=results).badge is Badge.RERUN
    site = tb.site([out], tmp_path / 'site')
    assert site.suites == ('mine@2',)
    assert '<h1>mine@2</h1>' in (tmp_path / 'site' / 'mine' / 'mine.html').read_text()
