"""A scripted dispatcher: takes a call, sends an ambulance and a link, shares the picture. Plain HTTP.

It presses what a person at the console presses, as the drill's own dispatcher, so that a newcomer
sees a caller's picture at once and finds the call on the console.
"""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from relay.errors import NotSignedIn, Unavailable


class Desk:
    """One signed-in dispatcher. Every method waits; call them off the loop.

    Args:
        base: the relay's address.
        tls: how to trust it, None over plain HTTP.
    """

    def __init__(self, base: str, tls: ssl.SSLContext | None = None) -> None:
        self._base, self._tls = base, tls
        self._cookie = ""

    def sign_in(self, name: str, password: str) -> None:
        """Open a session.

        Raises:
            NotSignedIn: the relay refused.
        """
        headers, _ = self._ask("POST", "/api/session", {"name": name, "password": password})
        self._cookie = headers.get("Set-Cookie", "").partition(";")[0]
        if not self._cookie:
            raise NotSignedIn("The relay gave no session; check the demo's account.")

    def take(self, complaint: str, unit: str, hospital: str) -> str:
        """A call whose ambulance is on its way and whose picture crew and hospital may see; its id."""
        told = {"number": "", "address": "中央町1-2-3", "complaint": complaint}
        call = str(self._ask("POST", "/api/calls", told)[1]["id"])
        self._ask("POST", f"/api/calls/{call}/dispatched", {"unit": unit})
        for kind, target in (("unit", unit), ("hospital", hospital)):
            self._ask("POST", f"/api/calls/{call}/shares", {"kind": kind, "target": target})
        return call

    def invite(self, call: str) -> str:
        """A new link of this call; the one before stops working."""
        body = {"channel": "qr", "consent": True}
        return str(self._ask("POST", f"/api/calls/{call}/invite", body)[1]["url"])

    def _ask(self, method: str, path: str, body: dict[str, Any]) -> tuple[Any, Any]:
        request = urllib.request.Request(  # noqa: S310 - our own relay's address
            self._base + path,
            method=method,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "X-Kyumei": "1", "Cookie": self._cookie},
        )
        try:
            with urllib.request.urlopen(request, timeout=10, context=self._tls) as answer:  # noqa: S310
                text = answer.read()
                return answer.headers, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            problem = error.read().decode(errors="replace")
            raise Unavailable(f"The relay refused {method} {path}: {problem}") from error
