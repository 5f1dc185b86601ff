"""Facts on disk: the record of a run and the store that owns the paths."""
