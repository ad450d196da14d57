"""``kyumei bench …``: figures and ratios, never a verdict."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from relay.cli.ending import run, said_in_one_sentence

app = typer.Typer(no_args_is_help=True, help="Measure how fast a part is.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def screen(
    rounds: Annotated[int, typer.Option(min=1, help="Times each sample record is screened.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Time the screen on the sample records, one core, 10 s of 12 leads each.

    Example: kyumei bench screen --rounds 50
    """
    with said_in_one_sentence():
        from relay.bench.screen import bench

        result = bench(rounds)
    if as_json:
        typer.echo(json.dumps(result))
        return
    typer.echo(
        f"median {result['median_ms']:.1f} ms, p99 {result['p99_ms']:.1f} ms per 10-s 12-lead record "
        f"(n={result['n']}, {result['records']} records)"
    )


@app.command()
def link(
    streams: Annotated[int, typer.Option(min=1, max=5000, help="Simulated tablets.")] = 100,
    seconds: Annotated[float, typer.Option(min=5, help="How long they send.")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Load a real relay with tablets and one viewer each; then a bare echo with the same bytes.

    Example: kyumei bench link --streams 100 --seconds 60
    """
    from relay.bench.link import bench_link

    result = run(bench_link(streams, seconds, lambda text: typer.echo(f"{text} …", err=True)))
    if as_json:
        typer.echo(json.dumps(result))
        return
    _print_link(result)


@app.command()
def video(
    calls: Annotated[int, typer.Option(min=1, max=20, help="Calls, one viewer each.")] = 2,
    seconds: Annotated[float, typer.Option(min=3, help="How long each way is measured.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Forward live video; then the same calls through aiortc's MediaRelay, which decodes them.

    Example: kyumei bench video --calls 2 --seconds 15
    """
    with said_in_one_sentence():
        from relay.bench.video import bench_video

    result = run(bench_video(calls, seconds, lambda text: typer.echo(f"{text} …", err=True)))
    if as_json:
        typer.echo(json.dumps(result))
        return
    typer.echo(f"{calls} calls, one viewer each{'relay':>18}{'MediaRelay':>16}")
    for name, key in (
        ("server CPU per call, % of a core", "cpu_pct_per_call"),
        ("frames/s at the viewer", "fps"),
        ("camera → viewer p50, ms", "latency_p50_ms"),
        ("camera → viewer p95, ms", "latency_p95_ms"),
        ("late viewer's first frame, ms", "late_first_frame_ms"),
        ("late viewers served", "late_viewers_served"),
        ("resident memory, MB", "rss_mb"),
    ):
        typer.echo(f"{name:<36}{result['forward'][key]:>10}{result['decode'][key]:>16}")
    typer.echo(f"CPU, relay ÷ MediaRelay: {result['cpu_ratio']}")


def _print_link(result: dict[str, Any]) -> None:
    relay, echo = result["relay"], result["echo"]
    rows = [
        ("streams whole to the end", f"{relay['streams_whole']} of {relay['streams']}", ""),
        ("frames lost", str(relay["frames_lost"]), ""),
        ("skipped by a slow viewer", str(relay["skipped"]), ""),
        ("server CPU, cores", f"{relay['cores']:.2f}", f"{echo['cores']:.2f}"),
        (
            "server CPU, µs per stream-second",
            f"{relay['cpu_us_per_stream_s']:.0f}",
            f"{echo['cpu_us_per_stream_s']:.0f}",
        ),
        (
            "ack (echo: round trip) p50 / p99, ms",
            f"{relay['ack_p50_ms']:.1f} / {relay['ack_p99_ms']:.1f}",
            f"{echo['round_trip_p50_ms']:.1f} / {echo['round_trip_p99_ms']:.1f}",
        ),
        (
            "sample → viewer p50 / p99, ms",
            f"{relay['viewer_p50_ms']:.1f} / {relay['viewer_p99_ms']:.1f}",
            "",
        ),
        ("resident memory, MB", f"{relay['rss_mb']:.0f}", f"{echo['rss_mb']:.0f}"),
    ]
    typer.echo(
        f"{result['streams']} streams, {result['seconds']:.0f} s{'relay':>22}{'bare echo':>18}"
    )
    for name, ours, floor in rows:
        typer.echo(f"{name:<38}{ours:>16}{floor:>18}")
    typer.echo(f"CPU, relay ÷ echo: {result['cpu_ratio']}")
