"""A downstream transfer benchmark for pretrained vision backbones."""

__version__ = '0.2.0'
