"""Inhibitions across packs are checked when packs are loaded, with line and column."""

import pytest

from gateway.rule_packs import PackSource, compile_packs
from runtime.errors import ConfigError

PACK = """\
rules:
- id: {id}
  event: {{type: water.ponding, inhibits: [{inhibits}]}}
  watch: {{profile: water_level}}
  key: [subject]
  ladder:
  - {{level: red, when: depth_m >= 40 cm}}
"""


def _sources(**rules: str) -> list[PackSource]:
    texts = {name: PACK.format(id=name, inhibits=other) for name, other in rules.items()}
    return [PackSource(f"{name}.yaml", text) for name, text in texts.items()]


def test_a_rule_may_inhibit_one_of_another_pack() -> None:
    """Packs are loaded together: the order of files does not matter."""
    packs = compile_packs(_sources(flood="ponding", ponding=""))

    assert [pack.rules[0].event.inhibits for pack in packs] == [("ponding",), ()]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"flood": "pondin", "ponding": ""}, "flood.yaml:3:43: rules[0].event.inhibits[0]: "),
        ({"flood": "ponding", "ponding": "flood"}, "inhibit each other"),
    ],
    ids=["unknown", "circle"],
)
def test_an_inhibition_that_cannot_work_is_refused(rules: dict[str, str], expected: str) -> None:
    """What would never have an effect, or an endless one, does not come into force."""
    with pytest.raises(ConfigError) as caught:
        compile_packs(_sources(**rules))

    assert expected in str(caught.value)
