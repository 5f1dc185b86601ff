"""Attention distance, entropy and divergence between heads, of any self-attention."""

from benchmark.analysis.attention.run import analyse

__all__ = ['analyse']
