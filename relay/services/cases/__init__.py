"""A case from its first sample to its end: what is shown of it, what is decided about it."""
