"""Records in, documents out: tables, statistics and a page, by pure functions."""

from benchmark.report.literature.writing import write_literature
from benchmark.report.writing import render_report, suite_boards, write_report

__all__ = ['render_report', 'suite_boards', 'write_literature', 'write_report']
