"""``python -m tools.chaos cluster|kills|nodes|slurm``: see the modules of these names."""

from __future__ import annotations

import sys

from tools.chaos import cluster, kills, nodes, slurm

if __name__ == '__main__':
    part = {'cluster': cluster.main, 'kills': kills.main, 'nodes': nodes.main, 'slurm': slurm.main}[
        sys.argv.pop(1)
    ]
    sys.exit(part())
