"""Tiny copies of the real data sets in their official layouts, with pictures of noise."""
