"""MLflow, through its client: mmengine's backend knows one run per process, here are several."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.tracking.base import PROJECT, End, Home, Subject, flat

_LONGEST_PARAMETER = 500
_AT_ONCE = 100
_ENDS = {'finished': 'FINISHED', 'failed': 'FAILED', 'interrupted': 'KILLED'}


class MlflowTracker:
    """The store that ``MLFLOW_TRACKING_URI`` names, else files in the folder of the tracker.

    The experiment is ``MLFLOW_EXPERIMENT_NAME``, else ``transferbench``.

    Raises:
        ImportError: neither mlflow nor mlflow-skinny is installed.
    """

    def __init__(self, home: Home) -> None:
        self._uri = os.environ.get('MLFLOW_TRACKING_URI', '')
        if not self._uri:
            self._uri = home.folder.as_uri()
            # it says that files are an old form of store; they need no other library
            os.environ.setdefault('MLFLOW_ALLOW_FILE_STORE', 'true')
            home.folder.mkdir(parents=True, exist_ok=True)
        # it would report its use to its makers
        os.environ.setdefault('MLFLOW_DISABLE_TELEMETRY', 'true')
        from mlflow import MlflowClient

        logging.getLogger('mlflow').setLevel(logging.ERROR)
        self._client: Any = MlflowClient(self._uri)
        name = os.environ.get('MLFLOW_EXPERIMENT_NAME') or PROJECT
        found = self._client.get_experiment_by_name(name)
        self._experiment = found.experiment_id if found else self._client.create_experiment(name)

    @property
    def place(self) -> str:
        """The address of the store."""
        return self._uri

    def open(self, subject: Subject, known: str) -> _Run:
        """Return the run of ``subject``, as a new one or that with the id ``known``."""
        if known:
            self._client.update_run(known, 'RUNNING')
            return _Run(self._client, known)
        tags = {'group': subject.group, 'key': subject.key}
        made = self._client.create_run(self._experiment, run_name=subject.name, tags=tags)
        run = _Run(self._client, made.info.run_id)
        run.parameters(flat(subject.facts))
        return run


class _Run:
    def __init__(self, client: Any, run: str) -> None:
        self._client, self.id = client, str(run)

    def parameters(self, values: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        listed = [Param(_named(k), str(v)[:_LONGEST_PARAMETER]) for k, v in values.items()]
        for start in range(0, len(listed), _AT_ONCE):
            self._client.log_batch(self.id, params=listed[start : start + _AT_ONCE])

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        found = [Metric(_named(name), value, now, step) for name, value in values.items()]
        self._client.log_batch(self.id, metrics=found)

    def picture(self, name: str, path: Path, step: int) -> None:
        self._client.log_artifact(self.id, str(path), f'pictures/{step}')

    def artefact(self, path: Path) -> None:
        self._client.log_artifact(self.id, str(path))

    def close(self, end: End) -> None:
        self._client.set_terminated(self.id, _ENDS[end])


def _named(name: str) -> str:
    """Return a name in the letters that the store allows."""
    return ''.join(c if c.isalnum() or c in '/_-. ' else '_' for c in name)
