"""Detection of objects with instance masks."""
