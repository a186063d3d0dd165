"""The page speaks both languages, and every word that it asks for exists."""

import re
from importlib.resources import files

PAGE = files("edge.setup_page").joinpath("page")
TEXTS = {
    name: PAGE.joinpath(name).read_text("utf-8")
    for name in ("index.html", "words.js", "setup.js", "drawing.js", "ground.js", "setup.css")
}


def words_of(language: str) -> dict[str, str]:
    """Return the words of one language."""
    block = TEXTS["words.js"].split(f"\n  {language}: {{", 1)[1].split("\n  },", 1)[0]
    return dict(re.findall(r'(\w+): "([^"]*)"', block))


def test_both_languages_have_the_same_words() -> None:
    """No word is missing in either, and placeholders agree."""
    english, chinese = words_of("en"), words_of("zh")

    assert english.keys() == chinese.keys()
    assert len(english) > 60
    for name, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", chinese[name]))


def test_every_word_that_is_asked_for_exists() -> None:
    """Markup and code name only words that are there."""
    asked = set(re.findall(r'data-word="(\w+)"', TEXTS["index.html"]))
    for name in ("setup.js", "ground.js", "drawing.js"):
        asked |= set(re.findall(r'\bword\("(\w+)"', TEXTS[name]))

    assert asked - words_of("en").keys() == set()


def test_the_page_loads_nothing_from_elsewhere() -> None:
    """It works where there is no network but the camera's."""
    addresses = {
        found
        for text in TEXTS.values()
        for found in re.findall(r"https?://[^\s\"']+", text)
        if not found.startswith("http://www.w3.org/")
    }

    assert addresses == set()
