"""What a way says where the other side is wrong: each trouble has its own row of ``relay.causes``, and no secret is told."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec

from relay.alerts.hook import Hook, SmsText
from relay.alerts.mail import Mail, MailServer
from relay.alerts.port import AlertChannel, TryLater
from relay.alerts.posting import retry_after_s
from relay.alerts.push_port import PushSubscription
from relay.alerts.web_push import check_subscription, public_key, sealed
from relay.alerts.webhook import Webhook, signature
from relay.errors import BadInput, RelayError, Unavailable
from tests.contract.other_sides import (
    MASTER,
    Hangs,
    HttpSide,
    MailSide,
    PushSide,
    WebhookSide,
    closed_port,
    data_of,
    master,
    server_tls,
    text,
    trusting,
)
from tests.contract.test_alert_channels import MESSAGE


async def trouble(channel: AlertChannel, to: str) -> RelayError:
    with pytest.raises(RelayError) as told:
        await channel.send(MESSAGE, to)
    assert to not in str(told.value)
    return told.value


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        (301, BadInput, "way-redirect"), (307, BadInput, "way-redirect"),
        (400, BadInput, "way-refused"), (401, BadInput, "way-password"),
        (403, BadInput, "way-password"), (404, BadInput, "way-gone"), (410, BadInput, "way-gone"),
        (429, Unavailable, "way-busy"), (500, Unavailable, "way-busy"), (503, Unavailable, "way-busy"),
    ],
)  # fmt: skip
async def test_every_answer_has_its_cause_and_a_redirect_is_not_followed(
    status: int, kind: type[RelayError], cause: str
) -> None:
    elsewhere, side = HttpSide(), HttpSide()
    side.take = lambda *_: (status, {"Location": f"{elsewhere.base}/x"})  # type: ignore[method-assign]
    try:
        told = await trouble(Webhook(master), f"{side.base}/alarm")
        assert (type(told), told.cause) == (kind, cause)
        assert (len(side.got), elsewhere.got) == (1, [])
    finally:
        side.close()
        elsewhere.close()


@pytest.mark.parametrize("said", ["7", "Wed, 21 Oct 2015 07:28:07 GMT"])
async def test_who_asks_for_a_pause_gets_it(said: str) -> None:
    assert retry_after_s(said, datetime(2015, 10, 21, 7, 28, tzinfo=UTC)) == 7
    side = HttpSide()
    side.take = lambda *_: (429, {"Retry-After": "7"})  # type: ignore[method-assign]
    try:
        told = await trouble(Webhook(master), f"{side.base}/alarm")
    finally:
        side.close()
    assert isinstance(told, TryLater)
    assert told.after_s == 7


@pytest.mark.parametrize("said", ["", "soon", "-5", "9" * 30, "Wed, 99 Oct 2015"])
def test_a_pause_that_cannot_be_read_is_none_and_none_is_endless(said: str) -> None:
    assert 0 <= retry_after_s(said, datetime.now(UTC)) <= 86_400


async def test_a_certificate_nobody_trusts_and_one_of_another_name() -> None:
    side = WebhookSide(tls=server_tls(trustme.CA()))
    other = WebhookSide(tls=server_tls())
    try:
        assert (await trouble(side.channel(), side.to)).cause == "way-certificate"
        ours = other.to.replace("localhost", "127.0.0.1")
        assert (await trouble(other.channel(), ours)).cause == "way-certificate"
        await other.channel().send(MESSAGE, other.to)
        assert (side.got, other.received()) == ([], [MESSAGE.text])
    finally:
        side.close()
        other.close()


async def test_nobody_there_no_such_name_no_tls_and_no_http() -> None:
    hook = Webhook(master, trusting())
    nobody = f"http://127.0.0.1:{closed_port()}/"
    assert (await trouble(hook, nobody)).cause == "way-no-answer"
    assert (await trouble(hook, "http://no-such-name.invalid/")).cause == "way-no-name"
    side = HttpSide()
    try:
        plain = side.base.replace("http:", "https:").replace("127.0.0.1", "localhost")
        assert (await trouble(hook, plain)).cause == "way-no-tls"
    finally:
        side.close()

    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\r\n" + b"x" * 100_000)
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert (await trouble(hook, f"http://127.0.0.1:{port}/")).cause == "way-no-answer"
    server.close()


async def test_one_that_hangs_is_left_when_the_caller_leaves() -> None:
    async with Hangs() as port:
        before = len(asyncio.all_tasks())
        for channel, to in (
            (Webhook(master), f"http://127.0.0.1:{port}/"),
            (Mail(MailServer("127.0.0.1", port, "none", sender="a@b.c")), "a@b.example"),
        ):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await channel.send(MESSAGE, to)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) <= before + 2, "only the server's own"


async def test_a_webhook_that_is_changed_on_the_way_or_played_again_is_seen() -> None:
    side = WebhookSide()
    try:
        await side.channel().send(MESSAGE, side.to)
        _, headers, body = side.got[0]
        assert side.is_true(headers, body)
        assert not side.is_true(headers, body.replace(b"rings", b"rests"))
        assert not side.is_true({**headers, "webhook-id": "another"}, body)
        old = str(int(headers["webhook-timestamp"]) - 301)
        key = data_of(text(__import__("base64").b64decode(side.key.removeprefix("whsec_"))))
        again = {**headers, "webhook-timestamp": old, "webhook-signature": signature(key, MESSAGE.id, int(old), body)}  # fmt: skip
        assert not side.is_true(again, body), "too old, though truly signed"
        await side.channel().send(MESSAGE, side.to)
        assert (side.replays, side.received()) == (1, [MESSAGE.text])
        other = WebhookSide()
        other.close()
        assert other.key != side.key, "every destination has its own"
    finally:
        side.close()


async def test_the_example_of_standard_webhooks_is_computed_as_its_authors_did() -> None:
    """Source: standardwebhooks.com, the specification's own example."""
    key = __import__("base64").b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_mail_goes_by_starttls_and_by_implicit_tls_with_a_login() -> None:
    for implicit in (False, True):
        side = MailSide(implicit=implicit)
        try:
            await side.channel().send(MESSAGE, side.to)
            (mail,) = side.mails()
            assert mail["Message-ID"] == f"<{MESSAGE.id}@site.example>", (
                "the same letter twice has one id"
            )
            assert mail["Importance"] == "high"
            assert MESSAGE.url in mail.get_content().split()
            assert side.envelopes[0].rcpt_tos == [side.to]
        finally:
            side.close()


async def test_what_is_wrong_with_mail_is_told_apart() -> None:
    side, stranger = MailSide(), MailSide(ca=trustme.CA())
    try:
        wrong = side.channel(password="not this one")
        told = await trouble(wrong, side.to)
        assert (type(told), told.cause) == (BadInput, "way-password")
        assert (await trouble(side.channel(), "gone@hospital.example")).cause == "way-gone"
        assert (await trouble(side.channel(), side.broken_to)).cause == "way-busy"
        assert (await trouble(stranger.channel(), side.to)).cause == "way-certificate"
        assert (await trouble(side.channel(tls="implicit"), side.to)).cause == "way-no-tls"
        nobody = side.channel(port=closed_port())
        assert (await trouble(nobody, side.to)).cause == "way-no-answer"
        assert (side.envelopes, stranger.envelopes) == ([], [])
        assert (await trouble(Mail(MailServer()), side.to)).cause == "way-not-set-up"
        assert (await trouble(SmsText(Hook()), "090")).cause == "way-not-set-up"
    finally:
        side.close()
        stranger.close()


async def test_a_server_that_hides_starttls_gets_neither_login_nor_mail() -> None:
    """Whoever sits between takes the word out of the answer; the relay does not go on in clear."""
    heard: list[bytes] = []

    async def strip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x ESMTP\r\n")
        while line := await reader.readline():
            heard.append(line)
            writer.write(b"250-x\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"221 bye\r\n")  # fmt: skip
        writer.close()

    server = await asyncio.start_server(strip, "127.0.0.1", 0)
    mail = Mail(MailServer("localhost", server.sockets[0].getsockname()[1], "starttls", "u", "secret", "a@b.c"), trusting())  # fmt: skip
    assert (await trouble(mail, "a@b.example")).cause == "way-no-tls"
    server.close()
    assert not any(line.startswith((b"AUTH", b"MAIL")) for line in heard)


async def test_a_push_says_how_long_how_urgent_and_what_it_replaces() -> None:
    side = PushSide()
    try:
        done = await side.channel().send(MESSAGE, side.to)
        _, headers, body = side.got[0]
        assert (headers["ttl"], headers["urgency"], headers["topic"]) == (
            "600",
            "high",
            MESSAGE.group,
        )
        assert done.reference.endswith("/message/1")
        assert side.went == [UUID(side.to)]
        (message,) = side.messages()
        assert message["url"] == MESSAGE.url
        assert MESSAGE.text_en.encode() not in body
    finally:
        side.close()


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_rings_no_more_is_forgotten(status: int) -> None:
    side = PushSide()
    side.take = lambda *_: (status, {})  # type: ignore[method-assign]
    try:
        channel = side.channel()
        assert (await trouble(channel, side.to)).cause == "way-gone"
        assert side.forgotten == [UUID(side.to)]
        assert (await trouble(channel, side.to)).cause == "way-gone"
        assert len(side.got) == 1, "it is not asked again"
    finally:
        side.close()


def test_the_example_of_rfc_8291_is_computed_to_the_last_bit() -> None:
    """Source: RFC 8291 §5 and appendix A."""
    ours = ec.derive_private_key(
        int.from_bytes(data_of("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")), ec.SECP256R1()
    )
    theirs = data_of(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    )
    made = sealed(
        b"When I grow up, I want to be a watermelon", theirs,
        data_of("BTBZMqHH6r4Tts7J_aSIgg"), ours, data_of("DGv6ra1nlYgDCS1FRnbzlw"),
    )  # fmt: skip

    assert text(made) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


ALLOWED = ("fcm.googleapis.com", "*.push.apple.com", "localhost:8443")


@pytest.mark.parametrize(
    ("endpoint", "is_allowed"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", True), ("https://web.push.apple.com/x", True),
        ("https://localhost:8443/x", True), ("https://localhost/x", False),
        ("http://fcm.googleapis.com/x", False), ("https://fcm.googleapis.com:444/x", False),
        ("https://evil.example/fcm.googleapis.com", False), ("https://169.254.169.254/latest", False),
        ("https://fcm.googleapis.com@evil.example/x", False), ("https://push.apple.com.evil.example/", False),
        ("file:///etc/passwd", False), ("", False), ("https://fcm.googleapis.com/" + "x" * 2000, False),
    ],
)  # fmt: skip
def test_a_page_cannot_make_the_relay_post_where_it_likes(endpoint: str, is_allowed: bool) -> None:
    side = PushSubscription(endpoint, public_key(MASTER), text(bytes(16)))
    if is_allowed:
        check_subscription(side, ALLOWED)
        for bad in (
            PushSubscription(endpoint, "x", side.auth),
            PushSubscription(endpoint, side.p256dh, "é"),
        ):
            with pytest.raises(BadInput):
                check_subscription(bad, ALLOWED)
    else:
        with pytest.raises(BadInput):
            check_subscription(side, ALLOWED)


def test_what_is_sent_is_small_enough_for_one_record() -> None:
    said: Any = json.dumps({"x": "あ" * 2000})
    with pytest.raises(BadInput):
        sealed(said.encode(), b"", b"", ec.generate_private_key(ec.SECP256R1()), b"")
