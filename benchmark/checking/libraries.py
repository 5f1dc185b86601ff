"""Import the OpenMMLab libraries without their output."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Prepare the libraries, and suppress what they print about missing parts on import.

    Raises:
        ImportError: one of them is not installed.
        EnvironmentProblem: one of them is of a version that does not work.
    """
    from benchmark.openmmlab import prepare

    with contextlib.redirect_stdout(io.StringIO()):
        prepare()
        yield
