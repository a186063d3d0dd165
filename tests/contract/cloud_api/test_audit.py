"""Contract of the audit log and of sealed personal fields."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from cloud_api.audit.entry import Draft, decode_entry
from cloud_api.audit.examination import Flaw, examine
from cloud_api.audit.heads import HeadSigner
from cloud_api.audit.ledger import AuditFilter, AuditLedger
from cloud_api.bootstrap import Api, open_database
from cloud_api.config import ApiConfig, keys_path, open_keybook
from cloud_api.database import Lane
from cloud_api.errors import NotFound
from cloud_api.privacy.keybook import KeyBook, rotate
from cloud_api.privacy.vault import SHREDDED, Vault
from tests.contract.cloud_api.events import START


def _drafts(count: int, actor: str = "key:a") -> list[Draft]:
    return [Draft(n, actor, "GET /v1/cases", personal=f"person {n}") for n in range(count)]


def _flaws(api: Api, config: ApiConfig, through: tuple[int, str]) -> set[Flaw]:
    signer = HeadSigner(open_keybook(config))
    head = signer.sign(*through, 0)
    report = examine(api.services.ledger.lines(), [head], signer.public_keys())
    return {finding.flaw for finding in report.findings}


def test_appended_lines_make_one_chain(api: Api, config: ApiConfig) -> None:
    """Lines of several groups follow each other."""
    api.services.ledger.append(_drafts(3))
    tip = api.services.ledger.append(_drafts(2))

    assert tip.seq == 5
    assert _flaws(api, config, tip) == set()


def test_writers_at_once_make_one_chain(api: Api, config: ApiConfig) -> None:
    """Several processes append to the same chain, each line in its place."""
    stores = [open_database(config) for _ in range(3)]
    book = open_keybook(config)
    ledgers = [AuditLedger(store, Vault(store, book)) for store in stores]

    threads = [
        threading.Thread(target=lambda ledger=ledger: [ledger.append(_drafts(5)) for _ in range(4)])
        for ledger in ledgers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tip = api.services.ledger.append(_drafts(1))

    assert tip.seq == 61
    assert _flaws(api, config, tip) == set()
    for store in stores:
        store.dispose()


@pytest.mark.parametrize(
    ("statement", "flaw"),
    [
        pytest.param("UPDATE audit_log SET actor = 'key:x' WHERE seq = 3", Flaw.EDITED, id="edit"),
        pytest.param("DELETE FROM audit_log WHERE seq = 3", Flaw.MISSING, id="deletion"),
        pytest.param("DELETE FROM audit_log WHERE seq > 4", Flaw.CUT_OFF, id="cut tail"),
        pytest.param("DELETE FROM audit_log", Flaw.CUT_OFF, id="emptied"),
    ],
)
def test_who_owns_the_database_is_found_out(
    api: Api, config: ApiConfig, statement: str, flaw: Flaw
) -> None:
    """SQL against the table is seen."""
    tip = api.services.ledger.append(_drafts(6))

    with api.services.store.write(Lane.AUDIT) as connection:
        connection.execute(text(statement))

    assert flaw in _flaws(api, config, tip)


def test_a_rewritten_chain_is_found(api: Api, config: ApiConfig) -> None:
    """Written anew from the start, with hashes that fit, it still contradicts the signed head."""
    tip = api.services.ledger.append(_drafts(6))

    with api.services.store.write(Lane.AUDIT) as connection:
        connection.execute(text("DELETE FROM audit_log"))
    api.services.ledger.append(_drafts(6, actor="key:innocent"))

    assert _flaws(api, config, tip) == {Flaw.REWRITTEN}


def test_personal_fields_are_not_readable_in_the_table(api: Api) -> None:
    """The row holds no name; who may read it gets it back."""
    api.services.ledger.append([Draft(1, "key:a", "GET /v1/cases", personal="Zhang San")])

    (line,) = api.services.ledger.newest(AuditFilter(), before=None, limit=9)

    assert b"Zhang" not in line.body
    assert api.services.ledger.personal(decode_entry(line.body)) == "Zhang San"


def test_shredding_keeps_the_chain(api: Api, config: ApiConfig) -> None:
    """After a withdrawal nobody can read the name, and the chain still holds."""
    tip = api.services.ledger.append([Draft(1, "key:a", "GET /v1/cases", personal="Zhang San")])

    done = api.services.vault.shred("audit:key:a", START)

    (line,) = api.services.ledger.newest(AuditFilter(), before=None, limit=9)
    assert done
    assert api.services.ledger.personal(decode_entry(line.body)) == SHREDDED
    assert _flaws(api, config, tip) == set()


def test_nothing_is_sealed_for_who_has_withdrawn(api: Api) -> None:
    """A destroyed key is not made again."""
    vault = api.services.vault
    sealed = vault.seal("reporter:1", "13800000000", START)
    vault.shred("reporter:1", START)

    again = vault.seal("reporter:1", "13800000000", START)

    assert (again, vault.unseal("reporter:1", sealed)) == ("", SHREDDED)


def test_a_sealed_field_belongs_to_its_subject(api: Api) -> None:
    """What was sealed for one cannot be passed off as another's."""
    vault = api.services.vault
    sealed = vault.seal("reporter:1", "13800000000", START)
    vault.seal("reporter:2", "x", START)

    with pytest.raises(NotFound, match="reporter:2"):
        vault.unseal("reporter:2", sealed)


def test_keys_of_persons_survive_a_rotation(api: Api, config: ApiConfig) -> None:
    """After rotation and rewrapping, the former master key is not needed any more."""
    sealed = api.services.vault.seal("reporter:1", "13800000000", START)
    path = keys_path(config)
    former = KeyBook.open(path).current

    rotate(path)
    book = KeyBook.open(path)
    wrapped = Vault(api.services.store, book).rewrap()
    only_new = KeyBook.parse(
        "\n".join(line for line in path.read_text().splitlines() if former not in line), "test"
    )

    assert wrapped == 1
    assert Vault(api.services.store, only_new).unseal("reporter:1", sealed) == "13800000000"


def test_the_file_of_keys_is_for_its_owner_alone(api: Api, config: ApiConfig) -> None:
    """Nobody else on the machine can read the master keys."""
    path: Path = keys_path(config)

    assert path.stat().st_mode & 0o777 == 0o600
