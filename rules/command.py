"""Which commands go with a statement about a key's event."""

from collections.abc import MutableMapping

from msgspec import structs

from rules.actions import Statement, give_orders
from rules.breach import Breach
from rules.expression import evaluate
from rules.key_state import KeyState
from rules.statement import known_names

__all__ = ["with_orders"]


def with_orders(state: KeyState, breach: Breach, counters: MutableMapping[str, int]) -> Breach:
    """Return a statement with the commands that it brings about, and take note of them.

    Called once for every statement that is really made: what devices were told is told.
    """
    actions = state.running.rule.operators.actions
    if not actions and (state.more is None or not state.more.actions):
        return breach
    episode = state.episode
    values, fields = state.values(), state.running.rule.fields
    told = Statement(
        rule=breach.rule,
        event_id=breach.event_id,
        rev=breach.rev,
        # the statement may be about an episode of before: devices are to do what holds now
        level=episode.level if episode is not None and episode.open else None,
        at=breach.at,
        now=breach.at + state.lag,
        known=known_names(state),
    )
    allowed = {
        one.text: evaluate(one.guard, values, fields) is True
        for one in actions
        if one.guard is not None
    }
    orders = give_orders(actions, state.operators().actions, told, allowed, counters)
    return structs.replace(breach, orders=orders) if orders else breach
