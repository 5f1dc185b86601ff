"""Records in, documents out: tables, statistics and a page, by pure functions."""

from benchmark.report.comparing import compare_backbones
from benchmark.report.data.normaliser import read_normaliser
from benchmark.report.data.pictures import Pictures
from benchmark.report.formats.duel import BackboneComparison
from benchmark.report.literature.writing import write_literature
from benchmark.report.writing import (
    ReportOptions,
    render_report,
    report_frames,
    stale_files,
    suite_boards,
    write_report,
)

__all__ = [
    'BackboneComparison',
    'Pictures',
    'ReportOptions',
    'compare_backbones',
    'read_normaliser',
    'render_report',
    'report_frames',
    'stale_files',
    'suite_boards',
    'write_literature',
    'write_report',
]
