"""Every error the relay raises on purpose, with its blame, its stable code and one sentence.

    RelayError
    ├── LocalProtocolError    our own code misused the link
    ├── RemoteProtocolError   the peer sent what the protocol does not allow
    ├── BadInput              a person or a file gave something we cannot use
    ├── NotSignedIn           no session, or it has ended
    │   ├── SessionRests      nobody touched the page for a while: the person is asked for again
    │   └── TokenWithdrawn    a tablet's token that opened something once was taken back
    ├── NotAllowed            this person or device may not do that
    ├── NotFound              no such thing, or not yours to see
    ├── Conflict              the thing is no longer in the state you saw
    │   └── DecidedMeanwhile  somebody else has decided since you looked
    ├── Gone                  a link that no longer opens anything
    ├── TooMany               asked too often; wait and try again
    ├── Unavailable           try again later: disk full, store closed, shutting down
    │   └── UnknownRecording  an entry names a recording that was not announced here yet
    └── Fenced                a newer connection of this stream took over

The text of an error is shown to people: one sentence that tells them what to do. It never holds a
patient's data, a token or a path outside the data folder.
"""

from __future__ import annotations

from typing import ClassVar


class RelayError(Exception):
    """Base of all errors below; never raised itself.

    Attributes:
        code: stable, documented in ``docs/errors.md``.
        http_status: what the web floor answers with.
        retry: whether the same request may succeed later.
        cause / filled: the row of ``relay.causes`` and what its words need, "" where it has none.
    """

    code: ClassVar[str] = "relay"
    http_status: ClassVar[int] = 500
    retry: ClassVar[bool] = False

    def __init__(self, text: str = "", cause: str = "", **filled: str) -> None:
        super().__init__(text)
        self.cause = cause
        self.filled = filled


class LocalProtocolError(RelayError):
    """Our own code called the link out of order."""

    code = "local-protocol"


class RemoteProtocolError(RelayError):
    """The peer sent something the protocol does not allow."""

    code = "remote-protocol"
    http_status = 400


class BadInput(RelayError):
    """A person, a file or a device gave something that cannot be used."""

    code = "bad-input"
    http_status = 422


class NotSignedIn(RelayError):
    """There is no session, or it has ended."""

    code = "not-signed-in"
    http_status = 401


class SessionRests(NotSignedIn):
    """Nobody touched the page for a while: it may ring, and asks for the person before it shows."""

    code = "session-rests"


class TokenWithdrawn(NotSignedIn):
    """The token of a tablet that was taken out of service, or given a new one.

    Attributes:
        unit: whose it was, "" where that is not known.
    """

    code = "token-withdrawn"
    unit = ""


class NotAllowed(RelayError):
    """This person or device may not do that."""

    code = "not-allowed"
    http_status = 403


class NotFound(RelayError):
    """No such thing, or not yours to see (the two look alike on purpose)."""

    code = "not-found"
    http_status = 404


class Conflict(RelayError):
    """The thing is no longer in the state the caller saw."""

    code = "conflict"
    http_status = 409


class DecidedMeanwhile(Conflict):
    """Somebody else has decided since this person last looked: they are asked, not overruled."""

    code = "decided-meanwhile"


class Gone(RelayError):
    """A caller's link was used up, taken back, or its call has ended."""

    code = "gone"
    http_status = 410


class TooMany(RelayError):
    """Asked too often; the same request may succeed after a while."""

    code = "too-many"
    http_status = 429
    retry = True


class Unavailable(RelayError):
    """Not now: the disk is full, the store is closed, the relay is going away."""

    code = "unavailable"
    http_status = 503
    retry = True


class UnknownRecording(Unavailable):
    """An entry names a recording nobody has announced to this relay; announce it first."""

    code = "unknown-recording"


class Fenced(RelayError):
    """A newer connection of this stream has taken over; this one's writes are refused."""

    code = "fenced"
    http_status = 409
