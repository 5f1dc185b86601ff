"""Tests of benchmark.launching."""
