"""What the doctor makes of clock, disk, temperature and permissions."""

from pathlib import Path

import httpx
import pytest

from edge.config import ApiConfig, EdgeConfig, check_edge_config
from edge.doctor.api_check import check_api
from edge.doctor.hub_check import is_local
from edge.doctor.machine_check import (
    check_clock,
    check_disk,
    check_permissions,
    check_temperature,
)
from edge.health.thermometer import hottest_c
from runtime.finding import Verdict
from runtime.yaml_document import parse_document

BOX = "box: {district: d, site: s, box: b}\n"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("hub.city.example", False),
        ("10.0.0.7", False),
    ],
)
def test_only_this_machine_needs_no_encryption(host: str, expected: bool) -> None:
    """A hub elsewhere without TLS is worth a warning."""
    assert is_local(host) is expected


def config_of(text: str) -> EdgeConfig:
    """Return a configuration."""
    return check_edge_config(parse_document(BOX + text, "edge.yaml"))


def zones(folder: Path, *contents: str) -> Path:
    """Write thermal zones as the kernel has them."""
    for number, content in enumerate(contents):
        zone = folder / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_text(content)
    return folder


@pytest.mark.parametrize(
    ("offset_s", "expected"),
    [
        (None, Verdict.WARN),
        (0.0, Verdict.OK),
        (-1.0, Verdict.OK),
        (1.5, Verdict.WARN),
        (-3600.0, Verdict.FAIL),
    ],
    ids=["nobody knows", "right", "a second", "more", "an hour"],
)
def test_a_clock_is_judged_by_its_offset(offset_s: float | None, expected: Verdict) -> None:
    """A second is fine, a minute is not; who does not know is warned."""
    finding = check_clock(offset_s)

    assert finding.verdict is expected
    assert bool(finding.advice) == (expected is not Verdict.OK)


def test_the_hottest_plausible_zone_counts(tmp_path: Path) -> None:
    """Zones that nobody wired up, or that answer nonsense, are left out."""
    root = zones(tmp_path, "51000\n", "-273150\n", "200000\n", "rubbish", "62500\n")

    assert hottest_c(root) == 62.5


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [("40000", Verdict.OK), ("80000", Verdict.WARN), ("95000", Verdict.FAIL), ("", Verdict.SKIP)],
)
def test_heat_is_judged(tmp_path: Path, temperature: str, expected: Verdict) -> None:
    """Warm is fine, hot is a warning, near switching off is a failure."""
    assert check_temperature(zones(tmp_path, temperature)).verdict is expected


def test_secrets_that_others_can_read_are_named(tmp_path: Path) -> None:
    """Each file is named with the command that cures it."""
    path = tmp_path / "edge.yaml"
    path.write_text(BOX)
    (tmp_path / "hub.password").write_text("x")
    (tmp_path / "hub.password").chmod(0o644)
    config = config_of(
        "hub: {client_id: b, password_file: hub.password}\n"
        "api: {url: 'http://a', key_file: api.key}\n"
    )
    (finding,) = check_permissions(config, path)

    assert finding.verdict is Verdict.WARN
    assert f"chmod 600 {tmp_path / 'hub.password'}" in finding.detail
    assert f"{tmp_path / 'api.key'} is missing" in finding.detail


def test_a_disk_smaller_than_the_budgets_is_named(tmp_path: Path) -> None:
    """The outbox may not promise more room than there is; folders need not exist yet."""
    config = config_of("outbox: {path: state/outbox.db, budget_bytes: 9000000000000000}\n")
    findings = list(check_disk(config, tmp_path))

    assert [one.verdict for one in findings] == [Verdict.WARN, Verdict.OK]
    assert "outbox.budget_bytes" in findings[0].advice
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("health", "evidence", "expected"),
    [(200, 404, Verdict.OK), (200, 401, Verdict.FAIL), (503, 404, Verdict.FAIL)],
    ids=["knows us", "key unknown", "unwell"],
)
def test_an_api_is_judged_by_its_answers(health: int, evidence: int, expected: Verdict) -> None:
    """It must be well, and must not turn this box's key away."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(health if request.url.path == "/healthz" else evidence)

    config = ApiConfig(url="http://api.example")
    finding = check_api(config, None, transport=httpx.MockTransport(answer))

    assert finding.verdict is expected
