"""Numbers from papers: read, compared within one source only, never ranked with ours."""

from benchmark.report.literature.reading import (
    DATA_SETS,
    FAMILIES,
    Publication,
    Published,
    for_tasks,
    published_folder,
    read_published,
)

__all__ = [
    'DATA_SETS',
    'FAMILIES',
    'Publication',
    'Published',
    'for_tasks',
    'published_folder',
    'read_published',
]
