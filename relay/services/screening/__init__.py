"""Which ECG is screened next, by whom, and what became of it."""
