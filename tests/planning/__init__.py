"""Tests of benchmark.planning."""
