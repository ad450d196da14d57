"""When a case may ring again, and how an alert goes on by what humans do."""

from __future__ import annotations

from relay.model.alert import Alert, AlertState, advance
from relay.model.decision import ASKS_FOR_ANOTHER
from relay.model.people import Person
from relay.model.timeline import Stage
from relay.services.ground.journal import CaseChange


async def may_ring(change: CaseChange, taken_at_us: int | None) -> bool:
    """Whether a new tier A may ring now.

    It never rings while an alert waits for a decision. After a decision it rings in two cases:

    * A physician asked for another ECG, and this snapshot was taken after that.
    * The criteria were not met in between (tier C, D or E). Then this is a new worsening.
    """
    if await change.tx.alerts.open_alert(change.incident) is not None:
        return False
    if await change.tx.alerts.last_alert(change.incident) is None:
        return True
    decision = await change.tx.cases.last_decision(change.incident)
    if decision is None:
        return True
    asked = decision.decision in ASKS_FOR_ANOTHER
    if asked and taken_at_us is not None and taken_at_us > decision.at_us:
        return True
    return await change.tx.recordings.was_calm_since(change.incident, decision.at_us)


async def close_decided(change: CaseChange) -> None:
    """Close the case's decided alert in the name of the person who decided it."""
    alert = await change.tx.alerts.last_alert(change.incident)
    if alert is None or alert.state is not AlertState.DECIDED:
        return
    who = alert.steps[AlertState.DECIDED].who
    await change.tx.alerts.put_alert(advance(alert, "close", who=who, at_us=change.now_us))
    await change.entry(Stage.ALERT_CLOSED, who, {"alert": str(alert.id)})


async def step(change: CaseChange, alert: Alert, what: str, person: Person) -> None:
    """Advance an alert by what a person did."""
    moved = advance(alert, what, who=person.display_name, at_us=change.now_us)
    await change.tx.alerts.put_alert(moved)
