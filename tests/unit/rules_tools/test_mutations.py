"""Packs that somebody's cat walked over: always findings or a pack, never a crash."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from cityloop.rules_tools.check import check_packs

ROOT = Path(__file__).parents[3]
WHOLE = ROOT / "tests" / "contract" / "rules" / "packs" / "whole_language.yaml"
"""Every part of the language in one pack."""
SHIPPED = [WHOLE, *sorted((ROOT / "rules" / "packs").glob("*.yaml"))]
_SCRAPS = st.sampled_from(
    ["\t", "\n", ":", "- ", "{", "}", "[", "]", '"', "'", "#", "&a ", "*a", "!", "|", ">", "%", "0",
     "-1", "1e999", ".nan", "null", "true", "on", "\x00", "\u2028", "水", "rules", "60s", "depth_m",
     "?", "<<: ", "---\n", "...", "9" * 400, "(" * 60, "&& "]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_mutation_gives_places_and_no_crash(data: st.DataObject) -> None:
    """Bits cut out, repeated and thrown in, anywhere in a pack that ships."""
    text = data.draw(st.sampled_from(SHIPPED)).read_text("utf-8")
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        scrap = data.draw(st.one_of(st.just(""), _SCRAPS, st.just(text[start:end] * 2)))
        text = text[:start] + scrap + text[end:]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pack.yaml"
        path.write_text(text, encoding="utf-8")
        findings = check_packs([path])

    assert all(finding.line >= 1 and finding.column >= 1 for finding in findings)
