"""The one composition root: which adapter stands behind which port, opened and closed in order."""
