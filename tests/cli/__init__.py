"""Tests of benchmark.cli."""
