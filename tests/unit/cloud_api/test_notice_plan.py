"""Plan, templates and addressing of notices."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.dispatch.roster import Roster
from cloud_api.notices.addressing import Addressing, quiet_until
from cloud_api.notices.errors import NoticePlanError
from cloud_api.notices.occasions import Occasion
from cloud_api.notices.plan import (
    Audience,
    Channel,
    Escalation,
    Language,
    NoticePlan,
    Person,
    QuietHours,
    Route,
    load_plan,
)
from cloud_api.notices.postman import pause_s
from cloud_api.notices.rehearsal import invented_case, invented_detail
from cloud_api.notices.templates import FACTS, TEMPLATE_FOLDER, facts_of, load_templates
from contracts.levels import Level

NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
MAIL = Channel(id="mail", url_env="MAIL", address="email")
ROBOT = Channel(id="robot", url_env="ROBOT")
LI = Person(id="li", roles=("leader",), department="water", addresses={"email": "li@x.test"})
WANG = Person(id="wang", department="water", addresses={"email": "wang@x.test"})
MUTE = Person(id="mute", roles=("leader",))
ROSTER = Roster(
    [{"unit": "crew", "person": "wang", "days": "1234567", "from": "20:00", "to": "08:00"}],
    "roster.csv",
    480,
)


def _told(
    plan: NoticePlan, facts: dict[str, str], now: datetime = NOON
) -> list[tuple[int, str, str]]:
    case = invented_case(
        level=Level(facts.get("level", "yellow")),
        district=facts.get("district", "futian"),
        event_type=facts.get("event_type", "water.ponding"),
        department=facts.get("department"),
        person=facts.get("person"),
        now=now,
    )
    detail = invented_detail(case.department, case.person)
    found = Addressing(plan, ROSTER, 480).addressed(Occasion.OPENED, case, detail, now)
    return [(one.stage, one.channel, one.person.id if one.person else "") for one in found]


def _plan(to: Audience, **fields: object) -> NoticePlan:
    route = Route(id="r", occasions=(Occasion.OPENED,), to=to, channels=("mail", "robot"), **fields)  # type: ignore[arg-type]
    return NoticePlan(channels=(MAIL, ROBOT), people=(LI, WANG, MUTE), routes=(route,))


@pytest.mark.parametrize(
    ("audience", "facts", "people"),
    [
        pytest.param(Audience(roles=("leader",)), {}, ["li"], id="role"),
        pytest.param(Audience(people=("wang",)), {}, ["wang"], id="person"),
        pytest.param(
            Audience(department=True), {"department": "water"}, ["li", "wang"], id="department"
        ),
        pytest.param(Audience(department=True), {}, [], id="no-department-yet"),
        pytest.param(Audience(assignee=True), {"person": "wang"}, ["wang"], id="assignee"),
        pytest.param(Audience(on_duty=("crew",)), {}, [], id="nobody-on-duty-at-noon"),
        pytest.param(Audience(people=("mute",)), {}, [], id="no-address"),
        pytest.param(Audience(people=("li",), roles=("leader",)), {}, ["li"], id="named-twice"),
    ],
)
def test_audience(audience: Audience, facts: dict[str, str], people: list[str]) -> None:
    """An audience is everybody whom it names, once, and the group's channel always."""
    expected = [*((0, "mail", person) for person in people), (0, "robot", "")]

    assert expected == _told(_plan(audience), facts)


def test_who_is_on_duty_at_night_is_told() -> None:
    """The duty roster decides at the moment of the message."""
    night = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)

    assert (0, "mail", "wang") in _told(_plan(Audience(on_duty=("crew",))), {}, night)


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        pytest.param({"levels": (Level.RED,)}, {}, id="level"),
        pytest.param({"districts": ("nanshan",)}, {}, id="district"),
        pytest.param({"event_types": ("fire.*",)}, {}, id="event-type"),
    ],
)
def test_a_route_that_does_not_fit_tells_nobody(
    fields: dict[str, object], facts: dict[str, str]
) -> None:
    """Level, district and event type narrow a route."""
    assert _told(_plan(Audience(roles=("leader",)), **fields), facts) == []


def test_escalation_is_due_later() -> None:
    """Whoever is told when nobody acknowledges is told after the given time."""
    stage = Escalation(after_s=600, to=Audience(people=("wang",)), channels=("mail",))
    plan = _plan(Audience(people=("li",)), escalate=(stage,))
    case = invented_case(
        level=Level.RED, district="d", event_type="a", department=None, person=None, now=NOON
    )
    found = Addressing(plan, ROSTER, 480).addressed(
        Occasion.OPENED, case, invented_detail(None, None), NOON
    )

    assert (1, "mail", NOON + timedelta(minutes=10)) == (
        found[-1].stage,
        found[-1].channel,
        found[-1].due_at,
    )


QUIET = QuietHours(begin="22:00", end="07:00")


@pytest.mark.parametrize(
    ("local", "waits_until"),
    [
        pytest.param("2026-06-01T21:59", "2026-06-01T21:59", id="before"),
        pytest.param("2026-06-01T22:00", "2026-06-02T07:00", id="evening"),
        pytest.param("2026-06-02T06:59", "2026-06-02T07:00", id="morning"),
        pytest.param("2026-06-02T07:00", "2026-06-02T07:00", id="after"),
    ],
)
def test_quiet_hours(local: str, waits_until: str) -> None:
    """A message of the night waits for the morning, in local time."""
    offset = timedelta(hours=8)

    def utc(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) - offset

    assert utc(waits_until) == quiet_until(QUIET, utc(local), offset)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_nothing_leaves_in_quiet_hours_and_nothing_early(at: datetime) -> None:
    """The moment is never before the message's own, and its local hour never quiet."""
    moment = at.replace(tzinfo=UTC)
    due = quiet_until(QUIET, moment, timedelta(hours=8))
    hour = (due + timedelta(hours=8)).hour

    assert due >= moment
    assert 7 <= hour < 22


def test_red_does_not_wait() -> None:
    """By default a red message goes out at night."""
    night = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)
    plan = NoticePlan(channels=(ROBOT,), quiet=QUIET, routes=(
        Route(id="r", occasions=(Occasion.OPENED,), channels=("robot",)),
    ))  # fmt: skip
    dues = {}
    for level in Level:
        case = invented_case(
            level=level, district="d", event_type="a", department=None, person=None, now=night
        )
        detail = invented_detail(None, None)
        dues[level] = (
            Addressing(plan, ROSTER, 480).addressed(Occasion.OPENED, case, detail, night)[0].due_at
        )

    assert (dues[Level.RED], dues[Level.BLUE]) == (night, night + timedelta(hours=8))


PLAN = """
channels:
- {id: mail, url_env: MAIL, address: email}
people:
- {id: li, roles: [leader], addresses: {email: li@x.test}}
routes:
- {id: all, occasions: [opened], to: {roles: [leader]}, channels: [mail]}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("channels: [mail]}", "channels: [post]}", "channel 'post'", id="channel"),
        pytest.param("roles: [leader]}, c", "roles: [boss]}, c", "role 'boss'", id="role"),
        pytest.param("url_env: MAIL, ", "", "either url_env or url_file", id="no-address"),
        pytest.param("people:", "- {id: mail, url_env: X}\npeople:", "stands twice", id="twice"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """What a plan names has to exist."""
    (tmp_path / "notices.yaml").write_text(PLAN.replace(old, new))

    with pytest.raises(NoticePlanError, match=message):
        load_plan(tmp_path / "notices.yaml")


def test_the_shipped_templates_have_words_for_every_occasion() -> None:
    """Loading checks that; every fact that they name can be filled."""
    templates = load_templates(TEMPLATE_FOLDER)
    facts = dict.fromkeys(FACTS, "x")
    for language in Language:
        for occasion in Occasion:
            words = templates.staff(language, occasion, facts, escalation=False)

            assert "$" not in words.title + words.body


def test_facts_are_those_that_templates_may_name() -> None:
    """No fact is promised that is not given."""
    case = invented_case(
        level=Level.RED, district="d", event_type="a", department=None, person=None, now=NOON
    )
    facts = facts_of(case, Language.ZH, actor="a", reason="r", at_us=0, utc_offset_minutes=480)

    assert (set(facts), facts["level"], facts["at"]) == (set(FACTS), "红", "1970-01-01 08:00")


@pytest.mark.parametrize("text", ["$nonsense", "5 $", "${case.__class__}"])
def test_a_template_that_names_no_fact_is_refused(tmp_path: Path, text: str) -> None:
    """A template is checked when it is read."""
    for language in Language:
        source = (TEMPLATE_FOLDER / f"{language}.yaml").read_text("utf-8")
        (tmp_path / f"{language}.yaml").write_text(source.replace("$number", text, 1), "utf-8")

    with pytest.raises(NoticePlanError, match=r"no fact|dollar"):
        load_templates(tmp_path)


def test_pauses_grow_to_the_cap() -> None:
    """Full jitter below a ceiling that doubles."""
    channel = Channel(id="c", url_env="C", retry_base_s=5, retry_cap_s=60)
    rng = Random(1)
    worst = [max(pause_s(channel, n, rng) for _ in range(200)) for n in (1, 2, 3, 50)]

    assert [4 < worst[0] <= 5, 8 < worst[1] <= 10, 16 < worst[2] <= 20, 50 < worst[3] <= 60] == [
        True
    ] * 4
