"""MaskFeat (arXiv 2112.09133) for pictures and patches of any size: its encoder and its targets."""

from __future__ import annotations

from mmpretrain.models.selfsup.maskfeat import HOGGenerator
from torch import Tensor, nn
from torch.nn import functional

from benchmark.pretraining.networks.masked import MaskedTokens, TokenMasking, block_outputs
from benchmark.registry import MODELS


@MODELS.register_module()
class MaskFeatTokens(TokenMasking):
    """A plain ViT that hands its patches to mmpretrain's MaskFeat as a sequence."""

    @classmethod
    def refusal(cls, network: nn.Module) -> str:
        """Return why the encoder does not fit ``network``; empty if it fits."""
        return MaskedTokens.refusal(network)

    def forward(self, images: Tensor, mask: Tensor) -> Tensor:
        """Return (B, 1 + N, C) of images (B, 3, H, W); ``mask`` (B, N) is 1 where hidden.

        The first place, at which mmpretrain expects a class token and does not look, is zero.
        """
        last = block_outputs(self.body, self._patches(images, mask))[-1]
        return functional.pad(self.body.norm(last), (0, 0, 1, 0))


@MODELS.register_module()
class PatchHOG(HOGGenerator):
    """Histograms of oriented gradients per patch; mmpretrain's are for 14 x 14 patches only.

    Args:
        patch: side of a patch in pixels, a multiple of the cell.
        nbins: directions.
        pool: side of a cell in pixels.
        gaussian_window: side of the window that weighs pixels.
    """

    def __init__(self, *, patch: int, nbins: int, pool: int, gaussian_window: int) -> None:
        super().__init__(nbins, pool, gaussian_window)
        self._cells = patch // pool

    def _reshape(self, hog_feat: Tensor) -> Tensor:
        """Return (B, N, 3 * nbins * cells per patch) for histograms (B, 3, nbins, h, w)."""
        cells = self._cells
        maps = hog_feat.flatten(1, 2).permute(0, 2, 3, 1)
        return maps.unfold(1, cells, cells).unfold(2, cells, cells).flatten(1, 2).flatten(2)
