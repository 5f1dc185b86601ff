"""``python -m tools.chaos cluster|kills``: see the two modules of these names."""

from __future__ import annotations

import sys

from tools.chaos import cluster, kills

if __name__ == '__main__':
    part = {'cluster': cluster.main, 'kills': kills.main}[sys.argv.pop(1)]
    sys.exit(part())
