"""What pages, tablets and phones ask over HTTP."""

import relay.fastapi_alone  # noqa: F401  before anybody else imports FastAPI
