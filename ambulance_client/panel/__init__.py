"""The crew's page, served by the tablet itself so that it works without any network."""

import relay.fastapi_alone  # noqa: F401  before anybody else imports FastAPI
