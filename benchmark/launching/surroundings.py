"""Process state that a cell may change, restored for the cells after it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any


def _of_torch() -> tuple[tuple[Callable[[], Any], Callable[[Any], object]], ...]:
    """Return getters and setters of torch's defaults; empty if torch is not imported."""
    torch = sys.modules.get('torch')
    if torch is None:
        return ()
    return (
        (torch.get_default_dtype, torch.set_default_dtype),
        (torch.get_default_device, torch.set_default_device),
        (torch.get_num_threads, torch.set_num_threads),
        (torch.is_grad_enabled, torch.set_grad_enabled),
        (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
        (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    )


@contextlib.contextmanager
def surroundings_kept() -> Iterator[None]:
    """Restore folder, environment, streams and torch's defaults when the block ends."""
    folder, environment, mask = os.path.realpath('.'), dict(os.environ), _umask()
    streams = sys.stdin, sys.stdout, sys.stderr
    defaults = [(change, read, read()) for read, change in _of_torch()]
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        os.umask(mask)
        with contextlib.suppress(OSError):  # the folder may be gone
            os.chdir(folder)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        for change, read, before in defaults:
            if read() != before:
                change(before)


def _umask() -> int:
    """Return the umask, which can be read only by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
