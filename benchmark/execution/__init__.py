"""Execute a compiled configuration: the only floor that touches the training runner."""
