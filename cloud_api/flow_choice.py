"""Which flow a case follows: chosen by what happened and how grave it is."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cached_property

from msgspec import Struct

from cloud_api.flow import Flow, State
from cloud_api.flow_files import flow_names, load_flow
from contracts.levels import Level

__all__ = ["FlowChoice", "Flows", "load_flows"]


class FlowChoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the choice: the first that fits decides."""

    flow: str
    """Flow that such cases follow: a file in cloud_api/flows. No default."""
    event_type: str = "*"
    """Event type, where ``*`` stands for any characters. Default every type."""
    levels: tuple[Level, ...] = tuple(Level)
    """Levels that it holds for. Default all."""


class Flows:
    """Every flow by name, and the choice among them."""

    def __init__(
        self, flows: Mapping[str, Flow], default: str, choices: tuple[FlowChoice, ...] = ()
    ) -> None:
        self._flows = flows
        self._default = default
        self._choices = choices

    def of(self, name: str) -> Flow:
        """Return the flow that a case names; the default one where it ships no more."""
        return self._flows.get(name) or self._flows[self._default]

    def all(self) -> tuple[Flow, ...]:
        """Return every flow, by name."""
        return tuple(self._flows[name] for name in sorted(self._flows))

    @property
    def default(self) -> Flow:
        """The flow of cases for which no line of the choice fits."""
        return self._flows[self._default]

    @cached_property
    def open_states(self) -> frozenset[State]:
        """States in which a case is open whatever flow it follows."""
        found = {
            state: [
                flow.spec.states[state].open for flow in self.all() if state in flow.spec.states
            ]
            for state in State
        }
        return frozenset(state for state, known in found.items() if known and all(known))

    def choose(self, event_type: str, level: Level) -> Flow:
        """Return the flow for a new case."""
        for choice in self._choices:
            if level in choice.levels and fnmatchcase(event_type, choice.event_type):
                return self._flows[choice.flow]
        return self.default


def load_flows(default: str = "general", choices: tuple[FlowChoice, ...] = ()) -> Flows:
    """Return every flow that ships, with the choice among them.

    Raises:
        FlowError: the default or a choice names a flow that does not exist, or one contradicts itself.
    """
    for name in (default, *(choice.flow for choice in choices)):
        load_flow(name)
    return Flows({name: load_flow(name) for name in flow_names()}, default, choices)
