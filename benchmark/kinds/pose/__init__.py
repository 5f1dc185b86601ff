"""Key points of one instance at a time."""
