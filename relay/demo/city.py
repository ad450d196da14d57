"""The city: one relay, three ambulances, one on-call cardiologist, all as real processes.

With a browser it shows the page and waits; headless it lets a scripted console decide, then counts
every sample from the tablets' journals against the relay's disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import ssl
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.bench.usage import percentile
from relay.demo.console import ConsoleClient
from relay.demo.lan import DrillCertificates, door_url, make_papers, qr_text, qr_uri
from relay.demo.ports import need_free
from relay.demo.processes import Child, child
from relay.demo.provision import Provisioned, provision
from relay.demo.scene import a_caller, a_door
from relay.demo.tally import Tally, tally
from relay.errors import Unavailable

READY_WITHIN_S = 240.0
SETTLE_S = 1.0


@dataclass(frozen=True, slots=True)
class Ambulance:
    """One ambulance of the drill: its unit, what its patient has, and who the patient is."""

    unit: str
    scenario: str
    label: str
    age_years: int
    sex: str
    seed: int

    @property
    def source(self) -> str:
        """The tablet's ``--source``."""
        facts = f"seed={self.seed}&age={self.age_years}&sex={self.sex}"
        return f"synthetic:{self.scenario}?{facts}"


AMBULANCES = (
    Ambulance("福島救急1", "evolving-anterior-stemi", "進展する前壁梗塞", 62, "M", 11),
    Ambulance("福島救急2", "normal", "胸痛なし・対照", 45, "F", 12),
    Ambulance("福島救急3", "lvh", "左室肥大", 71, "M", 13),
)


@dataclass(frozen=True, slots=True)
class CitySettings:
    """How the drill is run. The crews' pages and the phones' door take the ports after ``port``."""

    port: int = 8119
    headless: bool = False
    seconds: float | None = None
    as_json: bool = False
    lan: bool = False

    @property
    def base(self) -> str:
        """The relay's address on this machine."""
        return f"{'https' if self.lan else 'http'}://localhost:{self.port}"

    @property
    def door_port(self) -> int:
        """Where phones of the network come in."""
        return self.port + 1 + len(AMBULANCES)

    @property
    def ports(self) -> dict[int, str]:
        """Every port it listens on, and who does."""
        wanted = {self.port: "the relay"}
        if not self.headless:
            crews = {self.port + 1 + i: f"the page of {a.unit}" for i, a in enumerate(AMBULANCES)}
            wanted |= crews
        if self.lan:
            wanted[self.door_port] = "the phones' door"
        return wanted


def run_city(settings: CitySettings) -> int:
    """Run the drill until Ctrl-C or its time is over; gives the exit code."""
    need_free(settings.ports)
    with tempfile.TemporaryDirectory(prefix="kyumei-demo-") as folder:
        return asyncio.run(_run(settings, Path(folder)))


async def _run(settings: CitySettings, folder: Path) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    say = _silent if settings.as_json else _say
    async with _city(settings, folder, say) as (known, children):
        base = settings.base
        if not settings.headless:
            await _until_stopped(stop, children, settings.seconds)
            say("ending the city …")
            return 0
        console = ConsoleClient(base, decides=True)
        await console.sign_in(known.name, known.password)
        watching = asyncio.create_task(console.run())
        try:
            await _until_stopped(stop, [*children], settings.seconds, watching)
            for tablet in children[1:]:
                tablet.process.send_signal(signal.SIGTERM)
            await asyncio.gather(*(t.process.wait() for t in children[1:]))
            await asyncio.sleep(SETTLE_S)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    return await _report(settings, folder, console)


@asynccontextmanager
async def _city(
    settings: CitySettings, folder: Path, say: Any
) -> AsyncIterator[tuple[Provisioned, list[Child]]]:
    data = folder / "data"
    papers = await asyncio.to_thread(make_papers, folder) if settings.lan else None
    say("making the accounts …")
    known = await provision(data, [a.unit for a in AMBULANCES])
    async with AsyncExitStack() as stack:
        say("starting the relay …")
        relay = await stack.enter_async_context(_relay(settings, folder, known, papers))
        children = [relay]
        await _ready(f"{settings.base}/readyz", relay, papers.trust() if papers else None)
        for i, ambulance in enumerate(AMBULANCES):
            say(f"{ambulance.unit} sets out …")
            children.append(
                await stack.enter_async_context(
                    _tablet(settings, folder, known, papers, ambulance, i)
                )
            )
        if not settings.headless:
            for i, tablet in enumerate(children[1:]):
                await _ready(f"http://localhost:{_panel_port(settings, i)}/api/state", tablet)
            say("somebody calls 119 …")
            unit = AMBULANCES[0].unit
            # not among the children that must live: who ends the call on the console ends this one
            await stack.enter_async_context(a_caller(settings.base, known, unit, folder, papers))
            if papers is not None:
                door = a_door(settings.base, known, unit, settings.door_port, papers)
                await stack.enter_async_context(door)
            _invite(settings, known, papers)
        yield known, children


def _panel_port(settings: CitySettings, i: int) -> int:
    return settings.port + 1 + i


def _relay(
    settings: CitySettings, folder: Path, known: Provisioned, papers: DrillCertificates | None
) -> contextlib.AbstractAsyncContextManager[Child]:
    about: dict[str, Any] = {
        "tablets": [
            {
                "unit": a.unit,
                "url": f"http://localhost:{_panel_port(settings, i)}/",
                "scenario": a.label,
            }
            for i, a in enumerate(AMBULANCES)
        ],
        "accounts": [
            {"name": known.name, "password": known.password, "role": "cardiologist"},
            {"name": known.dispatcher, "password": known.password, "role": "dispatcher"},
        ],
    }
    env = {"KYUMEI_SITE_NAME": "福島市(訓練)"}
    more: tuple[str, ...] = ()
    if papers is not None:
        url = door_url(papers.address, settings.door_port)
        about["phone"] = {"url": url, "qr": qr_uri(url), "fingerprint": papers.fingerprint}
        env["KYUMEI_PUBLIC_URL"] = f"https://{papers.address}:{settings.port}"
        more = ("--host", "0.0.0.0", "--tls-certificate", str(papers.certificate))  # noqa: S104 - --lan asks for it
        more += ("--tls-key", str(papers.key))
    return child(
        "The relay",
        *("relay", "serve", "--port", str(settings.port), "--data", str(folder / "data"), *more),
        log_file=folder / "relay.log",
        env={**env, "KYUMEI_DEMO": json.dumps(about)},
    )


def _tablet(
    settings: CitySettings,
    folder: Path,
    known: Provisioned,
    papers: DrillCertificates | None,
    ambulance: Ambulance,
    i: int,
) -> contextlib.AbstractAsyncContextManager[Child]:
    port = 0 if settings.headless else _panel_port(settings, i)
    link = settings.base.replace("http", "ws", 1)
    more: tuple[str, ...] = ("--ca", str(papers.ca)) if papers else ()
    if i == 0 and not settings.headless:
        more += ("--camera", "synthetic")
    return child(
        ambulance.unit,
        *("ambulance_client", "run", "--drill", "--unit", ambulance.unit),
        *("--source", ambulance.source, "--relay", link, *more),
        *("--spool", str(folder / f"spool-{i}"), "--journal", str(folder / f"journal-{i}")),
        *("--panel-port", str(port)),
        log_file=folder / f"tablet-{i}.log",
        env={"KYUMEI_TOKEN": known.tokens[ambulance.unit]},
    )


async def _ready(url: str, who: Child, trust: ssl.SSLContext | None = None) -> None:
    deadline_s = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline_s:
        who.check()
        if await asyncio.to_thread(_answers, url, trust):
            return
        await asyncio.sleep(0.1)
    raise Unavailable(
        f"{who.name} did not answer within {READY_WITHIN_S:.0f} s: {who.last_words()}"
    )


def _answers(url: str, trust: ssl.SSLContext | None) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2, context=trust):  # noqa: S310 - our own loopback address
            return True
    except (OSError, urllib.error.URLError):
        return False


async def _until_stopped(
    stop: asyncio.Event,
    children: list[Child],
    seconds: float | None,
    watching: asyncio.Task[None] | None = None,
) -> None:
    """Until Ctrl-C or the time is over; a child (or the console) that ends by itself is said."""
    deadline_s = None if seconds is None else time.monotonic() + seconds
    while not stop.is_set() and (deadline_s is None or time.monotonic() < deadline_s):
        for one in children:
            one.check()
        if watching is not None and watching.done():
            watching.result()
            raise Unavailable("The relay closed the demo's console.")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.25)


def _invite(settings: CitySettings, known: Provisioned, papers: DrillCertificates | None) -> None:
    base = settings.base
    _say("")
    _say(f"The city is at work:   {base}/demo")
    _say(f"  the hospital's page   {base}/   (name {known.name}, password {known.password})")
    _say(
        f"  119 dispatch          {base.replace('localhost', '127.0.0.1')}/dispatch   (name {known.dispatcher}, same password)"
    )
    for i, ambulance in enumerate(AMBULANCES):
        port = _panel_port(settings, i)
        _say(f"  {ambulance.unit}            http://localhost:{port}/   ({ambulance.scenario})")
    _say(
        f"  A caller's camera is live: on the page of {AMBULANCES[0].unit}, at the hospital, at 119."
    )
    if papers is not None:
        url = door_url(papers.address, settings.door_port)
        _say(f"A real phone becomes the caller: scan, or open   {url}")
        sys.stdout.write(qr_text(url))
        _say(f"  This drill's authority: {papers.ca}")
        _say(f"  {papers.fingerprint}")
    _say(
        "Arm the alarm, wait for 福島救急1 to ring, open the trace, decide. Ctrl-C ends everything."
    )


async def _report(settings: CitySettings, folder: Path, console: ConsoleClient) -> int:
    rows = []
    for i, ambulance in enumerate(AMBULANCES):
        counted = await tally(folder / f"journal-{i}", folder / "data" / "ecg")
        total = _sum(list(counted.values()))
        lags = [
            lag
            for stream in counted
            if (watched := console.streams.get(str(stream)))
            for lag in watched.lags_ms
        ]
        rows.append(
            {
                "unit": ambulance.unit,
                "scenario": ambulance.scenario,
                "samples_sent": total.samples_sent,
                "samples_stored": total.samples_stored,
                "samples_bit_equal": total.samples_bit_equal,
                "lag_p50_ms": _rounded(percentile(lags, 0.5)),
                "lag_p99_ms": _rounded(percentile(lags, 0.99)),
            }
        )
    alerts = [
        {
            "unit": a.unit,
            "tier": a.tier,
            "raised_after_s": round(a.raised_after_s, 2),
            "decided_after_s": a.decided_after_s and round(a.decided_after_s, 2),
        }
        for a in console.alerts.values()
    ]
    lost = any(
        not row["samples_sent"] == row["samples_stored"] == row["samples_bit_equal"] for row in rows
    )
    result = {"ambulances": rows, "alerts": alerts, "lost": lost}
    if settings.as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    else:
        _print_report(result)
    return 1 if lost else 0


def _sum(tallies: list[Tally]) -> Tally:
    return Tally(
        sum(t.samples_sent for t in tallies),
        sum(t.samples_stored for t in tallies),
        sum(t.samples_bit_equal for t in tallies),
    )


def _rounded(value: float) -> float | None:
    return None if value != value else round(value, 1)  # noqa: PLR0124 - NaN differs from itself


def _print_report(result: dict[str, Any]) -> None:
    for row in result["ambulances"]:
        _say(
            f"{row['unit']}  {row['scenario']:24}  sent {row['samples_sent']:7}  "
            f"stored {row['samples_stored']:7}  bit-equal {row['samples_bit_equal']:7}  "
            f"lag p50 {row['lag_p50_ms']} ms, p99 {row['lag_p99_ms']} ms"
        )
    for alert in result["alerts"]:
        _say(f"alert: {alert['unit']} tier {alert['tier']} after {alert['raised_after_s']} s")
    _say("a sample was LOST" if result["lost"] else "no sample was lost")


def _say(text: str) -> None:
    sys.stdout.write(f"kyumei: {text}\n" if text else "\n")
    sys.stdout.flush()


def _silent(_: str) -> None:
    return None
