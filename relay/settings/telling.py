"""Settings: how alarms and links leave the relay."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

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

    call_hook_url: str = Field(
        "",
        description="The relay posts texts to be spoken on the telephone to this address (docs/ways-out.md). Empty: no "
        "telephone calls.",
    )
    call_hook_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token for the hook of telephone calls. It is never printed.",
    )
    mail_host: str = Field(
        "", description="The SMTP server that takes the site's mail. Empty: no mail."
    )
    mail_port: int = Field(
        587, ge=1, le=65535, description="Its port: 587 for STARTTLS, 465 for implicit TLS."
    )
    mail_tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls",
        description="How mail is encrypted on its way to the server; its certificate is always checked. none is "
        "allowed where the server runs on this machine.",
    )
    mail_user: str = Field("", description="Name for the mail server's login. Empty: no login.")
    mail_password: SecretStr = Field(
        SecretStr(""), description="Password for the mail server's login. It is never printed."
    )
    mail_from: str = Field(
        "", description="The address that mail comes from, for example kyumei@hospital.example.jp."
    )
    push_services: Texts = Field(
        (
            "fcm.googleapis.com", "*.push.services.mozilla.com", "*.push.apple.com",
            "*.notify.windows.com",
        ),
        description="Push services that a browser may name for notifications, separated by commas; * stands for "
        "anything, a port other than 443 is part of the name. The relay posts to no other.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _check_mail(self) -> TellingSettings:
        if self.mail_tls == "none" and self.mail_host not in {"", "localhost", "127.0.0.1", "::1"}:
            raise ValueError("KYUMEI_MAIL_TLS=none is for a mail server on this machine only")
        return self

    @field_validator("alert_channels")
    @classmethod
    def _check_channels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            name, _, to = text.partition(":")
            if not (name and to):
                raise ValueError("each is a channel, a colon and an address: log-file:/path")
        return value

    @field_validator("sms_hook_url", "call_hook_url")
    @classmethod
    def _check_hook(cls, value: str) -> str:
        return checked_url(value)
