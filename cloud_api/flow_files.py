"""Reading flow files, and refusing those that contradict themselves or let a case end silently."""

from collections import deque
from pathlib import Path

from cloud_api.errors import FlowError
from cloud_api.flow import PREVIOUS, By, Flow, FlowSpec, Need, State
from runtime.yaml_document import convert, load_document

__all__ = ["FLOW_FOLDER", "compile_flow", "flow_names", "load_flow"]

FLOW_FOLDER = Path(__file__).parent / "flows"
_ENDED = frozenset({State.CLOSED, State.EVALUATED})


def compile_flow(spec: FlowSpec, name: str) -> Flow:
    """Return the flow in ``spec``.

    Raises:
        FlowError: a move names a state that the flow lacks, a state names a step that it lacks, two
            moves lead the same way, a state cannot be reached, a case could close without proof,
            or there are more or fewer hand-offs than promised.
    """
    steps = {step.id for step in spec.steps}
    for state, described in spec.states.items():
        if described.step not in steps:
            raise FlowError(
                f"{name}: state {state}: step {described.step!r}; expected one of "
                f"{', '.join(sorted(steps))}"
            )
    _check_moves(spec, name)
    silent = _silent_way(spec)
    if silent:
        raise FlowError(
            f"{name}: a case can close without proof: {' → '.join(silent)}; let one of these moves "
            "need proof"
        )
    found = _hand_offs(spec)
    if found != spec.hand_offs:
        raise FlowError(
            f"{name}: hand_offs: {spec.hand_offs}, but the shortest way to closing has {found}"
        )
    return Flow(spec)


def _check_moves(spec: FlowSpec, name: str) -> None:
    seen: set[tuple[State, str, By]] = set()
    reached = {spec.opening.state, State.FILED}
    for move in spec.moves:
        named = {str(state) for state in move.from_} | ({move.to} - {PREVIOUS})
        unknown = named - set(spec.states)
        if unknown:
            raise FlowError(
                f"{name}: move to {move.to}: state {min(unknown)!r} is not described; expected "
                f"one of {', '.join(spec.states)}"
            )
        for origin in move.from_:
            if (origin, move.to, move.by) in seen:
                raise FlowError(f"{name}: two moves from {origin} to {move.to}; remove one")
            seen.add((origin, move.to, move.by))
        if move.to != PREVIOUS:
            reached.add(State(move.to))
    lost = [state for state in spec.states if state not in reached]
    if lost:
        raise FlowError(f"{name}: no move leads to state {lost[0]!r}; add one or remove the state")


def _silent_way(spec: FlowSpec) -> list[str]:
    """Return a way on which people close a case without any proof; empty where there is none.

    Proof holds from the move that needs it until work begins again, so the search starts at every
    state from which work goes on, and never crosses a move that needs proof.
    """
    starts = {spec.opening.state, State.FILED, State.REOPENED, State.HANDLING}
    ways: dict[State, list[str]] = {state: [state.value] for state in starts & set(spec.states)}
    queue = deque(ways)
    while queue:
        state = queue.popleft()
        if state in _ENDED:
            return ways[state]
        for move in spec.moves:
            if state not in move.from_ or move.to == PREVIOUS or move.by is By.SYSTEM:
                continue
            to = State(move.to)
            if Need.PROOF not in move.needs and to not in ways:
                ways[to] = [*ways[state], to.value]
                queue.append(to)
    return []


def _hand_offs(spec: FlowSpec) -> int | None:
    """Return the fewest hand-offs between opening and closing; None when it cannot be closed."""
    fewest = {spec.opening.state: 0}
    queue = deque([spec.opening.state])
    while queue:  # 0-1 breadth-first search: a hand-off costs one, any other move nothing
        state = queue.popleft()
        for move in spec.moves:
            if state not in move.from_ or move.to == PREVIOUS or move.by is By.SYSTEM:
                continue
            to, cost = State(move.to), fewest[state] + move.hand_off
            if cost < fewest.get(to, cost + 1):
                fewest[to] = cost
                (queue.append if move.hand_off else queue.appendleft)(to)
    return fewest.get(State.CLOSED)


def flow_names() -> list[str]:
    """Return the names of the flows that ship."""
    return sorted(file.stem for file in FLOW_FOLDER.glob("*.yaml"))


def load_flow(name: str = "general") -> Flow:
    """Return the flow ``cloud_api/flows/{name}.yaml``.

    Raises:
        FlowError: there is no such flow, or it contradicts itself.
        ConfigError: the file is no valid flow document; the message has line and column.
    """
    path = FLOW_FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise FlowError(f"flow {name!r} does not exist; expected one of {', '.join(flow_names())}")
    return compile_flow(convert(load_document(path), FlowSpec), path.name)
