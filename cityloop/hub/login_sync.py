"""Following the API's list of enrolled boxes: who is enrolled may log in, who is revoked is cut off.

The list is kept beside the register of boxes, so that the hub starts with the last one it knew
while the API is away.
"""

import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from random import Random

import msgspec
import structlog
from msgspec import Struct

from cityloop.hub.config import HubConfig, HubRegister
from cityloop.hub.errors import HubError
from cityloop.hub.register import BoxLogin, Register
from runtime.backoff import Backoff
from runtime.errors import SecretError
from runtime.secret import read_secret

__all__ = ["LoginSync"]

_log = structlog.get_logger(__name__)
_CAP_S = 30.0


class _Logins(Struct, frozen=True, kw_only=True):
    """The API's answer."""

    revision: int
    boxes: tuple[BoxLogin, ...]


class LoginSync:
    """Polls the API and lets the hub read its users again when they changed.

    Args:
        config: the hub's configuration.
        source: where the list comes from.
        reload: lets a running server read its users again.
        rng: jitter.
    """

    def __init__(
        self,
        config: HubConfig,
        source: HubRegister,
        reload: Callable[[HubConfig], bool],
        rng: Random,
    ) -> None:
        self._config = config
        self._source = source
        self._reload = reload
        self._register = Register(config.data)
        self._backoff = Backoff(source.poll_s, max(source.poll_s, _CAP_S), rng)
        self._due_s = 0.0
        self._revision: int | None = None
        self.failing = False
        self.went_back = False
        """Whether the API knows less than it knew before; then nobody is let in or cut off."""

    def step(self, monotonic_s: float) -> bool:
        """Poll when it is due; return whether somebody was let in or cut off."""
        if monotonic_s < self._due_s:
            return False
        try:
            logins = self._fetch()
        except (OSError, ValueError, SecretError) as error:
            if not self.failing:
                _log.warning("hub_logins_unavailable", error=str(error))
            self.failing = True
            self._due_s = monotonic_s + self._source.poll_s + self._backoff.next_delay()
            return False
        self._due_s = monotonic_s + self._source.poll_s
        self._backoff.reset()
        if self.failing:
            _log.info("hub_logins_answer")
        self.failing = False
        if logins is None:
            return False
        known = self._register.enrolled()
        if known and logins.revision < max(self._revision or 0, 1):
            # a database made anew or restored must not cut a whole city off
            if not self.went_back:
                _log.error("hub_logins_went_back", revision=logins.revision, known=self._revision)
            self.went_back = True
            return False
        self.went_back = False
        wanted = sorted(logins.boxes, key=lambda login: login.box)
        if wanted != known:
            self._register.replace_enrolled(wanted)
            try:
                self._reload(self._config)
            except (HubError, SecretError) as error:
                _log.error("hub_reload_failed", error=str(error))
                return False
            gone = sorted({login.box for login in known} - {login.box for login in wanted})
            _log.info("hub_logins_changed", boxes=len(wanted), gone=gone[:20])
        self._revision = logins.revision
        return wanted != known

    def _fetch(self) -> _Logins | None:
        """Return the list; None when it is what we have.

        Raises:
            OSError: no answer, or a refusal.
            ValueError: the answer is no list of logins.
            SecretError: the key cannot be read.
        """
        key = read_secret(self._source.key_file, None, f"hub at {self._source.api}")
        request = urllib.request.Request(  # noqa: S310 - the operator's own address
            f"{self._source.api.rstrip('/')}/v1/hub/logins",
            headers={"Authorization": f"Bearer {key}"},
        )
        if self._revision is not None:
            request.add_header("If-None-Match", f'"{self._revision}"')
        try:
            with urllib.request.urlopen(request, timeout=self._source.timeout_s) as answer:  # noqa: S310
                return msgspec.json.decode(answer.read(), type=_Logins)
        except urllib.error.HTTPError as refusal:
            with refusal:
                if refusal.code == HTTPStatus.NOT_MODIFIED:
                    return None
            raise
