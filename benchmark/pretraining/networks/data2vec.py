"""data2vec on mmpretrain's base class: a student predicts what an average of itself sees."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.model import ExponentialMovingAverage
from mmpretrain.models import BaseSelfSupervisor
from torch import Tensor, nn
from torch.nn import functional

from benchmark.pretraining.networks.masked import block_outputs
from benchmark.registry import MODELS


@MODELS.register_module()
class Data2Vec(BaseSelfSupervisor):
    """Predicts the teacher's view of the whole picture where the student sees none of it.

    After arXiv 2202.03555: the teacher is a moving average of the student; targets are the mean
    of its last blocks' outputs, each normalised per patch without learnt scale, so that a
    constant cannot win. The loss is smooth L1 over the hidden patches.

    Args:
        backbone: configuration of a ``benchmark.MaskedTokens``, the student.
        channels: width of the network.
        blocks: how many of the last blocks the targets average.
        decay: share of the teacher that stays in every step.
        beta: difference at which the loss turns from quadratic to linear.
        data_preprocessor: configuration of mmpretrain's preprocessor.
    """

    def __init__(
        self,
        *,
        backbone: dict[str, Any],
        channels: int,
        blocks: int,
        decay: float,
        beta: float,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: None = None,
    ) -> None:
        super().__init__(backbone=backbone, data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.predictor = nn.Linear(channels, channels)
        self.teacher = ExponentialMovingAverage(self.backbone.body, momentum=1 - decay)
        self._blocks, self._beta = blocks, beta

    def loss(self, inputs: Tensor, data_samples: list[Any], **_: Any) -> dict[str, Tensor]:
        """Return the loss, and how far the targets of different patches lie apart.

        ``spread`` is the standard deviation of the targets over all patches of the batch, averaged
        over channels: 0 when the teacher sees the same everywhere, which is the collapse that
        such methods can suffer; about 1 when channels are centred.

        Args:
            inputs: images (B, 3, H, W).
            data_samples: with a ``mask`` (h, w) each, 1 where hidden.
        """
        self.teacher.update_parameters(self.backbone.body)
        mask = torch.stack([sample.mask for sample in data_samples])
        targets = self.targets(inputs)
        (found,) = self.backbone(inputs, mask)
        hidden = mask.flatten(1).bool()
        predicted = self.predictor(found.flatten(2).transpose(1, 2)[hidden])
        loss = functional.smooth_l1_loss(predicted, targets[hidden], beta=self._beta)
        return {'loss': loss, 'spread': targets.flatten(0, 1).std(dim=0).mean()}

    @torch.no_grad()
    def targets(self, images: Tensor) -> Tensor:
        """Return what the teacher sees in each patch of whole images: (B, N, C)."""
        self.teacher.eval()
        body: Any = self.teacher.module
        outputs = block_outputs(body, body.patch_embed(images))[-self._blocks :]
        normalised = [functional.layer_norm(out, out.shape[-1:]) for out in outputs]
        return torch.stack(normalised).mean(dim=0)
