"""The one list of reasons for which a test may be skipped; any other one fails in CI.

CI sets ``TBENCH_KNOWN_SKIPS_ONLY``. All development requirements are installed there, so a test
that skips because one is missing would hide a fault.
"""

from __future__ import annotations

import os
from typing import Any

VARIABLE = 'TBENCH_KNOWN_SKIPS_ONLY'

KNOWN = {
    'TBENCH_REAL_MINI names no folder of small real data sets': 'data that cannot be shipped',
    'TBENCH_REAL_WEIGHTS names no folder of real weights': 'weights that are not shipped',
    'frozen with other versions of the libraries': 'numbers are exact for one set of versions',
    'mmcv is compiled here': 'the substitutes of its operators are not in use',
    'no chromium on the PATH': 'a browser is no Python package',
    'not run on a GPU': 'CI has none',
    'the extra mlflow is not installed': 'its requirements differ from those that are fixed here',
    'the extra ray is not installed': 'development does not need it',
    'the extra trackio is not installed': 'development does not need it',
    'the extra wandb is not installed': 'development does not need it',
    'there is a GPU': 'the other half of a pair',
    'this huggingface_hub knows no .eval_results': 'the oldest versions that are supported',
    'xtcocotools is not installed': 'it does not build on a current Python',
}
"""Why each reason is all right."""


def is_strict() -> bool:
    """Whether a reason that is not listed fails."""
    return os.environ.get(VARIABLE, '') not in ('', '0')


def refuse_unknown_skip(report: Any) -> None:
    """Turn the report of a skip into that of a failure, if its reason is not listed."""
    if not report.skipped or hasattr(report, 'wasxfail') or not is_strict():
        return
    _, _, text = report.longrepr
    reason = text.removeprefix('Skipped: ')
    if reason not in KNOWN:
        report.outcome = 'failed'
        report.longrepr = (
            f'skipped for a reason that tests/support/skips.py does not list: {reason}'
        )
