"""Tests of benchmark.compiling."""
