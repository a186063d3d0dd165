"""Flow files: the shipped one is whole, a contradictory one is refused."""

import msgspec
import pytest

from cloud_api.errors import FlowError
from cloud_api.flow import FlowSpec, State, compile_flow, load_flow

SPEC = load_flow("general").spec
STEPS = ["collect", "file", "dispatch", "handle", "feed_back", "close", "evaluate"]


def test_the_general_flow_has_seven_steps_and_every_state() -> None:
    """七步闭环, and all states of the architecture."""
    assert [step.id for step in SPEC.steps] == STEPS
    assert set(SPEC.states) == set(State)


def test_every_state_but_none_is_a_dead_end() -> None:
    """Somebody can always do something: even evaluated and void cases can be reopened."""
    flow = load_flow("general")

    assert all(flow.legal_moves(state, State.FILED) for state in State)


def test_every_move_needs_a_reason() -> None:
    """No transition without a reason. Source: requirements EVT-06."""
    assert all("reason" in move.needs for move in SPEC.moves)


def test_previous_is_no_move_without_one() -> None:
    """A suspended case whose origin is unknown has nowhere to resume to."""
    assert load_flow("general").legal_moves(State.SUSPENDED, None) == ()


def _changed(**changes: object) -> FlowSpec:
    return msgspec.structs.replace(SPEC, **changes)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param(_changed(steps=SPEC.steps[1:]), "step 'collect'", id="step"),
        pytest.param(_changed(moves=(*SPEC.moves, SPEC.moves[0])), "two moves", id="twice"),
        pytest.param(_changed(moves=SPEC.moves[1:6]), "no move leads to state", id="unreached"),
        pytest.param(
            _changed(states={k: v for k, v in SPEC.states.items() if k != "void"}),
            "'void' is not described",
            id="state",
        ),
    ],
)
def test_a_contradiction_is_named(spec: FlowSpec, message: str) -> None:
    """The error says what is wrong and in which file."""
    with pytest.raises(FlowError, match=f"test.yaml: .*{message}"):
        compile_flow(spec, "test.yaml")


def test_an_unknown_flow_lists_the_known() -> None:
    """A flow that does not exist is refused with those that do."""
    with pytest.raises(FlowError, match="expected one of general"):
        load_flow("urgent-x")
