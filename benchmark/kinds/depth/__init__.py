"""Monocular depth."""
