"""Fusion of template and search tokens by attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class TokenFusion(nn.Module):
    """Lets search tokens see the template: an encoder over both, then a cross-attending decoder.

    After SwinTrack (arXiv 2112.00995, section 3.2), with 2-D sine position encodings and one
    learnt vector per branch in place of its untied encodings.

    Args:
        in_channels: channels of both maps.
        width: channels of the tokens, a multiple of 4 and of ``heads``.
        heads: heads of every attention.
        encoder_layers: self-attention layers over the tokens of both maps.
        decoder_layers: layers in which search tokens attend to the encoder's output.
    """

    def __init__(
        self, *, in_channels: int, width: int, heads: int, encoder_layers: int, decoder_layers: int
    ) -> None:
        super().__init__()
        self.width = width
        self.projection = nn.Conv2d(in_channels, width, 1)
        # maps of different backbones differ in scale by orders of magnitude
        self.norm = nn.LayerNorm(width)
        self.branches = nn.Parameter(0.02 * torch.randn(2, width))
        self.encoder = nn.ModuleList(_Layer(width, heads) for _ in range(encoder_layers))
        self.decoder = nn.ModuleList(_Layer(width, heads) for _ in range(decoder_layers))
        self.final_norm = nn.LayerNorm(width)

    def forward(self, template: Tensor, search: Tensor) -> Tensor:
        """Return tokens (B, H * W, width) for maps (B, C, h, w) and (B, C, H, W), row by row."""
        first, second = self._tokens(template, 0), self._tokens(search, 1)
        both = torch.cat([first, second], dim=1)
        for layer in self.encoder:
            both = layer(both, both)
        found = both[:, first.shape[1] :]
        for layer in self.decoder:
            found = layer(found, both)
        normed: Tensor = self.final_norm(found)
        return normed

    def _tokens(self, features: Tensor, branch: int) -> Tensor:
        tokens = self.norm(self.projection(features).flatten(2).transpose(1, 2))
        height, width = features.shape[-2:]
        place = sine_encoding(height, width, self.width).to(tokens)
        embedded: Tensor = tokens + place + self.branches[branch]
        return embedded


class _Layer(nn.Module):
    """Pre-norm attention to a memory, then an MLP of four times the width."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.norm_query = nn.LayerNorm(width)
        self.norm_memory = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, tokens: Tensor, memory: Tensor) -> Tensor:
        """Return tokens (B, N, C) that attended to ``memory`` (B, M, C)."""
        query = self._split(self.query(self.norm_query(tokens)))
        key, value = self.key_value(self.norm_memory(memory)).chunk(2, dim=-1)
        seen = functional.scaled_dot_product_attention(query, self._split(key), self._split(value))
        tokens = tokens + self.output(seen.transpose(1, 2).flatten(2))
        result: Tensor = tokens + self.perceptron(tokens)
        return result

    def _split(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(2, (self._heads, -1)).transpose(1, 2)


def sine_encoding(height: int, width: int, channels: int) -> Tensor:
    """Return (height * width, channels): sines and cosines of y, then of x (arXiv 1706.03762)."""
    count = channels // 4
    rates = 10_000.0 ** (-torch.arange(count) / count)
    rows = torch.arange(height)[:, None] * rates
    columns = torch.arange(width)[:, None] * rates
    down = torch.cat([rows.sin(), rows.cos()], dim=1)[:, None].expand(height, width, -1)
    across = torch.cat([columns.sin(), columns.cos()], dim=1)[None].expand(height, width, -1)
    return torch.cat([down, across], dim=2).flatten(0, 1)
