"""The crew's page, served by the tablet itself so that it works without any network."""
