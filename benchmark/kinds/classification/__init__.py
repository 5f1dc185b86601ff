"""Classification of whole pictures."""
