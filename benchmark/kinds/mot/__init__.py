"""Tracking of multiple objects."""
