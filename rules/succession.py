"""What becomes of a key when its rule is replaced: it goes on under the new version, or everything ends."""

from rules.breach import Breach
from rules.judge import RunningRule
from rules.key_life import KeyLife
from rules.key_state import KeyState, refit
from rules.statement import Turn

__all__ = ["change_rule", "leave_rule"]


def leave_rule(
    life: KeyLife, state: KeyState, at: float, breaches: list[Breach], why: str = "the rule is gone"
) -> None:
    """End everything that a key has open, because its rule is gone, or cannot take it over."""
    if state.more is not None:
        state.more.acked = True  # nobody could let go of it any more
    life.come_back(state, at, breaches)
    if state.episode is not None and state.episode.open:
        since = min(at, state.last_at if state.gone_at is None else state.gone_at)
        life.say(state, Turn(at, since, None, why), breaches, tick=True)
    life.end(state, at, breaches)


def change_rule(
    life: KeyLife, state: KeyState, running: RunningRule, at: float, breaches: list[Breach]
) -> None:
    """Let a key go on under another version of its rule."""
    rule, before = running.rule, state.running.rule
    if rule.operators.absence is None:
        life.come_back(state, at, breaches)
    refit(state, running)
    if state.more is not None:
        if (before.operators.no_data, before.operators.absence) != (
            rule.operators.no_data,
            rule.operators.absence,
        ):
            state.more.heard_at = at
        if rule.operators.no_data is None or rule.operators.no_data.do == "hold":
            state.more.silent = False
    if rule.operators.handled and state.episode is not None and state.episode.open:
        more = state.operators()
        more.opened_at = at if more.opened_at is None else more.opened_at
    if before.operators.schedule != rule.operators.schedule:
        life.turn(state, at, breaches, judges=True)
    held = state.ladder.held.bit_length() - 1
    step = rule.steps[max(held, 0)]
    text = (step.clear if held < 0 else step.when).text
    life.restate(state, at, breaches, text, tick=True)
    state.refresh()
    life.marks.bar(state)
