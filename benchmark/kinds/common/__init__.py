"""Torch parts that several kinds share: opening data sets, galleries."""
