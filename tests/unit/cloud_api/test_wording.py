"""What a report is about, told from its words: corpus, model, training, suggestions."""

import io
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from cloud_api.__main__ import main
from cloud_api.city_profile import PROFILE_FOLDER
from cloud_api.csv_table import rows_of
from cloud_api.dispatch.classes import ClassTable
from cloud_api.errors import ProfileError
from cloud_api.orders.order import Order
from cloud_api.wording.corpus import Kind, Language, Phrases, Side, compose, load_corpus
from cloud_api.wording.examination import Examined, examine
from cloud_api.wording.model import MOST_CHARACTERS, WordingModel, load_weights, plain_form
from cloud_api.wording.suggesting import UNCLASSIFIED, UNCLASSIFIED_TITLE, WEIGHTS, Suggester
from cloud_api.wording.training import TrainingPlan, train, write_weights
from contracts.levels import Level

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
FEW = ("road-ponding", "street-lamp", "parked-car", "none")


@pytest.fixture(scope="module")
def shipped() -> WordingModel:
    """The model that ships."""
    return load_weights(WEIGHTS)


@pytest.fixture(scope="module")
def examined(shipped: WordingModel) -> Examined:
    """What it makes of phrasing that it has never seen."""
    return examine(shipped, load_corpus(Side.TEST), each=4, seed=7)


def test_the_sides_share_no_phrase_and_no_part_of_one() -> None:
    """No phrase of one side is, or stands in, a phrase of the other."""
    learnt, asked = (
        [
            phrase
            for spoken in load_corpus(side).phrases.values()
            for said in spoken.values()
            for phrase in said
        ]
        for side in Side
    )
    shared = [(one, other) for one in learnt for other in asked if one in other or other in one]

    assert shared == []


def test_the_sides_share_no_carrier_and_no_place() -> None:
    """Families, carriers and places are others on each side."""
    train_side, test_side = (load_corpus(side).carriers for side in Side)
    for language in ("zh", "en"):
        one, other = train_side[language], test_side[language]

        assert set(one.families) & set(other.families) == set()
        assert set(one.places) & set(other.places) == set()
        carriers = {text for family in one.families.values() for text in family}
        assert carriers & {text for family in other.families.values() for text in family} == set()


def test_both_sides_know_the_same_matters(shipped: WordingModel) -> None:
    """Every matter is learnt, asked for, and known to the model."""
    assert set(load_corpus(Side.TRAIN).phrases) == set(shipped.matters)
    assert set(load_corpus(Side.TEST).phrases) == set(shipped.matters)


def test_the_same_seed_makes_the_same_sentences() -> None:
    """A corpus can be made again."""
    side, kinds = load_corpus(Side.TEST), {Kind.PLAIN: 0.5, Kind.TYPOS: 0.5}
    one, other = (list(compose(side, Random(3), each=2, kinds=kinds)) for _ in range(2))

    assert one == other


@pytest.mark.parametrize(
    "kind", [f"{kind} {language}" for kind in Kind for language in ("zh", "en")]
)
def test_unseen_phrasing_is_read_in_95_of_100(examined: Examined, kind: str) -> None:
    """In each language, with typos, and with the carrier in the other language."""
    accuracy = examined.by_kind[kind].accuracy

    assert accuracy is not None
    assert accuracy >= 0.95


LANDMARKS: dict[Language, list[str]] = {
    "zh": ["公交站后面", "公共厕所门口", "一棵大树下面", "路灯下", "公交车站那儿"],
    "en": [
        "beside a bus stop",
        "outside the public toilets",
        "beneath a street light",
        "under a tree",
    ],
}
"""Places that are themselves matters, in words that are not learnt."""


def test_a_place_that_is_a_matter_does_not_mislead(shipped: WordingModel) -> None:
    """Water at a bus stop is no damaged bus stop: nine in ten are read rightly, and of the sure ones 19 in 20."""
    learnt = load_corpus(Side.TRAIN).carriers
    told = [
        (matter, shipped.guess(f"{place}{core}" if language == "zh" else f"{core} {place}"))
        for matter, spoken in load_corpus(Side.TEST).phrases.items()
        if matter != "none"
        for language, phrases in spoken.items()
        for core in phrases
        for place in LANDMARKS[language]
    ]
    right = sum(guess.matter == matter for matter, guess in told) / len(told)
    sure = [(matter, guess) for matter, guess in told if guess.confidence >= shipped.threshold]
    sure_right = sum(guess.matter == matter for matter, guess in sure) / len(sure)

    assert all(not set(LANDMARKS[name]) & set(learnt[name].places) for name in LANDMARKS)
    assert right >= 0.9
    assert sure_right >= 0.95


def test_the_sure_ones_are_right(examined: Examined) -> None:
    """What is taken over without a person is right in 98 of 100 at least, and it is most of them."""
    assert (examined.plain.sure_accuracy or 0) >= 0.98
    assert (examined.plain.sure or 0) >= 0.6


def test_the_weights_are_small_and_hold_no_code() -> None:
    """At most 2 MB of plain arrays."""
    with np.load(WEIGHTS, allow_pickle=False) as found:
        kinds = {found[name].dtype.kind for name in found.files}

    assert WEIGHTS.stat().st_size < 2_000_000
    assert "O" not in kinds


def test_weights_with_code_inside_are_refused(tmp_path: Path) -> None:
    """A file that would have to be unpickled is not read."""
    kept = io.BytesIO()
    np.savez(kept, weights=np.array([{"a": 1}], dtype=object))
    (tmp_path / "bad.npz").write_bytes(kept.getvalue())

    with pytest.raises(ProfileError, match="no wording model"):
        load_weights(tmp_path / "bad.npz")


def test_arrays_that_are_no_model_are_refused(tmp_path: Path) -> None:
    """An absent array is named."""
    np.savez(tmp_path / "bad.npz", weights=np.zeros(3))

    with pytest.raises(ProfileError, match="array grams is missing"):
        load_weights(tmp_path / "bad.npz")


@given(text=st.text(max_size=60))
def test_a_plain_form_is_its_own(text: str) -> None:
    """Read twice it is the same, and it has no digit but 0."""
    form = plain_form(text)

    assert plain_form(form) == form
    assert all(letter == "0" for letter in form if letter.isdigit())


@given(text=st.text())
def test_any_text_is_read(text: str) -> None:
    """Whatever is written gives a matter and a confidence from 0 to 1."""
    guess = load_weights(WEIGHTS).guess(text)

    assert guess.matter in load_weights(WEIGHTS).matters
    assert 0.0 <= guess.confidence <= 1.0


def test_an_endless_text_is_read_to_its_thousandth_character(shipped: WordingModel) -> None:
    """What stands behind does not count."""
    text = "路灯不亮" + "，" * MOST_CHARACTERS

    assert shipped.guess(text + "路面积水很深") == shipped.guess(text)


def _few() -> Phrases:
    side = load_corpus(Side.TRAIN)
    return Phrases({matter: side.phrases[matter] for matter in FEW}, side.carriers)


def test_what_is_read_is_what_scikit_learn_reads(tmp_path: Path) -> None:
    """The features are those of its vectorizer, to the last bits of the stored idf."""
    sentences = list(compose(_few(), Random(1), each=30, kinds={Kind.PLAIN: 1.0}))
    plan = TrainingPlan(grams=2000, folds=2, chinese=1.0)
    write_weights(train(sentences, plan), tmp_path / "few.npz")
    ours = load_weights(tmp_path / "few.npz")
    theirs = TfidfVectorizer(
        preprocessor=plain_form, analyzer="char", ngram_range=(1, plan.longest), max_features=2000,
        min_df=2, sublinear_tf=True, dtype=np.float32,
    ).fit([each.text for each in sentences])  # fmt: skip
    text = "路口积水，the lamp is out 路口积水"
    expected = theirs.transform([text])
    columns, values = ours.features(text)

    assert sorted(expected.indices.tolist()) == columns.tolist()
    assert np.allclose(np.sort(expected.data), np.sort(values), atol=2e-3)


def test_the_same_sentences_make_the_same_weights(tmp_path: Path) -> None:
    """Training can be done again, byte for byte on one machine."""
    sentences = list(compose(_few(), Random(1), each=20, kinds={Kind.PLAIN: 1.0}))
    plan = TrainingPlan(grams=1000, folds=2)
    for name in ("one", "two"):
        write_weights(train(sentences, plan), tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.fixture(scope="module")
def suggester() -> Suggester:
    """What suggests classes of the national code table."""
    folder = PROFILE_FOLDER / "national"
    classes = ClassTable(rows_of(folder / "classes.csv"), "classes.csv")
    return Suggester(classes, rows_of(folder / "matters.csv"), WEIGHTS, 480)


def _order(event_type: str = UNCLASSIFIED) -> Order:
    return Order(
        source="reports", source_id="1", district="futian", event_type=event_type, level=Level.BLUE,
        title=UNCLASSIFIED_TITLE, reported_at=NOW, channel="phone",
    )  # fmt: skip


def test_between_two_matters_of_one_class_nobody_has_to_choose(
    suggester: Suggester, shipped: WordingModel
) -> None:
    """A hydrant with a slip in it may be a fire lane: neither is sure, their class is."""
    text = "我家楼下那个消防拴没压力"
    guess, found = shipped.guess(text), suggester.suggest(text, NOW)

    assert found is not None
    assert guess.confidence < shipped.threshold <= found.confidence
    assert (found.entry.code, found.sure) == ("1-01-13", True)


def test_a_sure_suggestion_names_type_and_title(suggester: Suggester) -> None:
    """A report about ponding is one of the type that water gauges report too."""
    found = suggester.applied(_order(), "解放路口积水很深，车都熄火了", NOW)

    assert (found.event_type, found.title.zh) == ("water.ponding", "道路积水")
    assert found.extension["suggested_class"] == "2-04-06"
    assert found.extension["suggested_sure"] is True


def test_an_unsure_suggestion_changes_nothing_else(suggester: Suggester) -> None:
    """A person decides; the suggestion is noted."""
    found = suggester.applied(_order(), "水", NOW)

    assert (found.event_type, found.title) == (UNCLASSIFIED, UNCLASSIFIED_TITLE)
    assert found.extension["suggested_sure"] is False


@pytest.mark.parametrize(
    "text", ["", "   ", "请问护照怎么办理"], ids=["none", "blank", "no-matter"]
)
def test_what_is_no_matter_of_the_street_gets_no_suggestion(
    suggester: Suggester, text: str
) -> None:
    """Nothing is noted, so it waits for a person."""
    assert suggester.applied(_order(), text, NOW) == _order()


def test_an_order_with_a_class_keeps_it(suggester: Suggester) -> None:
    """Its words are not read."""
    order = _order("facility.lamp")

    assert suggester.applied(order, "路口积水很深", NOW) == order


@pytest.mark.parametrize(
    ("matter", "code"),
    [("", "2-04-06"), ("road-ponding", "9-99"), ("street-lamp", "1-01-18")],
    ids=["no-matter", "no-class", "twice"],
)
def test_a_wrong_line_of_matters_is_named(matter: str, code: str) -> None:
    """The message says which line."""
    classes = ClassTable(rows_of(PROFILE_FOLDER / "national" / "classes.csv"), "classes.csv")
    rows = [
        {"matter": "street-lamp", "class_code": "1-01-18"},
        {"matter": matter, "class_code": code},
    ]

    with pytest.raises(ProfileError, match=r"matters\.csv:3"):
        Suggester(classes, rows, WEIGHTS, 480)


def test_a_text_is_read_from_the_command_line() -> None:
    """The matter and who decides are printed."""
    result = CliRunner().invoke(main, ["wording", "classify", "路灯不亮好几天了"])

    assert (result.exit_code, result.output.split()[0]) == (0, "street-lamp")


@pytest.mark.slow
def test_an_examination_draws_its_confusions(tmp_path: Path) -> None:
    """A PNG, and one JSON object."""
    plot = tmp_path / "confusions.png"
    sent = ["wording", "evaluate", "--each", "1", "--json", "--plot", str(plot)]
    result = CliRunner().invoke(main, sent)

    assert result.exit_code == 0
    assert plot.read_bytes().startswith(b"\x89PNG")
