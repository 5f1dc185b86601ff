"""Two backbones from records with outcomes: numbers, words, and what is not covered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import transferbench as tb
from benchmark.cli.main import main
from benchmark.errors import BenchmarkError, UnknownNameError
from benchmark.report import compare_backbones, render_report
from benchmark.results.records import RunRecord
from benchmark.results.store import ResultStore
from tests.support.report_fakes import record, with_outcomes

A, B = 'vit-s-mae', 'vit-s-random'
TASK, KEY = 'fine-species', 'accuracy/top1'
COUNT = 304
Shares = Mapping[str, list[float]]


def kept(
    store: ResultStore,
    item: RunRecord,
    right: np.ndarray | None,
    *,
    names: tuple[str, ...] = (),
    key: str = KEY,
) -> None:
    """Save a record with the outcomes of its test examples, as a campaign does."""
    if right is None:
        store.save(replace(item, provenance={**item.provenance, 'data_manifest': 'same'}))
    else:
        with_outcomes(store, item, right, names=names, key=key)


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / 'results', tmp_path / 'work')


def drawn(store: ResultStore, shares: Shares, *, protocol: str = 'finetune', seed: int = 0) -> None:
    """Save runs of backbones that are right on shares of the test examples."""
    rng = np.random.default_rng(seed)
    for backbone, each in shares.items():
        for number, share in enumerate(each):
            right = rng.random(COUNT) < share
            kept(store, record(TASK, backbone, protocol, number), right)


def test_a_clear_difference_is_said_with_its_interval(store: ResultStore) -> None:
    drawn(store, {A: [0.8] * 3, B: [0.3] * 3})
    found = compare_backbones(store, 'quick', (A, B))
    (duel,) = found.duels
    (one,) = duel.tasks
    assert one.is_clear
    assert one.covers_seeds
    assert one.covers_examples
    line = found.verdict.splitlines()[1]
    assert line.startswith('Fine species: ViT-S MAE is better by ')
    assert 'points of Top-1 accuracy (95 % interval ' in line


def test_two_random_networks_are_not_told_apart_on_304_pictures(store: ResultStore) -> None:
    clear = 0
    for seed in range(20):
        own = ResultStore(store.results / str(seed), store.work / str(seed))
        drawn(own, {A: [0.25] * 2, B: [0.25] * 2}, seed=seed)
        (duel,) = compare_backbones(own, 'quick', (A, B)).duels
        clear += duel.tasks[0].is_clear
    assert clear <= 3


def test_a_deterministic_method_runs_once_and_takes_mcnemars_test(store: ResultStore) -> None:
    rng = np.random.default_rng(1)
    answers = {name: rng.random(COUNT) < share for name, share in ((A, 0.6), (B, 0.5))}
    for name, right in answers.items():
        for seed in range(3):
            kept(store, record(TASK, name, 'knn', seed), right)
    (duel,) = compare_backbones(store, 'quick', (A, B)).duels
    one = duel.tasks[0]
    assert one.is_deterministic
    assert one.is_mcnemar
    assert one.found.runs == (1, 1)
    only = [int((answers[x] & ~answers[y]).sum()) for x, y in ((A, B), (B, A))]
    assert one.found.p == pytest.approx(stats.binomtest(only[0], sum(only)).pvalue)
    # equal outcomes lie in one file
    assert len(list((store.results / 'outcomes').rglob('*.npz'))) == 2


def test_a_random_network_is_not_deterministic_under_a_method_without_seeds(
    store: ResultStore,
) -> None:
    rng = np.random.default_rng(1)
    fixed = rng.random(COUNT) < 0.6
    for seed in range(2):
        kept(store, record(TASK, A, 'knn', seed), fixed)
        kept(store, record(TASK, B, 'knn', seed), rng.random(COUNT) < 0.3 + 0.1 * seed)
    one = compare_backbones(store, 'quick', (A, B)).duels[0].tasks[0]
    assert not one.is_deterministic
    assert one.found.runs == (1, 2)
    assert one.found.seeds is not None
    assert one.found.seeds.freedom == 1


def test_blocks_that_the_seed_drew_are_not_deterministic_either(store: ResultStore) -> None:
    rng = np.random.default_rng(1)
    drawn_in_part = f'{B}+reinit1'
    kept(store, record(TASK, A, 'knn', 0), rng.random(COUNT) < 0.6)
    kept(store, record(TASK, drawn_in_part, 'knn', 0), rng.random(COUNT) < 0.3)
    one = compare_backbones(store, 'quick', (A, drawn_in_part)).duels[0].tasks[0]
    assert not one.is_deterministic
    assert not one.is_clear


def test_one_seed_each_is_never_clear(store: ResultStore) -> None:
    drawn(store, {A: [0.9], B: [0.2]})
    found = compare_backbones(store, 'quick', (A, B))
    one = found.duels[0].tasks[0]
    assert one.is_beyond
    assert not one.is_clear
    assert 'other seeds could turn this round: one seed' in found.verdict


def test_a_single_run_takes_the_spread_of_others_net_of_what_examples_do(
    store: ResultStore,
) -> None:
    # runs answer at random, so that all of their spread is in the examples already
    drawn(store, {A: [0.5], B: [0.5], 'vit-s-dino': [0.5] * 3, 'vit-s-moco': [0.5] * 3})
    one = compare_backbones(store, 'quick', (A, B)).duels[0].tasks[0]
    assert one.found.seeds is not None
    assert one.found.examples is not None
    assert one.found.seeds.freedom == 4
    both = one.found.seeds.variance + one.found.examples.variance
    assert one.found.error**2 < 0.9 * both


def test_records_without_outcomes_are_compared_over_seeds_alone(store: ResultStore) -> None:
    for backbone, scores in ((A, (60.0, 61.0, 62.0)), (B, (50.0, 51.0, 52.0))):
        for seed, score in enumerate(scores):
            kept(store, record(TASK, backbone, seed=seed, score=score), None)
    one = compare_backbones(store, 'quick', (A, B)).duels[0].tasks[0]
    assert one.notes == ('the records have no outcomes per test example',)
    assert one.found.p == pytest.approx(stats.ttest_ind((60, 61, 62), (50, 51, 52)).pvalue)
    assert not one.covers_examples


def test_runs_on_other_examples_are_not_paired(store: ResultStore) -> None:
    rng = np.random.default_rng(0)
    for seed in range(2):
        for backbone in (A, B):
            names = tuple(f'{backbone}-{n}.png' for n in range(COUNT))
            right = rng.random(COUNT) < 0.5
            kept(store, record(TASK, backbone, seed=seed), right, names=names)
    one = compare_backbones(store, 'quick', (A, B)).duels[0].tasks[0]
    assert one.notes == ('the two were tested on different examples',)


def test_pictures_of_one_film_are_drawn_together(store: ResultStore) -> None:
    rng = np.random.default_rng(0)
    names = tuple(f'film{n // 38}/{n}.png' for n in range(COUNT))
    for backbone in (A, B):
        for seed in range(2):
            right = np.repeat(rng.random(8) < 0.5, 38)
            kept(store, record(TASK, backbone, seed=seed), right, names=names)
    alone, together = (
        compare_backbones(store, 'quick', (A, B), films=films).duels[0].tasks[0].found
        for films in ({}, {TASK: r'^(film\d+)/'})
    )
    assert (alone.groups, together.groups) == (COUNT, 8)
    assert alone.examples is not None
    assert together.examples is not None
    assert together.examples.variance > 10 * alone.examples.variance


def test_of_one_film_pictures_count_and_nobody_is_called_better(store: ResultStore) -> None:
    rng = np.random.default_rng(0)
    names = tuple(f'film/{n}.png' for n in range(COUNT))
    for backbone, share in ((A, 0.9), (B, 0.2)):
        for seed in range(3):
            right = rng.random(COUNT) < share
            kept(store, record(TASK, backbone, seed=seed), right, names=names)
    films = {TASK: r'^(film)/'}
    found, alone = (compare_backbones(store, 'quick', (A, B), films=f) for f in (films, {}))
    one, other = (item.duels[0].tasks[0] for item in (found, alone))
    assert one.found == other.found
    assert (one.films, other.films) == (1, 0)
    assert one.is_beyond
    assert not one.is_clear
    assert other.is_clear
    assert 'other films could turn this round' in found.verdict
    assert found.frame()['covers'].tolist() == ['seeds and test examples of one film']
    assert 'nothing is known of other films' in one.notes[0]


def test_a_single_test_example_leaves_seeds_alone_and_nobody_better(store: ResultStore) -> None:
    for backbone, right in ((A, True), (B, False)):
        for seed in range(2):
            item = record(TASK, backbone, seed=seed)
            kept(store, item, np.array([right]), names=('Jogging',))
    one = compare_backbones(store, 'quick', (A, B)).duels[0].tasks[0]
    assert not one.covers_examples
    assert not one.is_clear


def test_films_are_what_would_settle_a_difference_of_films(store: ResultStore) -> None:
    names = tuple(f'film{n // 38}/{n}.png' for n in range(COUNT))
    for backbone, films in ((A, (1, 1, 1, 1, 1, 0, 0, 0)), (B, (0, 1, 0, 1, 0, 1, 0, 1))):
        for seed in range(2):
            right = np.repeat(np.array(films) == 1, 38)
            kept(store, record(TASK, backbone, seed=seed), right, names=names)
    found = compare_backbones(store, 'quick', (A, B), films={TASK: r'^(film\d+)/'})
    assert re.search(r'about \d+ films would', found.verdict)
    assert '8 films' in found.frame()['covers'][0]


def test_outcomes_that_do_not_give_the_score_are_left_out(store: ResultStore) -> None:
    drawn(store, {A: [0.5] * 2, B: [0.5] * 2})
    (path,) = store.runs_folder('quick').rglob(f'*{A}*seed0*.json')
    content = json.loads(path.read_text())
    content['raw'][KEY] = 12.0
    path.write_text(json.dumps(content))
    (note,) = compare_backbones(store, 'quick', (A, B)).duels[0].tasks[0].notes
    assert note.endswith('the record 12.0')


def test_lower_is_better_turns_the_sign(store: ResultStore) -> None:
    for backbone, low in ((A, 0.6), (B, 1.1)):
        for seed in range(3):
            item = record('depth-metric', backbone, seed=seed, score=low + 0.01 * seed)
            kept(store, item, None)
    found = compare_backbones(store, 'quick', (A, B))
    assert found.duels[0].tasks[0].found.value == pytest.approx(0.5)
    assert 'ViT-S MAE is better by 0.500 m of RMSE' in found.verdict


def test_names_are_ids_titles_or_parts(store: ResultStore) -> None:
    drawn(store, {A: [0.5] * 2, B: [0.5] * 2})
    for pair in (('ViT-S MAE', 'random'), ('mae', 'ViT-S random'), (A, B)):
        assert compare_backbones(store, 'quick', pair).ids == (A, B)
    with pytest.raises(UnknownNameError, match=r"no record of a backbone 'nope'; there are: vit-s"):
        compare_backbones(store, 'quick', (A, 'nope'))
    with pytest.raises(UnknownNameError, match="'vit' could be any of: vit-s-mae, vit-s-random"):
        compare_backbones(store, 'quick', ('vit', B))
    with pytest.raises(BenchmarkError, match='are both vit-s-mae'):
        compare_backbones(store, 'quick', (A, 'mae'))
    with pytest.raises(UnknownNameError, match="protocol of the records 'linear'"):
        compare_backbones(store, 'quick', (A, B), protocols=['linear'])


def test_the_command_the_function_and_the_page_agree(
    store: ResultStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn(store, {A: [0.8] * 2, B: [0.3] * 2})
    page = tmp_path / 'pair.html'
    command = ['compare', A, B, '--suite', 'quick', '--results', str(store.results)]
    assert main([*command, '--html', str(page)]) == 0
    said = capsys.readouterr().out
    assert main([*command, '--json']) == 0
    content = json.loads(capsys.readouterr().out)
    found = tb.compare(A, B, suite='quick', results=store.results)
    assert said == f'{found!r}\n'
    frame = found.frame()
    assert isinstance(frame, pd.DataFrame)
    (task,) = content['protocols'][0]['tasks']
    assert task['difference'] == frame.loc[0, 'difference']
    assert task['verdict'] in said
    assert task['verdict'] in page.read_text()
    assert main([*command[:2], 'nope', *command[3:]]) == 2
    assert "no record of a backbone 'nope'" in capsys.readouterr().err


def test_the_total_is_over_tasks_with_a_scale(store: ResultStore) -> None:
    for task in ('parts', 'fine-species'):
        for seed in range(2):
            store.save(record(task, 'trivial:flat', 'trivial', seed=0, score=10.0))
            for backbone, score in ((A, 60.0), (B, 40.0)):
                kept(store, record(task, backbone, seed=seed, score=score + seed), None)
    duel = compare_backbones(store, 'quick', (A, B)).duels[0]
    assert duel.counted == 2
    assert duel.total is not None
    # from 10 to 100 points: 20 of 90
    assert duel.total.value == pytest.approx(100 * 20 / 90)
    assert duel.total.low < duel.total.value < duel.total.high


def test_a_damaged_outcomes_file_is_an_error_that_names_it(store: ResultStore) -> None:
    drawn(store, {A: [0.5] * 2, B: [0.5] * 2})
    path = next((store.results / 'outcomes').rglob('*.npz'))
    path.write_bytes(b'other')
    with pytest.raises(BenchmarkError, match=f'{path.name}: damaged'):
        compare_backbones(store, 'quick', (A, B))


def test_the_page_holds_every_pair_of_its_first_rows(store: ResultStore) -> None:
    drawn(store, {A: [0.8] * 2, B: [0.3] * 2, 'vit-s-dino': [0.5] * 2})
    (text,) = render_report(store, 'quick', formats=['html']).values()
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])  # type: ignore[index]
    (board,) = data['pairs']
    assert sorted(board['pairs']) == ['0-1', '0-2', '1-2']
    places = {row['id']: place for place, row in enumerate(data['backbones'])}
    rows = [places[data['backbones'][row]['id']] for row in data['boards'][0]['rows']]
    first, last = rows.index(places[A]), rows.index(places[B])
    pair = board['pairs'][f'{min(first, last)}-{max(first, last)}']
    found = compare_backbones(store, 'quick', (A, B))
    assert [pair['said'], *(task[-1] for task in pair['tasks'])] == found.verdict.splitlines()
    assert '<section id="pair"' in text


def test_one_seed_shows_the_error_over_test_examples(store: ResultStore) -> None:
    drawn(store, {A: [0.8], B: [0.5]})
    (text,) = render_report(store, 'quick', formats=['html']).values()
    error = 100 * (0.25 / COUNT) ** 0.5
    said = re.search(r'standard error over test examples alone is .*?ViT-S random ([\d.]+)', text)
    assert said is not None
    assert float(said[1]) == pytest.approx(error, abs=0.1)


def test_a_record_names_no_outcomes_that_were_not_kept(store: ResultStore) -> None:
    drawn(store, {A: [0.5] * 2, B: [0.5] * 2})
    item = next(store.records('quick'))
    assert store.outcomes(item) is not None
    gone = replace(item, proof={'outcomes': {'sha256': '0' * 64}, 'loaded': 1})
    assert store.keep_outcomes(gone, store.work / 'nowhere').proof == {'loaded': 1}
    outside = replace(item, proof={'outcomes': {'sha256': '../../secret'}})
    assert store.outcomes_path(outside) is None
