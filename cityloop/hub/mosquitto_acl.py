"""The same permissions for a Mosquitto: the text of its ``acl_file``.

``%u`` is the user name, which is the box's id; so one set of patterns holds for every box. Unlike the
hub's own list it leaves district and site open: the gateway's registry holds those.
Source: mosquitto.conf(5), acl_file.
"""

from cityloop.hub.server_config import BOX_PUBLISHES, BOX_SUBSCRIBES
from contracts.topics import PREFIX, Kind

__all__ = ["mosquitto_acl"]


def mosquitto_acl(gateway: str = "gateway", api: str = "api") -> str:
    """Return the ``acl_file`` for boxes, one gateway user and one API user."""
    box = f"{PREFIX}/+/+/%u"
    every_box, district = f"{PREFIX}/+/+/+", f"{PREFIX}/+"
    lines = [
        "# boxes: each below its own name only",
        *(f"pattern write {box}/{kind.value}" for kind in BOX_PUBLISHES),
        *(f"pattern read {box}/{kind.value}" for kind in BOX_SUBSCRIBES),
        "",
        f"user {gateway}",
        "topic read city/#",
        *(
            f"topic write {every_box}/{kind.value}"
            for kind in (Kind.ACK, Kind.CONFIG_DESIRED, Kind.COMMAND)
        ),
        f"topic write {district}/{Kind.EVENTS.value}",
        "topic write city-dead/v1/#",
        "",
        f"user {api}",
        f"topic write {district}/{Kind.CONTROL.value}",
        f"topic write {every_box}/{Kind.COMMAND.value}",
        f"topic read {district}/{Kind.EVENTS.value}",
        f"topic read {every_box}/{Kind.COMMAND_RESULT.value}",
    ]
    return "\n".join(lines) + "\n"
