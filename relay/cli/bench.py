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
    """Time the screen on the sample records, one core, beside NumPy alone, NeuroKit2 and a C floor.

    Example: kyumei bench screen --rounds 50
    """
    with said_in_one_sentence():
        from relay.bench.screen import bench

        result = bench(rounds)
    if as_json:
        typer.echo(json.dumps(result))
        return
    typer.echo(f"kernels: {result['kernels']}; {result['records']} records, each in turn")
    for name, times in (
        ("10-s 12-lead record", result),
        ("live hop with its JSON", result["live_hop"]),
        ("a look for standstill beside it", result["standstill"]),
    ):
        typer.echo(
            f"{name}: median {times['median_ms']:.1f} ms, p99 {times['p99_ms']:.1f} ms; "
            f"CPU median {times['cpu_median_ms']:.2f}, tenth percentile {times['cpu_p10_ms']:.2f}; "
            f"NumPy {times['numpy_cpu_median_ms']:.2f} and {times['numpy_cpu_p10_ms']:.2f} (n={times['n']})"
        )
    for name, key in (("NeuroKit2 ecg_process, 8 leads", "neurokit2"), ("C floor", "floor")):
        beside = result[key]
        typer.echo(
            f"{name}: {beside['unavailable']}"
            if "unavailable" in beside
            else f"{name}: {beside['cpu_median_ms']} ms CPU, {beside['ratio']} × ours ({beside['ours_ms']} ms)"
        )


@app.command()
def start(
    rounds: Annotated[int, typer.Option(min=1, help="Times everything is started.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Time the start of the relay, of a command and of the tablet beside the import of their libraries.

    Example: kyumei bench start --rounds 9
    """
    with said_in_one_sentence():
        from relay.bench.start import bench

        result = bench(rounds)
    if as_json:
        typer.echo(json.dumps(result))
        return
    for name, what, beside in (
        ("livez", "relay until /livez", "serve_reference"),
        ("ready", "relay until ready", "serve_reference"),
        ("users_list", "kyumei users list", "command_reference"),
        ("tablet", "import of the tablet's program", "tablet_reference"),
        ("kernels", "kernels, with the first ECG", "kernels_reference"),
    ):
        typer.echo(
            f"{what}: {result[f'{name}_s']:.2f} s of CPU = {result[f'{name}_ratio']:.2f} × its libraries "
            f"({result[f'{beside}_s']:.2f} s)"
        )
    typer.echo(f"idle relay: {result['idle_rss_mb']:.0f} MB")
    if anew := result["compiled_anew"]:
        typer.echo(
            f"{anew:.0f} modules have no bytecode on the disk and are compiled at every start, which doubles all of "
            "these: run make setup.",
            err=True,
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
def soak(
    minutes: Annotated[float, typer.Option(min=0.5, help="How long.")] = 20.0,
    streams: Annotated[int, typer.Option(min=1, max=500, help="Tablets, one viewer each.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Load a real relay for a long time; what its memory, descriptors and latency do meanwhile.

    Example: kyumei bench soak --minutes 20
    """
    from relay.bench.soak import bench_soak

    result = run(bench_soak(streams, minutes, lambda text: typer.echo(f"{text} …", err=True)))
    if as_json:
        typer.echo(json.dumps(result))
        return
    for name, text in (
        ("streams whole to the end", f"{result['streams_whole']} of {streams}"),
        ("frames lost · reconnects", f"{result['frames_lost']} · {result['reconnects']}"),
        ("server CPU, cores", f"{result['cores']:.2f}"),
        (
            "resident memory after a quarter → end, MB",
            f"{result['rss_first_mb']} → {result['rss_last_mb']}",
        ),
        ("its slope, MB per hour", f"{result['rss_slope_mb_per_h']}"),
        ("open files, least · most", f"{result['files_least']:.0f} · {result['files_most']:.0f}"),
        (
            "sample → viewer p99, first · last third, ms",
            f"{result['p99_first_third_ms']} · {result['p99_last_third_ms']}",
        ),
    ):
        typer.echo(f"{name:<46}{text:>20}")


@app.command()
def video(
    calls: Annotated[int, typer.Option(min=1, max=20, help="Calls, one viewer each.")] = 2,
    seconds: Annotated[float, typer.Option(min=3, help="How long each way is measured.")] = 10.0,
    janus: Annotated[
        bool, typer.Option("--janus", help="Beside Debian's Janus, three viewers each.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forward live video; then the same calls through aiortc's MediaRelay, which decodes them.

    With --janus: ready-made packets through the relay and through Janus, per forwarded packet.

    Example: kyumei bench video --calls 2 --seconds 15
    """
    if janus:
        _janus(calls, seconds, as_json=as_json)
        return
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


def _janus(calls: int, seconds: float, *, as_json: bool) -> None:
    with said_in_one_sentence():
        from relay.bench.forwarders import bench_forwarders

    progress = lambda text: typer.echo(f"{text} …", err=True)  # noqa: E731
    result = run(bench_forwarders(calls, 3, seconds, progress))
    if as_json:
        typer.echo(json.dumps(result))
        return
    typer.echo(f"{calls} calls, three viewers each{'relay':>16}{'Janus':>12}")
    for key, value in result["relay"].items():
        typer.echo(f"{key:<30}{value:>12}{result['janus'][key]:>12}")
    typer.echo(f"CPU per forwarded packet, relay ÷ Janus: {result['cpu_per_packet_ratio']}")
    typer.echo(f"calls with two viewers a core: {result['calls_with_two_viewers_per_core']}")


@app.command()
def call(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long.")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """One long call with two viewers: does it get slower, does it grow.

    Example: kyumei bench call --minutes 30
    """
    with said_in_one_sentence():
        from relay.bench.long_call import bench_call

    result = run(bench_call(minutes, lambda text: typer.echo(text, err=True)))
    if as_json:
        typer.echo(json.dumps(result))
        return
    for name, value in result.items():
        if name != "by_minute":
            typer.echo(f"{name:<24}{value:>10}")


@app.command()
def rights(
    times: Annotated[int, typer.Option(min=1, help="Ends of each of five kinds.")] = 20,
    as_json: AsJson = False,
) -> None:
    """How long after a right was taken away what was open on it is closed.

    Example: kyumei bench rights --times 20
    """
    with said_in_one_sentence():
        from relay.bench.rights import bench_rights

    result = run(bench_rights(times, lambda text: typer.echo(text, err=True)))
    if as_json:
        typer.echo(json.dumps(result))
        return
    typer.echo(f"{'':<28}{'p50, s':>10}{'worst, s':>10}")
    for kind, figures in {**result["by_kind"], "all": result}.items():
        typer.echo(f"{kind:<28}{figures['p50_s']:>10}{figures['worst_s']:>10}")
    typer.echo(f"closed within 1 s: {result['within_1_s']} of {result['ends']}")


@app.command()
def neighbours(
    seconds: Annotated[
        float, typer.Option(min=3, help="How long each is measured, alone and beside.")
    ] = 10.0,
    only: Annotated[str, typer.Option(help="Only these abuses, separated by commas.")] = "",
    as_json: AsJson = False,
) -> None:
    """What honest clients wait for, alone and beside one client who does one thing in excess.

    Example: kyumei bench neighbours --only card-edits,pictures
    """
    with said_in_one_sentence():
        from relay.bench.neighbours import bench_neighbours

    chosen = [name for name in only.split(",") if name]
    progress = lambda text: typer.echo(f"{text} …", err=True)  # noqa: E731
    result = run(bench_neighbours(seconds, chosen, progress))
    if as_json:
        typer.echo(json.dumps(result))
        return
    names = ("alarm", "ecg", "sign-in", "caller-link", "picture", "viewer", "caller-video")
    typer.echo("| beside | " + " | ".join(names) + " | refused | goals |")
    typer.echo("|---" * (len(names) + 3) + "|")
    for row in result["rows"]:
        cells = [
            f"{one['alone_ms']:.0f} → {one['beside_ms']:.0f} ms, {one['ratio']:.2f} ×"
            for one in (row["figures"][name] for name in names)
        ]
        goals = "met" if row["met"] else "; ".join(row["missed"])
        typer.echo(f"| {row['abuse']} | {' | '.join(cells)} | {row['refused']} | {goals} |")


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
