"""An upgrade of aiortc or what it brings must fail here, by name, and not in a call."""

from __future__ import annotations

import ast
from importlib.metadata import version
from pathlib import Path

import aioice.ice
import pytest
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import SRTP_PROFILES
from OpenSSL import SSL

from relay.video import ice, transport

ROOM = Path(transport.__file__).parent
INSTANCES = {
    aioice.ice.Connection: lambda: aioice.ice.Connection(ice_controlling=False),
    aioice.ice.StunProtocol: lambda: aioice.ice.StunProtocol(
        aioice.ice.Connection(ice_controlling=False)
    ),
    RTCCertificate: RTCCertificate.generateCertificate,
}
MADE_LATER = {"local_candidate", "transport"}


@pytest.mark.parametrize(
    ("owner", "member"), [(o, m) for o, names in transport.TOUCHED.items() for m in names]
)
async def test_each_member_we_touch_is_there(owner: type, member: str) -> None:
    instance = INSTANCES[owner]()
    annotated = member in owner.__annotations__ if hasattr(owner, "__annotations__") else False
    assert hasattr(instance, member) or annotated or member in MADE_LATER


def test_the_version_is_the_one_these_members_were_read_in() -> None:
    assert version("aiortc") == "1.16.0"
    assert version("aioice") == "0.13.0"


def test_what_else_the_transport_relies_on() -> None:
    assert {p.openssl_profile for p in SRTP_PROFILES} >= {b"SRTP_AES128_CM_SHA1_80"}
    for name in ("bio_write", "bio_read", "export_keying_material", "set_ciphertext_mtu"):
        assert hasattr(SSL.Connection, name)


def test_only_three_files_import_the_media_stack() -> None:
    stack = {"aiortc", "aioice", "av", "pylibsrtp", "OpenSSL"}
    guilty = set()
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] in stack for name in names):
                guilty.add(path.name)
    assert guilty == {"ice.py", "transport.py", "recorder.py"}  # the last: containers only


@pytest.mark.parametrize("module", [ice, transport], ids=["ice", "transport"])
def test_every_private_member_used_is_named(module) -> None:
    named = {m for names in module.TOUCHED.values() for m in names}
    nodes = list(ast.walk(ast.parse(Path(module.__file__).read_text())))
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    own = {node.attr for node in attributes if isinstance(node.ctx, ast.Store)}
    used = {node.attr for node in attributes if node.attr[0] == "_" and node.attr[1] != "_"}
    methods = {
        m
        for c in (transport.Transport, transport.Certificate, ice.Ice, ice._Protocol)
        for m in vars(c)
    }
    assert used - own - methods <= named
