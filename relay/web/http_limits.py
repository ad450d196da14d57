"""HTTP/1.1 with bounds, below the application: a head has a size, a request an end, an answer a reader.

Limits: a head of at most 16 KiB and 100 lines (431, RFC 6585); 10 s to the end of the head; 10 s to
the end of the body, and a second more for each 2 kB of it, since a phone on a poor line is no
attacker (408, RFC 9110 15.5.9); 30 s without anybody reading the answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from relay.web.places import ConnectionPlace, ConnectionPlaces, Standing

MAX_HEAD_BYTES = 16_384
MAX_HEAD_LINES = 100
WHOLE_WITHIN_S = 10.0
SLOWEST_BYTES_PER_S = 2_000
LONGEST_BODY_S = 120.0
UNREAD_S = 30.0
SENTENCES = {
    400: "This is not HTTP.",
    408: "The request did not arrive in time; send it again.",
    431: "The request's head is too large; clear this site's cookies and try again.",
}


class TooManyLines(Exception):
    """More header lines than a browser ever sends."""


class LimitedHttp(HttpToolsProtocol):
    """uvicorn's protocol class, bounded, and with a place at the door."""

    def __init__(
        self, *args: Any, place: ConnectionPlace, places: ConnectionPlaces, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._place, self._places = place, places
        self._head_bytes = 0
        self._body_bytes = 0
        self._in_head = True
        self._heads = 0
        self._asked = False
        self._upgraded = False
        self._whole_task: asyncio.TimerHandle | None = None
        self._unread_task: asyncio.TimerHandle | None = None

    # the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands; its first request is awaited."""
        super().connection_made(transport)  # type: ignore[arg-type]  # as uvicorn narrows it
        self._place.drop = self.transport.abort
        self._within(WHOLE_WITHIN_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._places.leave(self._place)
        self._stop(self._whole_task)
        self._stop(self._unread_task)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came; of a head no more is parsed than it may have."""
        while data and not (self._upgraded or self.transport.is_closing()):
            room = MAX_HEAD_BYTES - (self._head_bytes if self._in_head else 0)
            piece, data = data[:room], data[room:]
            was_in_head, heads = self._in_head, self._heads
            super().data_received(piece)
            if self._upgraded or not was_in_head or not self._in_head or self._heads != heads:
                continue  # a head that began behind another one is measured from the next piece
            self._head_bytes += len(piece)
            if self._head_bytes >= MAX_HEAD_BYTES:
                self._refuse(431)

    # the request

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._asked, self._in_head = True, True
        self._head_bytes = self._body_bytes = 0
        self._within(WHOLE_WITHIN_S)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the head."""
        super().on_header(name, value)
        if len(self.headers) > MAX_HEAD_LINES:
            raise TooManyLines

    def on_headers_complete(self) -> None:
        """The head is whole; its body is awaited."""
        self._in_head, self._head_bytes = False, 0
        self._heads += 1
        super().on_headers_complete()
        self._began_s = self.loop.time()
        self._within(WHOLE_WITHIN_S)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole and being answered."""
        self._stop(self._whole_task)
        self._in_head = True  # whatever comes next
        super().on_message_complete()
        if not self._upgraded:
            self._stands(Standing.SERVED)

    def on_response_complete(self) -> None:
        """It was answered."""
        super().on_response_complete()
        if not self.pipeline:
            self._stands(Standing.WAITS)

    def handle_websocket_upgrade(self) -> None:
        """It becomes a WebSocket, which keeps the place."""
        self._upgraded = True
        self._stop(self._whole_task)
        self._stands(Standing.SOCKET)
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        protocol.on_lost = lambda: self._places.leave(self._place)  # type: ignore[attr-defined]  # ours: sockets.py
        if self.transport.is_closing():
            self._places.leave(self._place)

    # the answer

    def pause_writing(self) -> None:
        """Nobody takes the answer."""
        super().pause_writing()
        self._stands(Standing.WAITS)
        self._stop(self._unread_task)
        self._unread_task = self.loop.call_later(UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Somebody does again."""
        super().resume_writing()
        self._stop(self._unread_task)
        self._stands(Standing.SERVED)

    def send_400_response(self, msg: str) -> None:
        """What was sent cannot be parsed, or has too many lines."""
        self._refuse(431 if len(self.headers or ()) > MAX_HEAD_LINES else 400)

    # bounds

    def _stands(self, standing: Standing) -> None:
        for other in self._places.now(self._place, standing):
            other.drop()

    def _within(self, seconds: float) -> None:
        self._stop(self._whole_task)
        self._whole_task = self.loop.call_later(seconds, self._too_late)

    def _too_late(self) -> None:
        if self._body_bytes and not self._in_head:
            longest_s = min(LONGEST_BODY_S, WHOLE_WITHIN_S + self._body_bytes / SLOWEST_BYTES_PER_S)
            left_s = self._began_s + longest_s - self.loop.time()
            if left_s > 0.05:
                self._within(left_s)
                return
        if self._asked:
            self._refuse(408)
        else:
            self.transport.close()  # nothing was asked: a browser that keeps a spare connection

    def _refuse(self, status: int) -> None:
        """Answer in one sentence, where nothing was answered yet, and close."""
        text = SENTENCES[status].encode()
        answering = (
            self.cycle is not None
            and self.cycle.response_started
            and not self.cycle.response_complete
        )
        if not answering:
            self.transport.write(
                STATUS_LINE[status]
                + b"content-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n"
                + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(text)
                + text
            )
        self.transport.close()

    @staticmethod
    def _stop(task: asyncio.TimerHandle | None) -> None:
        if task is not None:
            task.cancel()
