"""``cityloop doctor``: check a broker for the traps that lose messages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runtime.finding import Finding

__all__ = ["main"]

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "dim"}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The broker.")
@click.option("--port", default=1883, show_default=True, help="Its MQTT port.")
@click.option("--username", help="Login that may publish and subscribe below --topic-root.")
@click.option("--password-file", help="File with its password.")
@click.option("--password-env", help="Or: environment variable with its password.")
@click.option("--tls-ca", help="File with the certificates to trust, or `system`. Default: no TLS.")
@click.option("--topic-root", default="cityloop-doctor", show_default=True, help="Topics to use.")
@click.option(
    "--mosquitto-conf",
    type=click.Path(path_type=Path),
    help="Also check this mosquitto.conf.",
)
@click.option("--nats-monitor", help="Also check the nats-server at this URL, http://host:8222.")
@click.option("--no-broker", is_flag=True, help="Check files and monitor only; connect to nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
def main(
    host: str,
    port: int,
    username: str | None,
    password_file: str | None,
    password_env: str | None,
    tls_ca: str | None,
    topic_root: str,
    mosquitto_conf: Path | None,
    nats_monitor: str | None,
    no_broker: bool,
    as_json: bool,
) -> None:
    """Check a broker for the settings that lose messages in silence; status 1 when a check fails.

    Uses the broker for a few seconds: sessions and topics of its own, forgotten afterwards.

    \b
    Examples:
      cityloop doctor --host broker --username box-1 --password-file box-1.password
      cityloop doctor --no-broker --mosquitto-conf /etc/mosquitto/mosquitto.conf
    """
    import msgspec  # noqa: PLC0415 - keeps --help quick
    import structlog  # noqa: PLC0415 - as above

    from cityloop.doctor.broker_checks import check_broker  # noqa: PLC0415 - as above
    from cityloop.doctor.mosquitto_conf import check_mosquitto_conf  # noqa: PLC0415 - as above
    from cityloop.doctor.nats_monitor import check_nats  # noqa: PLC0415 - as above
    from runtime.errors import SecretError  # noqa: PLC0415 - as above
    from runtime.finding import Verdict  # noqa: PLC0415 - as above
    from runtime.mqtt_client import MqttConfig  # noqa: PLC0415 - as above

    # what the sessions have to say is in the findings, and would spoil the JSON
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    findings: list[Finding] = []
    if mosquitto_conf is not None:
        findings += check_mosquitto_conf(mosquitto_conf)
    if nats_monitor is not None:
        findings += check_nats(nats_monitor)
    if not no_broker:
        broker = MqttConfig(
            host=host,
            port=port,
            client_id="cityloop-doctor",
            username=username,
            password_file=password_file,
            password_env=password_env,
            tls_ca=tls_ca,
        )
        try:
            findings += check_broker(broker, topic_root)
        except SecretError as error:
            raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(msgspec.json.encode(findings).decode())
    else:
        _show(findings)
    sys.exit(any(finding.verdict is Verdict.FAIL for finding in findings))


def _show(findings: Iterable[Finding]) -> None:
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table("check", "verdict", "what was found", "what to do")
    for finding in findings:
        colour = _COLOURS[finding.verdict.value]
        verdict = f"[{colour}]{finding.verdict.value}[/]"
        table.add_row(finding.check, verdict, finding.detail, finding.advice)
    Console().print(table)


if __name__ == "__main__":
    main()
