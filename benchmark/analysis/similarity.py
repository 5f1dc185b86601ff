"""Linear CKA from unbiased mini-batch estimates, as pure functions on Gram matrices.

Nguyen, Raghu and Kornblith (arXiv 2010.15327), equations 2 and 3: the estimate of HSIC over a
mini-batch is unbiased, so its mean over mini-batches does not depend on their size, and CKA is
the ratio of those means.
"""

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST_BATCH = 4
"""The unbiased estimate divides by n - 3."""


def centred_gram(features: Tensor) -> Tensor:
    """Return the U-centred Gram matrix (n, n) of ``features`` (n, ...), in double precision.

    Its inner product with another one, over n (n - 3), is the unbiased estimate of HSIC.
    """
    rows = features.flatten(1).double()
    # the estimate does not change with the mean; small numbers keep it precise
    rows = rows - rows.mean(0)
    gram = (rows @ rows.T).fill_diagonal_(0)
    n = len(gram)
    sums = gram.sum(0)
    centred = gram - (sums[:, None] + sums[None, :]) / (n - 2) + sums.sum() / ((n - 1) * (n - 2))
    return centred.fill_diagonal_(0)


def hsic(first: Tensor, second: Tensor) -> Tensor:
    """Return the mean unbiased HSIC between all layers of two networks, (L1, L2).

    Args:
        first: U-centred Gram matrices (L1, batches, n, n).
        second: those of the other network on the same pictures, (L2, batches, n, n).
    """
    n, batches = first.shape[-1], first.shape[1]
    return first.flatten(1) @ second.flatten(1).T / (batches * n * (n - 3))


def cka(first: Tensor, second: Tensor) -> Tensor:
    """Return linear CKA between all layers of two networks, (L1, L2).

    An estimate of HSIC of a layer with itself that is not positive gives NaN.

    Args:
        first: U-centred Gram matrices (L1, batches, n, n).
        second: those of the other network on the same pictures, (L2, batches, n, n).
    """
    own = [
        torch.stack([hsic(layer[None], layer[None]).squeeze() for layer in grams]).sqrt()
        for grams in (first, second)
    ]
    return hsic(first, second) / (own[0][:, None] * own[1][None, :])
