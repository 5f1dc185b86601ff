"""Settings of the tests of metrics and galleries."""

from __future__ import annotations

import torch

from benchmark.openmmlab import prepare

torch.set_num_threads(1)
prepare()
