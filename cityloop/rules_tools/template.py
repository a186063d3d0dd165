"""A first pack for a device profile: it passes the check and waits for real thresholds."""

from cityloop.rules_tools.errors import NotFound
from contracts.profiles import PROFILES, DeviceProfile, ProfileField

__all__ = ["pack_template"]

_SHARES = (("blue", 0.5, 0.45), ("yellow", 0.7, 0.65), ("red", 0.85, 0.8))
"""Places of a template's thresholds in a field's range: raise, clear. Arbitrary, to be replaced."""
_EXPECTED = {"number": '"blue@70s", "clear@390s"', "flag": '"red@10s", "clear@150s"'}
"""What the template's own test has to find."""


def pack_template(
    profile_name: str, *, rule_id: str | None = None, field: str | None = None
) -> str:
    """Return the text of a pack with one rule.

    Args:
        profile_name: the device profile that is watched.
        rule_id: id of the rule; default the profile's name and ``_alarm``.
        field: the field that is judged; default the profile's first number or flag.

    Raises:
        NotFound: no such profile or field.
    """
    profile = PROFILES.get(profile_name)
    if profile is None:
        raise NotFound(
            f"profile {profile_name!r} is unknown; expected one of {', '.join(PROFILES)}"
        )
    judged = _field(profile, field)
    rule = rule_id or f"{profile.name}_alarm"
    steps = "\n".join(f"  - {step}" for step in _steps(judged))
    decimals = ":.2f" if judged.kind == "number" else ""
    value = f"{{{judged.name}{decimals}}}"
    return f"""\
# {profile.name_zh} {profile.name}: thresholds below are placeholders taken from the measuring range.
# Replace each with a value that has a source (standard, by-law or expert) and an effective date.
rules:
- id: {rule}
  event:
    type: {profile.name}.{judged.name}
    title:
      zh: "{{site}} {{subject}} {profile.name_zh} {value}"
      en: "{{site}} {{subject}}: {judged.name} {value}"
    dedupe: [subject]
  watch: {{profile: {profile.name}}}  # one value every {profile.cadence_s:g} s
  key: [subject]
  ladder:
{steps}
  tests:
  - name: rises, and is over
    series: {{{judged.name}: "{_series(judged)}"}}
    expect: [{_EXPECTED[judged.kind]}]
"""


def _field(profile: DeviceProfile, name: str | None) -> ProfileField:
    usable = [field for field in profile.fields if field.kind in {"number", "flag"}]
    if name is None:
        return usable[0]
    found = next((field for field in usable if field.name == name), None)
    if found is None:
        known = ", ".join(field.name for field in usable)
        raise NotFound(f"profile {profile.name!r} has no number or flag {name!r}; it has {known}")
    return found


def _series(field: ProfileField) -> str:
    """Return values of a test: at rest, over the first threshold for 80 s, at rest again."""
    if field.kind == "flag":
        return "false@10s truex8@10s falsex10@10s"
    low, span = _range(field)
    rest = f"{low + 0.1 * span:.4g}"
    return f"{rest}@10s {low + 0.6 * span:.4g}x8@10s {rest}x40@10s"


def _range(field: ProfileField) -> tuple[float, float]:
    low = 0.0 if field.minimum is None else field.minimum
    return low, (100.0 if field.maximum is None else field.maximum) - low


def _steps(field: ProfileField) -> list[str]:
    if field.kind == "flag":
        return [f"{{level: red, when: {field.name}, clear: '!{field.name}', clear_for: 60s}}"]
    low, span = _range(field)
    unit = "" if field.unit in {None, "/"} else f" {field.unit}"
    return [
        f"{{level: {level + ',':7} when: {field.name} >= {low + share * span:.4g}{unit}, "
        f"clear: {field.name} < {low + clear * span:.4g}{unit}, for: 60s, clear_for: 5m}}"
        for level, share, clear in _SHARES
    ]
