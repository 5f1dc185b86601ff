"""Data sets and transforms that no OpenMMLab library has."""
