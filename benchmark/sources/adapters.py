"""Adapters of PEFT, merged into the weights that they adapt."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from benchmark.errors import CheckpointError
from benchmark.openmmlab.checkpoints import Contents, read_contents
from benchmark.sources.base import Extractor
from benchmark.weight_files import ADAPTER, base_of, read_object

_MERGE = 'merge it first (peft: model.merge_and_unload(), then save the model)'
_WRAPPER = 'base_model.model.'
_DOWN, _UP = 'lora_A.weight', 'lora_B.weight'
_PARTS = re.compile(r'\.(lora_[A-Z]\w*|lora_magnitude_vector|base_layer|hada_\w+|oft_\w+)(\.|$)')


def refuse_unmerged(names: Mapping[str, Any], source: str) -> None:
    """Raise if ``names`` contain an adapter that was not merged.

    Raises:
        CheckpointError: names a tensor of the adapter.
    """
    found = next((name for name in names if _PARTS.search(name)), None)
    if found:
        raise CheckpointError(
            f"{source}: contains an adapter ('{found}') separate from the weights: {_MERGE}"
        )


def merge(extractor: Extractor, path: Path) -> tuple[Contents, str]:
    """Return the base weights with a LoRA adapter merged into them, and a remark.

    Each adapted weight W becomes W + s B A, where s is lora_alpha / r, or lora_alpha / sqrt(r)
    for rank-stabilised ones.

    Raises:
        CheckpointError: the base is not here, or the adapter is of another kind.
    """
    config = read_object(path.parent / ADAPTER)
    _refuse_other_kinds(config, path)
    (adapter,) = read_contents(path).tensors.values()
    contents, base_name = _base(extractor, path)
    for place, weights in contents.tensors.items():
        targets = _targets(adapter, weights)
        if targets is not None:
            updated = {**weights, **_apply_update(adapter, weights, targets, config, path)}
            remark = f'merged {len(targets)} updates of rank {config.get("r")} into {base_name}'
            return Contents({place: updated}, contents.facts), remark
    raise CheckpointError(
        f'{path}: adapts modules that the base {base_name} does not have: {_MERGE}'
    )


def _refuse_other_kinds(config: Mapping[str, Any], path: Path) -> None:
    kind = config.get('peft_type')
    if kind != 'LORA':
        raise CheckpointError(
            f"{path}: an adapter of type '{kind}', only LORA is supported: {_MERGE}"
        )
    for option in ('use_dora', 'lora_bias', 'alora_invocation_tokens', 'trainable_token_indices'):
        if config.get(option):
            raise CheckpointError(f"{path}: an adapter with '{option}' is not supported: {_MERGE}")


def _base(extractor: Extractor, path: Path) -> tuple[Contents, str]:
    name, place = base_of(path)
    if place is not None:
        return read_contents(place), f"'{name}'"
    if name and extractor.is_published_as(name):
        weights = extractor.published()
        return Contents({weights.remark: dict(weights.tensors)}), f"the published '{name}'"
    raise CheckpointError(
        f'{path}: an adapter of PEFT, and the weights that it adapts are not here '
        f"(base_model_name_or_path is '{name}' in {ADAPTER}): put their path there, or {_MERGE}"
    )


def _targets(adapter: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> dict[str, str] | None:
    """Return the base's weight of each adapted module, ``None`` where one has none or several."""
    found = {}
    for name in adapter:
        if not name.endswith(_DOWN):
            continue
        module = name.removeprefix(_WRAPPER).removesuffix(f'.{_DOWN}')
        wanted = f'.{module}.weight'
        fitting = [
            own
            for own in weights
            if own.endswith('.weight')
            and (f'.{own}'.endswith(wanted) or wanted.endswith(f'.{own}'))
        ]
        if f'{module}.weight' in fitting:
            fitting = [f'{module}.weight']
        if len(fitting) != 1:
            return None
        found[name.removesuffix(f'.{_DOWN}')] = fitting[0]
    return found or None


def _apply_update(
    adapter: Mapping[str, Tensor],
    weights: Mapping[str, Tensor],
    targets: Mapping[str, str],
    config: Mapping[str, Any],
    path: Path,
) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for module, name in targets.items():
        base = weights[name]
        down, up = (adapter[f'{module}.{part}'].float() for part in (_DOWN, _UP))
        change = up.flatten(1) @ down.flatten(1) * _scale(config, module, len(down))
        if config.get('fan_in_fan_out'):
            change = change.T
        if change.numel() != base.numel():
            raise CheckpointError(
                f"{path}: the update of '{module}' is {tuple(change.shape)}, '{name}' of the base "
                f'{tuple(base.shape)}: this adapter belongs to another base'
            )
        found[name] = (base.float() + change.reshape(base.shape)).to(base.dtype)
    used = {f'{module}.{part}' for module in targets for part in (_DOWN, _UP)}
    for name, value in adapter.items():
        if name in used:
            continue
        if _PARTS.search(name):
            raise CheckpointError(f"{path}: cannot merge '{name}': {_MERGE}")
        # a module that was trained whole replaces that of the base
        found[name.removeprefix(_WRAPPER).replace('.modules_to_save', '')] = value
    return found


def _scale(config: Mapping[str, Any], module: str, rank: int) -> float:
    alpha = _of_module(config.get('alpha_pattern'), module, config.get('lora_alpha', rank))
    return float(alpha) / (math.sqrt(rank) if config.get('use_rslora') else rank)


def _of_module(patterns: Any, module: str, default: Any) -> Any:
    """Return the value for a module: that of the first pattern that its name ends with."""
    for pattern, value in (patterns or {}).items():
        if re.fullmatch(rf'(.*\.)?({pattern})', module):
            return value
    return default
