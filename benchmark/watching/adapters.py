"""Callbacks of three trainers that call a :class:`Watcher` after steps, and do nothing else.

Those of Lightning and transformers need neither library: they answer to the names that the trainers
call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.watching.callback import Pick, Watcher


def mmengine_hook(watcher: Watcher, pick: Pick | None) -> Any:
    """Return a hook of mmengine that calls ``watcher`` with the model's backbone after steps."""
    from mmengine.hooks import Hook
    from mmengine.model import is_model_wrapper

    class WatcherHook(Hook):
        """Evaluates the backbone every N steps."""

        priority = 'VERY_LOW'

        def after_train_iter(self, runner: Any, *args: object, **kwargs: object) -> None:
            model = runner.model.module if is_model_wrapper(runner.model) else runner.model
            if watcher.is_due(runner.iter + 1):
                network = pick(model) if pick else getattr(model, 'backbone', model)
                watcher(network, runner.iter + 1)

    return WatcherHook()


class _Quiet:
    """Answers to every other event of a trainer by doing nothing."""

    def __init__(self, watcher: Watcher, pick: Pick | None) -> None:
        self._watcher = watcher
        self._pick: Pick = pick or (lambda model: model)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith('on_') or name in ('setup', 'teardown', 'load_state_dict'):
            return _do_nothing
        raise AttributeError(name)

    def _call(self, model: Any, step: int) -> None:
        if self._watcher.is_due(step):
            self._watcher(self._pick(model), step)


def _do_nothing(*args: object, **kwargs: object) -> None:
    """Do nothing."""


class LightningCallback(_Quiet):
    """Calls the watcher after each batch that ends a step of the optimiser."""

    state_key = 'transferbench.Watcher'

    def __init__(self, watcher: Watcher, pick: Pick | None) -> None:
        super().__init__(watcher, pick)
        self._last = 0

    def on_train_batch_end(self, trainer: Any, module: Any, *args: object, **kw: object) -> None:
        """Call the watcher where a new step was taken."""
        step = int(trainer.global_step)
        if step != self._last:  # batches that only add gradients take none
            self._last = step
            self._call(module, step)

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: the watcher keeps its own ledger."""
        return {}


class TrainerCallback(_Quiet):
    """Calls the watcher after each step of the Trainer of transformers."""

    def on_step_end(
        self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: object
    ) -> None:
        """Call the watcher with the model after ``state.global_step`` steps."""
        self._call(model, int(state.global_step))
