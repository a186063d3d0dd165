"""Contract of API keys."""

import pytest
from sqlalchemy import select

from cloud_api.bootstrap import Api
from cloud_api.errors import NotFound, Unauthenticated
from cloud_api.keys import KeyRing, Role
from cloud_api.schema import api_keys
from tests.contract.cloud_api.events import START


def test_a_key_is_known_by_its_token(api: Api) -> None:
    """Who holds the token is who the key was made for."""
    _, token = api.services.keys.create("box-1", Role.BOX, START)

    identity = api.services.keys.identify(token)

    assert (identity.name, identity.role) == ("box-1", Role.BOX)


def test_the_token_is_not_stored(api: Api) -> None:
    """Nothing in the database gives the token away."""
    _, token = api.services.keys.create("box-1", Role.BOX, START)

    with api.services.store.read() as connection:
        row = connection.execute(select(api_keys)).one()

    assert not any(token.split("_", 2)[2] in str(value) for value in row)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), id="last"),
        pytest.param(lambda token: token.replace("_", "_0", 1)[: len(token)], id="other id"),
        pytest.param(lambda _token: "", id="empty"),
        pytest.param(lambda token: token + "\n", id="newline"),
        pytest.param(lambda _token: "cityloop_' OR 1=1 --", id="injection"),
    ],
)
def test_a_forged_token_is_refused(api: Api, spoil: object) -> None:
    """Anything but the token itself is nobody."""
    assert callable(spoil)
    _, token = api.services.keys.create("box-1", Role.BOX, START)

    with pytest.raises(Unauthenticated):
        api.services.keys.identify(spoil(token))


def test_a_revoked_key_is_refused(api: Api) -> None:
    """A revoked key is nobody, at once in this process, and cannot be revoked twice."""
    info, token = api.services.keys.create("box-1", Role.BOX, START)
    api.services.keys.identify(token)

    api.services.keys.revoke(info.key_id, START)

    assert api.services.keys.cached(token) is None
    with pytest.raises(Unauthenticated):
        api.services.keys.identify(token)
    with pytest.raises(NotFound):
        api.services.keys.revoke(info.key_id, START)


def test_the_first_admin_key_is_made_once(api: Api) -> None:
    """A second call makes none while the first is valid."""
    first = api.services.keys.create_first_admin(START)
    second = api.services.keys.create_first_admin(START)

    assert first is not None
    assert second is None
    assert [info.role for info in api.services.keys.list()] == [Role.ADMIN]


def test_one_caller_renews_a_key_for_all(api: Api) -> None:
    """When half of the time is over one is told to ask, the others go on."""
    ring = KeyRing(api.services.store, cache_s=1e-6)
    _, token = ring.create("gw-1", Role.GATEWAY, START)
    ring.identify(token)

    asked = [ring.renewal_due(token) for _ in range(3)]
    ring.identify(token)

    assert asked == [True, False, False]
    assert ring.renewal_due(token)


def test_a_fresh_key_is_not_asked_for(api: Api) -> None:
    """Nobody asks again about what was checked a moment ago, nor about what was never checked."""
    ring = KeyRing(api.services.store, cache_s=3600.0)
    _, token = ring.create("gw-1", Role.GATEWAY, START)
    unknown = ring.renewal_due(token)
    ring.identify(token)

    assert (unknown, ring.renewal_due(token)) == (False, False)
