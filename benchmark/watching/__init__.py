"""Evaluate checkpoints while a pretraining writes them, or a module from inside its loop."""
