"""Tracking of a single object."""
