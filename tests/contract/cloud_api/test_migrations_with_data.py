"""Contract of migrations: every version can be left and reached again with data in the tables."""

import hashlib
from random import Random

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from benchmarks._drawn_pictures import as_jpeg, street
from cloud_api.audit.entry import Draft
from cloud_api.audit.examination import examine
from cloud_api.audit.heads import HeadSigner
from cloud_api.bootstrap import Api, build
from cloud_api.citizens.reports import Report
from cloud_api.config import ApiConfig, open_keybook
from cloud_api.keys import Role
from cloud_api.migrate import (
    _config,
    downgrade,
    newest_version,
    schema_version,
    upgrade,
)
from cloud_api.people.scope import Scope
from contracts.envelope import Place
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, make_event

VERSIONS = [
    script.revision
    for script in ScriptDirectory.from_config(_config(None)).walk_revisions()
    if script.revision != newest_version()
]
JPEG = as_jpeg(street(Random(1)))


def _fill(api: Api) -> None:
    """Put something into most tables."""
    services = api.services
    api.accept_events(body_of(make_event(1, dedupe="k"), make_event(2)))
    api.step(START)
    api.put_evidence(hashlib.sha256(JPEG).hexdigest(), "image/jpeg", JPEG)
    services.keys.create("gw-1", Role.GATEWAY, START, Scope(districts=("futian",)))
    services.users.add("li.ming", Role.READER, Scope(), START, password_hash="x")
    services.sessions.open(services.users.get("li.ming"))
    services.vault.seal("reporter:1", "13812345678", START)
    report = Report(
        service_code="2-04-06", channel="web", place=Place(lon=114.05, lat=22.54), text="deep"
    )
    services.reports.take(report, once="1", now=START)
    api.step(START)


def _counts(api: Api) -> dict[str, int]:
    with api.services.store.read() as connection:
        return {
            table: int(connection.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0)
            for table in sorted(inspect(connection).get_table_names())
            if table not in {"alembic_version", "positions"}
        }


@pytest.mark.parametrize("version", VERSIONS)
def test_down_to_any_version_and_up_again(
    api: Api, config: ApiConfig, clock: ManualClock, version: str
) -> None:
    """What a version knows is kept on the way down and up; the API works on it as before."""
    _fill(api)
    store = api.services.store
    before, digest = _counts(api), api.digest(sealed=False)

    downgrade(store, version)
    reached, kept = schema_version(store), _counts(api)
    upgrade(store)
    again = build(config, clock)
    back = _counts(again)

    assert reached == version
    assert schema_version(store) == newest_version()
    assert kept == {table: before[table] for table in kept}
    assert {table: back[table] for table in kept} == kept
    assert again.digest(sealed=False) == digest
    again.close()


def test_up_and_down_leaves_the_audit_chain_sound(api: Api, config: ApiConfig) -> None:
    """A version behind the log's own keeps its lines byte for byte."""
    lines = [Draft(n, "key:a", "GET /v1/cases", personal="Li Ming") for n in range(5)]
    tip = api.services.ledger.append(lines)
    signer = HeadSigner(open_keybook(config))
    head = signer.sign(tip.seq, tip.hash, 0)

    downgrade(api.services.store, "0005_audit")
    upgrade(api.services.store)
    report = examine(api.services.ledger.lines(), [head], signer.public_keys())

    assert (report.lines, report.anchored_through, report.flaws) == (5, 5, 0)
