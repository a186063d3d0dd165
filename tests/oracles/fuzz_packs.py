# ruff: noqa: PLC0415 - what is fuzzed has to be imported while atheris instruments it
"""Fuzzes the way of a pack from text to a running rule, with atheris (libFuzzer); run by a Python that has it.

    pip install atheris msgspec PyYAML
    python tests/oracles/fuzz_packs.py -max_total_time=600 -timeout=10 -max_len=4096 CORPUS rules/packs

The first byte chooses: a whole pack; an expression, whose closure is held against its tree; a title, a
series and a duration of a pack that is otherwise sound. What compiles is run: over samples of what its
rules watch, late ones among them, from snapshots, and into another pack. Nothing but the loader's own error may come out,
no program may start, no socket open and no file be written. docs/rules_tools.md has what came of it.
"""

import importlib
import json
import math
import sys
from typing import Any

_FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.",
    "socket.",
    "os.remove",
)
_T0 = 1_800_000_000.0
_KEYS = (
    "subject",
    "box",
    "site",
    "district",
    "camera",
    "zone",
    "zone_kind",
    "line",
    "track",
    "class",
    "observation",
)
_VALUES: tuple[Any, ...] = (0.0, 0.5, -1.0, math.nan, math.inf, True, "text", None)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what no pack may ever bring about. Source: PEP 578, audit events."""
    if event.startswith(_FORBIDDEN) or (event == "open" and "w" in str(arguments[1] or "")):
        message = f"a pack made the program do {event} {arguments!r}"
        raise AssertionError(message)


def main() -> None:
    """Fuzz until told to stop."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["rules", "runtime", "yaml", "contracts"]):
        from msgspec.structs import replace

        from contracts.envelope import Place
        from gateway.quality_defaults import load_quality_defaults
        from rules.engine import Engine
        from rules.expression import evaluate, parse
        from rules.expression.closure import UNKNOWN_SHIFT, compile_conditions
        from rules.pack import compile_pack
        from rules.sample import Sample
        from runtime.errors import ConfigError
        from runtime.yaml_document import parse_document

    defaults = load_quality_defaults()
    heir = parse_document(_pack(), "heir.yaml")
    successor = compile_pack(heir.data, "heir.yaml", heir.error, defaults)

    def run(text: str) -> Any:
        """Return the compiled pack of a text, or None where it was refused."""
        try:
            document = parse_document(text, "fuzzed.yaml")
            pack = compile_pack(document.data, "fuzzed.yaml", document.error, defaults)
        except ConfigError:
            return None
        live(pack)
        return pack

    def live(pack: Any) -> None:
        """Let the rules of a pack see samples of what they watch, in and out of order, and hand over their states."""
        engine = Engine([pack])
        samples = [one for rule in pack.rules for one in _samples(rule, Sample, Place)]
        for late_s in (0.0, 30.0):
            for sample in samples:
                engine.apply(replace(sample, at=sample.at - late_s), sample.at)
            engine.tick(_T0 + 700.0)
        again = Engine([pack])
        again.restore({name: blob for name, blob in engine.take_dirty().items() if blob})
        if again.counters["bad_state"]:
            message = f"a snapshot was refused: {[rule.id for rule in pack.rules]}"
            raise AssertionError(message)
        again.replace([successor], _T0 + 800.0)

    def differ(pack: Any, condition: str) -> None:
        """Hold the closure of a condition against its tree."""
        rule = pack.rules[0]
        node = rule.steps[0].when.node
        judge = compile_conditions([node], rule.fields)
        for value in _VALUES:
            fields = {} if value is None else {"depth_m": value}
            truth = evaluate(node, fields, rule.fields)
            expected = 1 << UNKNOWN_SHIFT if truth is None else int(truth)
            if judge(fields) != expected:
                message = f"{condition!r} of {value!r}: tree {truth}, closure {judge(fields)}"
                raise AssertionError(message)
        parse(condition)

    def one(data: bytes) -> None:
        """Give one input its way."""
        way, text = data[:1], data[1:].decode("utf-8", "replace")
        if way < b"@":
            run(text)
        elif way < b"`":
            pack = run(_pack(when=text))
            if pack is not None:
                differ(pack, text)
        else:
            title, _, rest = text.partition("\n")
            series, _, pause = rest.partition("\n")
            run(_pack(title=title, series=series, pause=pause))

    sys.addaudithook(_watch)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


def _samples(rule: Any, sample: Any, place: Any) -> list[Any]:
    """Return what a rule may be fed: a few values of every source that it watches, somewhere and nowhere."""
    sources = [
        (one.stream, one.profile, one.kinds, one.filters, one.fields) for one in rule.signals
    ]
    if not rule.signals:
        profiles = rule.profiles or (None,)
        sources = [(rule.stream, one, rule.kinds, rule.filters, rule.fields) for one in profiles]
    found: list[Any] = []
    for stream, profile, kinds, filters, fields in sources:
        keys = {name: f"{name}-1" for name in _KEYS} | dict.fromkeys(rule.key, "k")
        keys |= {name: min(wanted) for name, wanted in filters}
        keys |= {"kind": kinds[0]} if kinds else {}
        for step, value in enumerate(_VALUES):
            given = {} if value is None else dict.fromkeys(fields, value)
            found.append(
                sample(
                    stream=stream,
                    profile=profile,
                    subject=keys["subject"],
                    at=_T0 + 20.0 * step,
                    keys=keys,
                    fields=given,
                    ended=step == len(_VALUES) - 1,
                    place=place(lon=121.47, lat=31.23, accuracy_m=20.0) if step % 2 else None,
                )
            )
    return found


def _pack(
    when: str = "depth_m > 1",
    title: str = "wet",
    series: str = "0@1s",
    pause: str = "1s",
) -> str:
    """Return a sound pack with some texts of another's making in it."""
    rule = {
        "id": "fuzzed",
        "event": {"type": "water.ponding", "title": {"zh": title, "en": title}},
        "watch": {"profile": "water_level"},
        "key": ["subject"],
        "ladder": [{"level": "red", "when": when, "for": pause}],
        "tests": [{"series": {"depth_m": series}, "expect": []}],
    }
    return json.dumps({"rules": [rule]})


if __name__ == "__main__":
    main()
