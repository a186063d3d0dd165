"""Contract of classes that words suggest and people correct, on each database."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from cloud_api.__main__ import main
from cloud_api.bootstrap import Api
from cloud_api.case_classing import CaseClassing
from cloud_api.case_desk import Deed
from cloud_api.case_projection import Case
from cloud_api.case_record import Classified, Detail, Suggested, decode_record
from cloud_api.citizens.outcome import case_of_order
from cloud_api.citizens.reports import Report
from cloud_api.config import ApiConfig
from cloud_api.errors import InvalidInput, MoveIncomplete
from cloud_api.orders.order import subject_of
from cloud_api.rebuild import rebuild
from cloud_api.schema import case_log
from cloud_api.wording.corrections import Correction, corrections, sentence_of
from contracts.envelope import Place
from tests.contract.cloud_api.events import START

LATER = START + timedelta(minutes=1)


def _case(api: Api, text: str) -> Case:
    """Return the case of a report that names no class."""
    report = Report(
        service_code=None, channel="phone", place=Place(lon=114.05, lat=22.54), text=text
    )
    taken = api.services.reports.take(report, once="1", now=START)
    api.step(START)
    return _now(api, taken.order_id)


def _now(api: Api, order_id: str) -> Case:
    with api.services.store.read() as connection:
        case = case_of_order(connection, order_id)
    assert case is not None
    return case


def _log(api: Api, case: Case) -> list[Detail]:
    query = select(case_log.c.body).where(case_log.c.case_id == case.case_id)
    with api.services.store.read() as connection:
        bodies = connection.scalars(query.order_by(case_log.c.seq)).all()
    return [decode_record(body).detail for body in bodies]


def _classify(api: Api, case: Case, code: str, reason: str = "looked at it") -> Case:
    classing = CaseClassing(api.services.drawer, api.services.profile.dispatcher)
    return classing.classify(Deed(case.case_id, "ann", LATER), code, reason)


def test_sure_words_give_a_case_its_class(api: Api) -> None:
    """The log says what was read, how sure that was, and by which model."""
    case = _case(api, "和平路口积水很深，车子都熄火了")
    noted = [each for each in _log(api, case) if isinstance(each, Suggested)]

    assert (case.class_code, case.event_type) == ("2-04-06", "water.ponding")
    assert [(each.class_code, each.sure) for each in noted] == [("2-04-06", True)]
    assert noted[0].confidence > 0.9


def test_unsure_words_wait_for_a_person(api: Api) -> None:
    """The case has no class, the fallback department is advised, the suggestion is shown."""
    case = _case(api, "水")
    advice = api.services.profile.dispatcher.advise(case, LATER, {})

    assert case.class_code is None
    assert case.suggested is not None
    assert not case.suggested.sure
    assert advice.fallback


def test_a_person_has_the_last_word(api: Api) -> None:
    """The class is his, only the list's own doubt is left in the advice, and a rebuild finds the same."""
    case = _classify(api, _case(api, "和平路口积水很深，车子都熄火了"), "2-04-04")
    advice = api.services.profile.dispatcher.advise(case, LATER, {})
    report = rebuild(api.services.store, api.services.flows)

    assert (case.class_code, case.class_by_person) == ("2-04-04", True)
    assert (advice.department, advice.confidence) == ("water", 0.8)
    assert isinstance(_log(api, case)[-1], Classified)
    assert report.digest_before == report.digest_after


def test_a_model_that_is_not_quite_sure_lowers_the_confidence(api: Api) -> None:
    """Department advice is as sure as the class is."""
    case = _case(api, "和平路口积水很深，车子都熄火了")
    assert case.suggested is not None
    advice = api.services.profile.dispatcher.advise(case, LATER, {})

    assert advice.confidence <= case.suggested.confidence


def test_a_class_that_does_not_exist_is_refused(api: Api) -> None:
    """The message says where the classes are."""
    case = _case(api, "水")

    with pytest.raises(InvalidInput, match="v1/classes"):
        _classify(api, case, "9-99-99")


def test_a_correction_needs_a_reason(api: Api) -> None:
    """Nothing happens to a case without one."""
    case = _case(api, "水")

    with pytest.raises(MoveIncomplete, match="reason"):
        _classify(api, case, "2-04-04", reason=" ")


def test_a_report_says_something(api: Api) -> None:
    """Neither a class nor words is refused."""
    with pytest.raises(InvalidInput, match="what it is about"):
        _case(api, "  ")


def _corrected(api: Api) -> list[Correction]:
    assert api.services.profile.suggester is not None
    codes = api.services.profile.suggester.codes
    with api.services.store.read() as connection:
        return list(corrections(connection, api.services.orders.desk, codes))


def test_corrections_are_lines_to_train_on(api: Api) -> None:
    """The last word counts; personal data are masked."""
    case = _case(api, "积水严重，请打电话13800138000找我")
    _classify(api, case, "2-04-06")
    _classify(api, case, "2-04-04")
    found = _corrected(api)

    assert [(each.class_code, each.matter) for each in found] == [("2-04-04", "blocked-sewer")]
    assert "13800138000" not in found[0].text
    assert "积水" in found[0].text


def test_a_withdrawn_text_is_no_line(api: Api) -> None:
    """What a reporter withdrew is not trained on."""
    case = _case(api, "下水道堵了")
    _classify(api, case, "2-04-04")
    api.services.vault.shred(subject_of(case.events[0].event_id), LATER)

    assert _corrected(api) == []


def test_a_class_without_a_matter_is_no_sentence() -> None:
    """It is exported for people; the model has no word for it."""
    row = Correction(text="乱", language="zh", class_code="2-05-99", matter=None, suggested=None)

    assert sentence_of(row) is None


def test_the_command_writes_them(api: Api, config: ApiConfig, tmp_path: Path) -> None:
    """One JSON object a line, as `wording train --corrections` reads them."""
    _classify(api, _case(api, "下水道堵了"), "2-04-04")
    written = tmp_path / "api.yaml"
    named = {
        "database_url": config.database_url,
        "evidence_dir": config.evidence_dir,
    }
    written.write_text("".join(f"{name}: '{value}'\n" for name, value in named.items()))
    out = tmp_path / "rows.jsonl"
    sent = ["wording", "corrections", "--config", str(written), "--out", str(out)]
    result = CliRunner().invoke(main, sent)
    rows = [msgspec.json.decode(line, type=Correction) for line in out.read_bytes().splitlines()]

    assert result.exit_code == 0, result.output
    assert [row.matter for row in rows] == ["blocked-sewer"]
