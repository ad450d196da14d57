"""The steps from an empty database to this version's tables, in order."""
