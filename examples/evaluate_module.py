"""Evaluate a network of your own on a task of the quick suite: ten lines and a network."""

import pandas as pd
from torch import Tensor, nn

import transferbench as tb


class SmallNet(nn.Module):
    """Any module will do whose ``forward`` returns one map (B, C, h, w) or a list of them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 4, 4), nn.GELU())
        self.deep = nn.Sequential(nn.Conv2d(32, 64, 4, 4), nn.GELU())

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return maps at strides 4 and 16 px for images (B, 3, H, W)."""
        shallow = self.stem(images)
        return [shallow, self.deep(shallow)]


def main(**places: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scores and the leaderboard; ``places`` are folders for ``tb.evaluate``."""
    net = SmallNet()  # with your weights
    print(tb.check(net))
    run = tb.evaluate(
        [net, 'world-vit-mae'], suite='quick', tasks=['world-covered'], protocols=['knn'],
        seeds=[0], say=print, **places,
    )  # fmt: skip
    return run.frame(), run.leaderboard()


if __name__ == '__main__':
    frame, board = main()
    print(frame[['task', 'backbone', 'protocol', 'seed', 'metric', 'value']])
    print(board)
