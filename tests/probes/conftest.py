"""Settings of the tests of probes."""

from __future__ import annotations

import torch

from benchmark.openmmlab import prepare

torch.set_num_threads(1)
prepare()
