"""A person's page on its feed: what it is told, and what it does."""
