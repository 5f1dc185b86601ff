"""Bring a data set from its official layout into the one that its task reads; see --help."""

import sys

from benchmark.converting.command import main

if __name__ == '__main__':
    sys.exit(main())
