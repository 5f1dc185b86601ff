"""Records in, documents out: tables, statistics and a page, by pure functions."""

from benchmark.report.writing import render_report, write_report

__all__ = ['render_report', 'write_report']
