"""A sensor that answers HTTP with JSON."""

from datetime import datetime
from typing import Any

import httpx
import msgspec

from contracts.envelope import Place
from contracts.profiles import DeviceProfile
from contracts.readings import Value
from contracts.status import SubjectBirth
from edge.sensors.errors import SensorFault
from edge.sensors.field_map import conversion_of, moment_of, value_of
from edge.sensors.json_pointer import MISSING, find, parse_pointer
from edge.sensors.ports import SensorReading
from edge.sensors.wire_config import HttpConfig

__all__ = ["HttpInstrument"]

_LARGEST_BYTES = 1_000_000
"""An answer beyond this is no sensor's."""


class HttpInstrument:
    """Asks one address.

    Args:
        config: address and pointers.
        profile: the device profile.
        place: where the sensor stands.
        secret: value of the configured header; None sends none.
        ca_file: certificates to trust; None: the usual ones.
    """

    def __init__(
        self,
        config: HttpConfig,
        profile: DeviceProfile,
        place: Place | None,
        *,
        secret: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        self.name = f"http:{config.subject}"
        self.births: tuple[SubjectBirth, ...] = (
            SubjectBirth(subject=config.subject, profile=profile.name, place=place),
        )
        self._config = config
        self._profile = profile
        self._where = f"sensor {config.subject!r}: {config.url}"
        self._time = None if config.time_pointer is None else parse_pointer(config.time_pointer)
        self._fields = [
            (field, parse_pointer(field.pointer), conversion_of(field)) for field in config.fields
        ]
        self._told_at: datetime | None = None
        self._client = httpx.Client(
            headers={} if secret is None else {config.header: secret},
            timeout=config.timeout_s,
            verify=True if ca_file is None else _trusting(ca_file),
        )

    def read(self, now: datetime) -> list[SensorReading]:
        """Return its values as one reading, or none where its own moment did not move on.

        Raises:
            SensorFault: no answer in time, another status than 2xx, no JSON, or not what was
                expected in it.
        """
        document = self._fetch()
        at = now
        if self._time is not None:
            at = moment_of(find(document, self._time), what=f"{self._where}: time")
            if at == self._told_at:
                return []
            self._told_at = at
        values: dict[str, Value] = {}
        units: dict[str, str] = {}
        for field, tokens, conversion in self._fields:
            known = self._profile.field(field.field)
            assert known is not None, "checked with the configuration"
            raw = find(document, tokens)
            if raw is MISSING:
                raise SensorFault(f"{self._where}: nothing stands at {field.pointer!r}")
            what = f"{self._where}: {field.pointer}"
            values[field.field] = value_of(raw, known.kind, conversion, what=what)
            if field.unit is not None:
                units[field.field] = field.unit
        return [SensorReading(self._config.subject, self._profile.name, at, values, units)]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _fetch(self) -> Any:
        body = bytearray()
        try:
            with self._client.stream("GET", self._config.url) as answer:
                if not answer.is_success:
                    raise SensorFault(f"{self._where} answered {answer.status_code}; expected 2xx")
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > _LARGEST_BYTES:
                        raise SensorFault(
                            f"{self._where} answered more than {_LARGEST_BYTES:,} bytes"
                        )
            return msgspec.json.decode(body)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise SensorFault(f"{self._where} did not answer ({error!r}); asked again") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SensorFault(f"{self._where} answered no JSON ({error})") from error


def _trusting(ca_file: str) -> Any:
    import ssl  # noqa: PLC0415 - only where an own authority is named

    return ssl.create_default_context(cafile=ca_file)
