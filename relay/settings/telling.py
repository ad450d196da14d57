"""Settings: how alarms and links leave the relay."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from relay.settings.group import Group, Texts, checked_url


class TellingSettings(Group):
    """How alarms and links leave the relay."""

    alert_channels: Texts = Field(
        (),
        description="Where alarms are told beside the pages, separated by commas: the channel, a colon and the "
        "address (docs/ways-out.md), for example log-file:/var/log/kyumei/alerts.log.",
    )
    sms_hook_url: str = Field(
        "",
        description="The relay posts SMS texts to this address (docs/live119.md). Empty: no SMS; the dispatcher "
        "passes on a QR code or the link.",
    )
    sms_hook_token: SecretStr = Field(
        SecretStr(""), description="Bearer token for the SMS hook. It is never printed."
    )
    sms_hook_timeout_s: float = Field(
        5.0,
        gt=0,
        le=30,
        description="If the SMS hook does not answer within this many seconds, the SMS counts as failed.",
    )

    @field_validator("alert_channels")
    @classmethod
    def _check_channels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            name, _, to = text.partition(":")
            if not (name and to):
                raise ValueError("each is a channel, a colon and an address: log-file:/path")
        return value

    @field_validator("sms_hook_url")
    @classmethod
    def _check_hook(cls, value: str) -> str:
        return checked_url(value)
