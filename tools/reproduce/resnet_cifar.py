"""Residual networks for pictures of 32 px (arXiv 1512.03385, section 4.2), with their classifier.

Three stages of ``n`` blocks each, 16, 32 and 64 channels wide; depth is 6 n + 2. Where a stage
halves the picture, the shortcut has no parameters (option A): every second pixel, and channels of
zeros on both sides. Parameters go by the usual names (``conv1``, ``bn1``, ``layer1.0.conv1``, ...,
``linear``), which are those of released weights.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

_WIDTHS = (16, 32, 64)


class Block(nn.Module):
    """Two convolutions of 3 x 3 and a shortcut beside them."""

    def __init__(self, entering: int, leaving: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(entering, leaving, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(leaving)
        self.conv2 = nn.Conv2d(leaving, leaving, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(leaving)
        self._stride = stride
        self._added = (leaving - entering) // 2

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (B, leaving, H / stride, W / stride)."""
        short = maps[:, :, :: self._stride, :: self._stride]
        short = functional.pad(short, (0, 0, 0, 0, self._added, self._added))
        found = functional.relu(self.bn1(self.conv1(maps)))
        return functional.relu(self.bn2(self.conv2(found)) + short)


class CifarResNet(nn.Module):
    """A residual network of ``blocks`` blocks per stage with a classifier of ``classes``."""

    def __init__(self, blocks: int, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, _WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(_WIDTHS[0])
        self.layer1 = _stage(_WIDTHS[0], _WIDTHS[0], blocks, stride=1)
        self.layer2 = _stage(_WIDTHS[0], _WIDTHS[1], blocks, stride=2)
        self.layer3 = _stage(_WIDTHS[1], _WIDTHS[2], blocks, stride=2)
        self.linear = nn.Linear(_WIDTHS[2], classes)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the maps of the three stages, of strides 1, 2 and 4."""
        first = self.layer1(functional.relu(self.bn1(self.conv1(images))))
        second = self.layer2(first)
        return first, second, self.layer3(second)

    def classify(self, images: Tensor) -> Tensor:
        """Return logits (B, classes)."""
        logits: Tensor = self.linear(self(images)[-1].mean(dim=(2, 3)))
        return logits


def _stage(entering: int, leaving: int, blocks: int, *, stride: int) -> nn.Sequential:
    first = Block(entering, leaving, stride)
    return nn.Sequential(first, *(Block(leaving, leaving, 1) for _ in range(blocks - 1)))


class ResNet20(CifarResNet):
    """Three blocks per stage."""

    def __init__(self) -> None:
        super().__init__(3)


class ResNet32(CifarResNet):
    """Five blocks per stage."""

    def __init__(self) -> None:
        super().__init__(5)


class ResNet44(CifarResNet):
    """Seven blocks per stage."""

    def __init__(self) -> None:
        super().__init__(7)


class ResNet56(CifarResNet):
    """Nine blocks per stage."""

    def __init__(self) -> None:
        super().__init__(9)
