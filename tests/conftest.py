"""Options and fixtures of all tests; imports nothing heavy, so that torch-free tests stay quick."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.support.declarations import Declarations
from tests.support.skips import refuse_unknown_skip


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        '--regenerate',
        action='store_true',
        help='write golden configurations and exact numbers anew',
    )
    parser.addoption(
        '--all-pairs', action='store_true', help='try networks of every source in every kind'
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse_unknown_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_unknown_skip(report)
    return report


@pytest.fixture(scope='session', autouse=True)
def _subprocesses_find_the_package() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('PYTHONPATH', str(Path(__file__).parent.parent), prepend=os.pathsep)
        yield


@pytest.fixture
def declare(tmp_path: Path) -> Declarations:
    return Declarations(tmp_path)


@pytest.fixture
def one_line() -> Callable[[BaseException], str]:
    """Return a function that gives the message of an error, checked to be a single line."""

    def message(error: BaseException) -> str:
        text = str(error)
        assert '\n' not in text
        assert text
        return text

    return message


@pytest.fixture
def default_signals() -> Iterator[None]:
    """Let SIGINT and SIGHUP arrive: a shell, or nohup, may have started the tests without them."""
    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
