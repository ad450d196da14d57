"""The records in SQL, for every engine."""
