"""Print docs/recipes.md: what each source states, what we do, and why where the two differ.

Usage: python tools/recipes.py > docs/recipes.md
"""

from __future__ import annotations

import sys

from benchmark.protocols.document import document

if __name__ == '__main__':
    sys.stdout.write(document())
