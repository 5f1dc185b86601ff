"""Pretrain a network and keep its weights."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save
from torch import Tensor, nn

from benchmark.errors import DataError
from benchmark.execution.execute import Trained, train
from benchmark.pretraining import Pretrain, compile_pretraining
from benchmark.results.store import write_atomically


class Labels(NamedTuple):
    """A file that mmpretrain reads (one ``picture label`` per line), and what is in it."""

    path: Path
    pictures: int
    classes: int


def write_labels(table: Path, column: str, out: Path) -> Labels:
    """Write the labels in ``column`` of a CSV with the column ``file``, numbered by name.

    Raises:
        DataError: the table cannot be read or lacks one of the columns.
    """
    try:
        with table.open(encoding='utf-8', newline='') as file:
            rows = [(row['file'], row[column]) for row in csv.DictReader(file)]
    except OSError as error:
        raise DataError(f'{table}: cannot be read ({error.strerror})') from None
    except KeyError as error:
        raise DataError(f'{table}: has no column {error}') from None
    names = sorted({label for _, label in rows})
    numbers = {name: number for number, name in enumerate(names)}
    write_atomically(out, ''.join(f'{name} {numbers[label]}\n' for name, label in rows))
    return Labels(out, len(rows), len(names))


def pretrain(request: Pretrain, folder: Path) -> Trained:
    """Pretrain as requested; an interrupted training in ``folder`` is continued.

    Raises:
        BenchmarkError: the request does not fit the network, or the loss diverged.
    """
    return train(compile_pretraining(request), folder)


def save_network(network: nn.Module, path: Path, facts: dict[str, str]) -> None:
    """Write a network's parameters and buffers in half precision, with ``facts`` in the header.

    Equal values and facts give equal bytes.
    """
    weights = {name: _half(value) for name, value in sorted(network.state_dict().items())}
    write_atomically(path, _in_order(save(weights, metadata=facts)))


def _in_order(file: bytes) -> bytes:
    """Return a safetensors file with its facts in order: the library writes them in any."""
    size = int.from_bytes(file[:8], 'little')
    header = json.loads(file[8 : 8 + size])
    header['__metadata__'] = dict(sorted(header['__metadata__'].items()))
    text = json.dumps(header, separators=(',', ':'), ensure_ascii=False).encode()
    return file[:8] + text.ljust(size) + file[8 + size :]


def _half(value: Tensor) -> Tensor:
    whole = value.detach().cpu().contiguous()
    return whole.to(torch.float16) if whole.is_floating_point() else whole
