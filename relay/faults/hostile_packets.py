"""Datagrams and descriptions, and the ways they are spoilt. Pure, given the dice."""

from __future__ import annotations

import random
import re

import aioice.stun

MOST_BYTES = 1_400
JUNK = ("", "0", "-1", "99999999999999999999", "²", "a=mid:0", "x" * 300, "\x00", "%s", "救急")


def stranger_packets(offer: str, answer: str) -> list[bytes]:
    """What somebody could send who read both descriptions but is not the peer."""
    theirs, ours = _ufrag(offer), _ufrag(answer)
    return [
        _stun(ours, theirs, None),
        _stun(ours, theirs, b"not the password at all"),
        _stun("nobody", "nothing", b"guessed"),
        _client_hello(),
        b"\x17\xfe\xfd" + bytes(8) + b"\x00\x20" + bytes(32),
        b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28",
        b"\x80\x60" + bytes(10) + bytes(200),
        b"\x80\xc8\x00\x06" + bytes(24) + bytes(14),
        bytes(range(256)),
    ]


def _ufrag(description: str) -> str:
    found = re.search(r"a=ice-ufrag:(\S+)", description)
    return found[1] if found else ""


def _stun(to: str, sender: str, key: bytes | None) -> bytes:
    message = aioice.stun.Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{to}:{sender}"
    message.attributes["PRIORITY"] = 1_853_824_767
    message.attributes["ICE-CONTROLLING"] = 7
    message.attributes["USE-CANDIDATE"] = None
    if key is not None:
        message.add_message_integrity(key)
        message.add_fingerprint()
    return bytes(message)


def _client_hello() -> bytes:
    """A DTLS 1.2 ClientHello with one cipher and no extensions."""
    body = b"\xfe\xfd" + bytes(32) + b"\x00\x00" + b"\x00\x02\xc0\x2b" + b"\x01\x00"
    size = len(body).to_bytes(3)
    handshake = b"\x01" + size + b"\x00\x00" + b"\x00\x00\x00" + size + body
    return b"\x16\xfe\xfd" + bytes(8) + len(handshake).to_bytes(2) + handshake


def mutated(data: bytes, dice: random.Random) -> bytes:
    """One datagram changed in one of the ways things go wrong; one in eight is left as it is."""
    body = bytearray(data)
    at = dice.randrange(len(body))
    match dice.randrange(8):
        case 0:
            pass
        case 1:
            for _ in range(dice.randint(1, 8)):
                body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        case 2:
            del body[at:]
        case 3:
            body += dice.randbytes(dice.randint(1, 200))
        case 4:
            body[dice.randrange(min(12, len(body)))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))
        case 5:
            body[at : at + 4] = dice.randbytes(4)
        case 6:
            body[at:at] = bytes(dice.randint(1, 64))
        case _:
            body[1:] = dice.randbytes(len(body) - 1)
    return bytes(body[:MOST_BYTES])


def mutated_text(text: str, dice: random.Random) -> str:
    """A description with lines lost, doubled, swapped, cut, or with words that do not belong."""
    lines = text.split("\r\n")
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(lines))
        match dice.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(dice.randrange(len(lines)), lines[at])
            case 2:
                lines[at] = lines[at][: dice.randrange(len(lines[at]) + 1)]
            case 3:
                words = lines[at].split(" ")
                words[dice.randrange(len(words))] = dice.choice(JUNK)
                lines[at] = " ".join(words)
            case 4:
                lines[at] = lines[at].replace(":", dice.choice((":", " ", "::", ":/")), 1)
            case _:
                lines[at] = lines[at] + dice.choice(JUNK)
        if not lines:
            lines = [""]
    return "\r\n".join(lines)
