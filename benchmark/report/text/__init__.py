"""Sentences and choices of columns for every format."""
