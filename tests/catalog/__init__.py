"""Tests of benchmark.catalog."""
