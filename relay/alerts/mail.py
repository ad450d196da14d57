"""An alert as an e-mail, by the site's own SMTP server, encrypted and with its certificate checked."""

from __future__ import annotations

from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING

from relay.alerts.port import SEND_TIMEOUT_S, HandedOver, Message
from relay.errors import BadInput, Unavailable

if TYPE_CHECKING:
    import ssl

MOST = 254
"""Characters of an address (RFC 5321)."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over.

    Attributes:
        host: "" where the site has none.
        tls: ``starttls``, ``implicit``, or ``none`` (settings allow that on this machine alone).
        user: for the login, "" for none.
        sender: the address it comes from.
    """

    host: str = ""
    port: int = 587
    tls: str = "starttls"
    user: str = ""
    password: str = ""
    sender: str = ""


class Mail:
    """Fulfils ``AlertChannel``: the server's 250 means arrived; what a mailbox does with it nobody knows."""

    name = "mail"
    about = (
        "An e-mail through the site's SMTP server (`KYUMEI_MAIL_…`); the address is one mailbox."
    )

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None = None) -> None:
        self._server, self._tls = server, tls

    def check(self, to: str) -> None:
        """Do nothing where it is one mailbox.

        Raises:
            BadInput: it is none.
        """
        name, _, host = to.rpartition("@")
        strange = any(c <= " " or c > "~" or c in '<>(),;:"[]\\@' for c in name + host)
        if not name or "." not in host or strange or len(to) > MOST:
            raise BadInput("This way takes one mailbox, such as cath-lab@hospital.example.jp.")

    async def send(self, message: Message, to: str) -> HandedOver:
        """Hand it to the server.

        Raises:
            Unavailable: not now.
            BadInput: never; also where the site has no server.
        """
        import aiosmtplib as smtp

        self.check(to)
        server = self._server
        if not (server.host and server.sender):
            raise BadInput("KYUMEI_MAIL_HOST and KYUMEI_MAIL_FROM are not set.", "way-not-set-up")
        try:
            _, said = await smtp.send(
                _mail_of(message, to, server.sender),
                sender=server.sender, recipients=[to],
                hostname=server.host, port=server.port,
                username=server.user or None, password=server.password or None,
                use_tls=server.tls == "implicit", start_tls=server.tls == "starttls",
                tls_context=self._tls if server.tls != "none" else None, timeout=SEND_TIMEOUT_S,
            )  # fmt: skip
        except (smtp.errors.SMTPException, OSError, MessageError) as error:
            raise _blamed(error) from error
        return HandedOver(" ".join(said.split())[:100])


def _mail_of(message: Message, to: str, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = " ".join(f"{message.text_ja} {message.text_en}".split())
    mail["Date"] = formatdate(message.at_us / 1e6)
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if message.urgent:
        mail["Importance"], mail["X-Priority"] = "high", "1"
    mail.set_content(f"{message.text_ja}\n{message.text_en}\n\n{message.url}\n", cte="base64")
    return mail


def _blamed(error: Exception) -> Unavailable | BadInput:
    """Whose fault it is, without the server's own words: they may repeat the address."""
    import ssl

    import aiosmtplib as smtp

    chain = [error, error.__cause__, error.__context__]
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in chain):
        return Unavailable("The mail server's certificate is not trusted.", "way-certificate")
    if any(isinstance(one, ssl.SSLError) for one in chain) or "STARTTLS" in str(error):
        return Unavailable("The mail server does not speak TLS as it should.", "way-no-tls")
    if "AUTH extension" in str(error):
        return BadInput("The mail server offers no login.", "way-password")
    if isinstance(error, smtp.SMTPTimeoutError | TimeoutError):
        return Unavailable("The mail server takes too long.", "way-slow")
    codes = [error.code] if isinstance(error, smtp.SMTPResponseException) else []
    if isinstance(error, smtp.SMTPRecipientsRefused):
        codes = [one.code for one in error.recipients]
    return _answered(error, min(codes, default=0))


def _answered(error: Exception, code: int) -> Unavailable | BadInput:
    """By the code of its answer, 0 where there was none."""
    import aiosmtplib as smtp

    if not code:
        return Unavailable("The mail server does not answer.", "way-no-answer")
    if code < 500:
        return Unavailable(f"The mail server takes nothing now ({code}).", "way-busy")
    if isinstance(error, smtp.SMTPAuthenticationError):
        return BadInput("The mail server refuses name or password.", "way-password")
    if isinstance(error, smtp.SMTPRecipientsRefused):
        return BadInput("The mail server knows no such mailbox.", "way-gone")
    return BadInput(f"The mail server refuses the message ({code}).", "way-refused")
