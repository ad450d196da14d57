"""Whether what a relay kept is still there, copies of it, and the way back from a copy."""
