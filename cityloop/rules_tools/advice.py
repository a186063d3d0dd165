"""What to do about faults whose message only says what was found: mostly those of YAML and types."""

import re
from typing import Final

__all__ = ["advised"]

_HINTS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (
            r"\.(?:for|clear_for|gap|within|after|every|wait|over|fresh): expected a text, found a (?:whole )?number",
            "write the duration with its unit, like 60s",
        ),
        (r"\.near: expected a text, found a", "write the distance with its unit, like 300m"),
        (
            r"\.(?:when|clear|where|guard): expected [^,]*, found a (?:whole )?number",
            "write a condition, like depth_m > 15 cm",
        ),
        (r"expected a list, found a text", "write a list, like [subject]"),
        (r"expected a list, found a mapping", "begin every entry with '- '"),
        (r"expected a list, found nothing", "write a list, like [subject]"),
        (r"expected a mapping, found", "write names with their values, like {name: value}"),
        (
            r"expected a text[^,]*, found (?:a whole number|a number|true or false)",
            "if a text is meant, put it in quotes",
        ),
        (r"expected a text, found", "write one text"),
        (r"expected a (?:whole )?number, at (?:most|least) ", "choose a number within the limit"),
        (r"^rules\[\d+\]\.on: ", "what a rule reads is called 'watch'"),
        (r"field '(?:yes|no|on|off)' is unknown", "YAML 1.2 has no such word; write true or false"),
        (r"unexpected '(?:and|or|not)' ", "write && for and, || for or, ! for not"),
        (r"^tag '!\w+\(", "put a condition that begins with ! in quotes"),
        (r"expected a mapping with 'rules', found", "begin the file with a line 'rules:'"),
        (
            r"not valid YAML: (?:did not find expected|found unexpected end)",
            "look here and above for an open bracket or quote, a ': ' in a text without quotes, tabs",
        ),
        (r"is longer than a year", "write a shorter one"),
        (r"expected at least one (?:step|rule|name)", "add one"),
        (r"found end of the expression", "complete the condition"),
        (r"this step never (?:fires|clears)", "check the number and its unit"),
        (r"what is watched has no ", "remove it"),
        (r"stands twice$", "remove one"),
        (r"only observations have a kind", "remove it, or watch {stream: observations}"),
        (r"title of \d+ characters", "shorten it"),
        (r"indexing is not part of the subset", "name a field by itself"),
    )
)


def advised(message: str) -> str:
    """Return a fault's message with what to do about it, where it does not say so itself.

    The advice stands before the excerpt of an expression, which ends a message.
    """
    for pattern, hint in _HINTS:
        found = pattern.search(message)
        if found is None:
            continue
        reason, excerpt, rest = message.partition(" (line ")
        return f"{reason}; {found.expand(hint)}{excerpt}{rest}"
    return message
