"""Tests of benchmark.report.literature."""
