"""Templates: the words of a message, by language and occasion, as data that a city replaces.

``$name`` stands for a fact of the case. Nothing else is looked up, so a template cannot reach
into the program.
"""

from pathlib import Path
from string import Template

from msgspec import Struct

from cloud_api.case_projection import Case
from cloud_api.instants import from_us
from cloud_api.notices.errors import NoticePlanError
from cloud_api.notices.occasions import Occasion
from cloud_api.notices.plan import Language
from contracts.levels import LEVEL_NAMES_ZH, Level
from runtime.yaml_document import convert, load_document

__all__ = ["FACTS", "TEMPLATE_FOLDER", "Templates", "Words", "facts_of", "load_templates"]

TEMPLATE_FOLDER = Path(__file__).parent / "templates"

FACTS = frozenset(
    {
        "number",
        "title",
        "level",
        "district",
        "department",
        "person",
        "actor",
        "reason",
        "at",
        "place",
        "tier",
        "parent",
        "tracking",
    }
)
"""What a template may name."""


class Words(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message: a line, and what is below it."""

    title: str
    """The line; the only part that some channels show. No default."""
    body: str
    """The text. No default."""


class TemplateFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``zh.yaml`` or ``en.yaml``: words for staff and for those who reported."""

    staff: dict[Occasion, Words]
    """Words for staff by occasion; every occasion has some. No default."""
    escalation: Words
    """Words where nobody has acknowledged a case. No default."""
    reporters: dict[Occasion, Words]
    """Words for reporters; on other occasions they are not told. No default."""


class Templates:
    """The words in every language."""

    def __init__(self, files: dict[Language, TemplateFile]) -> None:
        self._files = files

    def staff(
        self, language: Language, occasion: Occasion, facts: dict[str, str], *, escalation: bool
    ) -> Words:
        """Return a message for staff."""
        file = self._files[language]
        return _filled(file.escalation if escalation else file.staff[occasion], facts)

    def reporter(
        self, language: Language, occasion: Occasion, facts: dict[str, str]
    ) -> Words | None:
        """Return a message for a reporter; None where he is not told."""
        words = self._files[language].reporters.get(occasion)
        return None if words is None else _filled(words, facts)


def load_templates(folder: Path) -> Templates:
    """Return the templates in a folder.

    Raises:
        ConfigError: a file is no valid document.
        NoticePlanError: an occasion has no words, or words name a fact that does not exist.
    """
    files: dict[Language, TemplateFile] = {}
    for language in Language:
        path = folder / f"{language}.yaml"
        file = convert(load_document(path), TemplateFile)
        lacking = sorted(set(Occasion) - set(file.staff))
        if lacking:
            raise NoticePlanError(f"{path}: staff: no words for {', '.join(lacking)}")
        named = [*file.staff.items(), *file.reporters.items(), ("escalation", file.escalation)]
        for where, words in named:
            for text in (words.title, words.body):
                _check(text, f"{path}: {where}")
        files[language] = file
    return Templates(files)


def _check(text: str, where: str) -> None:
    template = Template(text)
    if not template.is_valid():
        raise NoticePlanError(f"{where}: {text!r}: write $$ for a dollar sign")
    unknown = sorted(set(template.get_identifiers()) - FACTS)
    if unknown:
        raise NoticePlanError(
            f"{where}: ${unknown[0]} is no fact; expected one of {', '.join(sorted(FACTS))}"
        )


def _filled(words: Words, facts: dict[str, str]) -> Words:
    return Words(
        title=" ".join(Template(words.title).substitute(facts).split()),
        body=Template(words.body).substitute(facts).strip(),
    )


def facts_of(
    case: Case,
    language: Language,
    *,
    actor: str,
    reason: str,
    at_us: int,
    utc_offset_minutes: int,
    parent: str = "",
    tracking: str = "",
) -> dict[str, str]:
    """Return what a template may name, as text; what is not known is an empty text."""
    zh = language is Language.ZH
    level = Level(case.level)
    place = case.place
    local = from_us(at_us + utc_offset_minutes * 60_000_000)
    return {
        "number": case.number,
        "title": case.title.zh if zh else case.title.en,
        "level": LEVEL_NAMES_ZH[level] if zh else level.value,
        "district": case.district,
        "department": case.department or "",
        "person": case.person or "",
        "actor": actor,
        "reason": reason,
        "at": f"{local:%Y-%m-%d %H:%M}",
        "place": "" if place is None else f"{place.lon:.5f}, {place.lat:.5f}",
        "tier": case.tier or "",
        "parent": parent,
        "tracking": tracking,
    }
