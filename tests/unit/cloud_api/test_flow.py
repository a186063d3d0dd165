"""Flow files: the shipped one is whole, a contradictory one is refused."""

import msgspec
import pytest

from cloud_api.errors import FlowError
from cloud_api.flow import FlowSpec, State
from cloud_api.flow_choice import FlowChoice, load_flows
from cloud_api.flow_files import compile_flow, flow_names, load_flow
from contracts.levels import Level

SPEC = load_flow("general").spec
STEPS = ["collect", "file", "dispatch", "handle", "feed_back", "close", "evaluate"]


def test_the_general_flow_has_seven_steps_and_every_state() -> None:
    """七步闭环, and all states of the architecture."""
    assert [step.id for step in SPEC.steps] == STEPS
    assert set(SPEC.states) == set(State)


@pytest.mark.parametrize("name", flow_names())
def test_no_state_is_a_dead_end(name: str) -> None:
    """Somebody can always do something: even evaluated and void cases can be reopened."""
    flow = load_flow(name)

    assert all(flow.legal_moves(state, State.FILED) for state in flow.spec.states)


@pytest.mark.parametrize("name", flow_names())
def test_every_move_needs_a_reason(name: str) -> None:
    """No transition without a reason. Source: requirements EVT-06."""
    assert all("reason" in move.needs for move in load_flow(name).spec.moves)


@pytest.mark.parametrize("name", flow_names())
def test_every_flow_counts_seven_steps(name: str) -> None:
    """Whatever the states, people count the same steps."""
    assert [step.id for step in load_flow(name).spec.steps] == STEPS


def test_a_simple_case_changes_hands_twice() -> None:
    """Source: requirements EVT-03 (simple event 4 -> 2 steps)."""
    assert load_flow("simple").spec.hand_offs == 2


def test_the_first_choice_that_fits_decides() -> None:
    """Cases follow the flow of their type and level, the others the default."""
    flows = load_flows(
        "general",
        (
            FlowChoice(flow="emergency", levels=(Level.RED,)),
            FlowChoice(flow="simple", event_type="lamp.*"),
        ),
    )

    chosen = [
        flows.choose(kind, level).name
        for kind, level in (
            ("lamp.dark", Level.RED),
            ("lamp.dark", Level.BLUE),
            ("lampoon", Level.BLUE),
        )
    ]
    assert chosen == ["emergency", "simple", "general"]


def test_a_choice_of_no_flow_is_refused() -> None:
    """A choice that names a flow which does not exist fails at the start."""
    with pytest.raises(FlowError, match="'none' does not exist"):
        load_flows("general", (FlowChoice(flow="none"),))


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
        pytest.param(_changed(hand_offs=2), "the shortest way to closing has 4", id="hand-offs"),
        pytest.param(
            _changed(
                moves=tuple(msgspec.structs.replace(move, needs=("reason",)) for move in SPEC.moves)
            ),
            "can close without proof: handling → fed_back → verified → closed",
            id="silent",
        ),
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
    with pytest.raises(FlowError, match="expected one of emergency, general, simple, urgent"):
        load_flow("urgent-x")
