"""In which order cells run."""

from __future__ import annotations

from benchmark.launching import Job
from tests.support.declarations import Declarations

from .test_campaign import OUTCOME, FakePool, campaign, go


def test_what_takes_longest_runs_first_and_what_takes_nothing_last(declare: Declarations) -> None:
    for name, side in (('small', 32), ('large', 96), ('medium', 64)):
        declare.task({'root': name}, name=name, input_size=(side, side))
        (declare.folder / 'data' / name).mkdir(parents=True)
        (declare.folder / 'data' / name / 'train.txt').write_text('x')
    ran: list[str] = []

    def answer(job: Job) -> dict[str, object]:
        ran.append(job.name)
        return OUTCOME

    tasks = ('small.py', 'large.py', 'medium.py')
    made = campaign(
        declare, suite={'tasks': tasks, 'protocols': ('trivial', 'finetune'), 'seeds': (0, 1)}
    )
    go(made, FakePool(answer))
    trained = [name for name in ran if 'trivial' not in name]
    assert [name.partition('--')[0] for name in trained] == ['large'] * 2 + ['medium'] * 2 + [
        'small'
    ] * 2
    assert all('trivial' in name for name in ran[6:])
    assert len(ran) == 9
    # cells that take as long keep the order of the request
    assert [name[-1] for name in trained] == ['0', '1'] * 3
