"""``python -m tools.chaos cluster|kills|nodes|slurm|spread``: see the modules of these names."""

from __future__ import annotations

import sys

from tools.chaos import cluster, kills, nodes, slurm, spread

if __name__ == '__main__':
    parts = {
        'cluster': cluster.main,
        'kills': kills.main,
        'nodes': nodes.main,
        'slurm': slurm.main,
        'spread': spread.main,
    }
    part = parts[sys.argv.pop(1)]
    sys.exit(part())
