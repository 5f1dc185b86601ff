"""Results on disk: the record of a run, and the store that owns all paths."""
