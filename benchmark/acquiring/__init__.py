"""Get data sets: what is distributed where, transfers, unpacking, and the layouts tasks read."""
