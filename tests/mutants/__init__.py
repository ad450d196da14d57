"""Small breaches of the code, one at a time in a throw-away copy, and whether a test notices.

``scripts/mutants`` runs them; the promises broken by hand are data (``*.toml``), the random ones a seeded
sample. Outside the default suite; ``tests/house/test_catalogue.py`` keeps the data true to the code.
"""
