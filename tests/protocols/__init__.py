"""Tests of benchmark.protocols."""
