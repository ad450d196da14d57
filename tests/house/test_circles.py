"""No module needs itself, by whatever way round: a circle can only be read as a whole."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

HOUSE = ("relay", "ambulance_client", "ecg", "live119", "browser_kit", "hospital_viewer")


def in_order(graph: grimp.ImportGraph) -> list[str]:
    """Every module after those it imports, also within functions and for types alone.

    Raises:
        CycleError: there is no such order; it names the circle.
    """
    needs = {m: graph.find_modules_directly_imported_by(m) for m in graph.modules}
    return list(TopologicalSorter(needs).static_order())


def test_there_is_no_import_circle() -> None:
    graph = grimp.build_graph(*HOUSE, cache_dir=None)
    order = in_order(graph)
    assert order.index("relay.errors") < order.index("relay.wiring.relay")

    graph.add_import(importer="relay.errors", imported="relay.wiring.relay")
    with pytest.raises(CycleError, match=r"relay\.wiring\.relay"):
        in_order(graph)
