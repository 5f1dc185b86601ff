"""Methods of pretraining, one per file: the model of each, and how it masks pictures."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.errors import unknown_name
from benchmark.pretraining.methods import data2vec, mae, maskfeat, simmim, spark, supervised
from benchmark.pretraining.methods.base import Method

METHODS: Mapping[str, Method] = {
    'mae': mae.METHOD,
    'simmim': simmim.METHOD,
    'data2vec': data2vec.METHOD,
    'maskfeat': maskfeat.METHOD,
    'spark': spark.METHOD,
    'supervised': supervised.METHOD,
}
"""By the name that ``tbench pretrain`` and :class:`Pretrain` take."""


def find_method(name: str) -> Method:
    """Return the method of pretraining called ``name``.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in METHODS:
        raise unknown_name('pretraining method', name, METHODS)
    return METHODS[name]
