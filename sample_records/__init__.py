"""Small WFDB records made by our own generator (``scripts/make_samples``), each with its truth."""
