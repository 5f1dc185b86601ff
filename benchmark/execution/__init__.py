"""Execute a compiled configuration: the only layer that uses the training runner."""
