"""From what cameras tell (tracks, counts, observations) to samples that rules are fed; pure functions.

Each takes the message, where its camera stands as far as is known, the box's place in the topics, the
moment in seconds since 1970, the journal offset and the message's name.
"""

from contracts.counts import Counts
from contracts.envelope import Place
from contracts.observation import Observation, Phase
from contracts.readings import Value
from contracts.topics import BoxTopic
from contracts.tracks import Tracks
from rules.sample import Sample

__all__ = ["counts_samples", "observation_sample", "tracks_samples"]


def tracks_samples(
    message: Tracks, stands: Place | None, place: BoxTopic, at_s: float, offset: int, name: str
) -> list[Sample]:
    """Return a sample for every track and zone that it stands in."""
    samples: list[Sample] = []
    for track in message.tracks:
        keys = {
            "subject": message.camera,
            "box": place.box,
            "site": place.site,
            "district": place.district,
            "camera": message.camera,
            "track": str(track.track),
            "class": track.label,
        }
        fields: dict[str, Value] = {"confidence": track.confidence, "label": track.label}
        if track.speed_m_s is not None:
            fields["speed_m_s"] = track.speed_m_s
        zones: list[tuple[dict[str, str], dict[str, Value]]] = [
            (
                {"zone": zone, "zone_kind": message.zone_kinds.get(zone, "zone")},
                {"dwell_s": dwell_s},
            )
            for zone, dwell_s in track.dwell_s.items()
        ]
        for zone_keys, zone_fields in zones or [({}, {})]:
            samples.append(
                Sample(
                    stream="tracks",
                    subject=message.camera,
                    at=at_s,
                    keys={**keys, **zone_keys},
                    fields={**fields, **zone_fields},
                    place=track.place or stands,
                    discovery=message.discovery,
                    message=name,
                    sent_at=message.sent_at,
                    offset=offset,
                )
            )
    return samples


def counts_samples(
    message: Counts, stands: Place | None, place: BoxTopic, at_s: float, offset: int, name: str
) -> list[Sample]:
    """Return a sample for every zone and line."""
    found: list[tuple[dict[str, str], dict[str, Value]]] = []
    for zone in message.zones:
        fields: dict[str, Value] = {
            "people": float(zone.people),
            "vehicles": float(zone.vehicles),
            "objects": float(zone.objects),
            "occupied_ratio": zone.occupied_ratio,
            "longest_dwell_s": zone.longest_dwell_s,
            "standing": float(zone.standing),
            "window_s": message.window_s,
        }
        measured = {
            "area_m2": zone.area_m2,
            "density_per_m2": zone.density_per_m2,
            "queue_m": zone.queue_m,
            "speed_m_s": zone.speed_m_s,
        }
        fields |= {field: value for field, value in measured.items() if value is not None}
        found.append(({"zone": zone.zone, "zone_kind": zone.zone_kind}, fields))
    for line in message.lines:
        fields = {
            "forward": float(line.forward),
            "backward": float(line.backward),
            "window_s": message.window_s,
        }
        flows = {
            "forward_per_min": line.forward_per_min,
            "backward_per_min": line.backward_per_min,
        }
        fields |= {field: value for field, value in flows.items() if value is not None}
        found.append(({"line": line.line}, fields))
    return [
        Sample(
            stream="counts",
            subject=message.camera,
            at=at_s,
            keys={
                "subject": message.camera,
                "box": place.box,
                "site": place.site,
                "district": place.district,
                "camera": message.camera,
                **keys,
            },
            fields=fields,
            place=stands,
            discovery=message.discovery,
            message=name,
            sent_at=message.sent_at,
            offset=offset,
        )
        for keys, fields in found
    ]


def observation_sample(
    message: Observation, stands: Place | None, place: BoxTopic, at_s: float, offset: int, name: str
) -> Sample:
    """Return the sample of one statement about an episode."""
    keys = {
        "subject": message.camera,
        "box": place.box,
        "site": place.site,
        "district": place.district,
        "camera": message.camera,
        "observation": message.observation_id,
        "kind": message.kind.value,
    }
    fields: dict[str, Value] = {"confidence": message.confidence, "dwell_s": message.dwell_s}
    named = {
        "zone": message.zone,
        "zone_kind": message.zone_kind,
        "line": message.line,
        "direction": message.direction,
        "class": message.label,
        "track": None if message.track is None else str(message.track),
    }
    keys.update({key: text for key, text in named.items() if text is not None})
    if message.label is not None:
        fields["label"] = message.label
    if message.direction is not None:
        fields["direction"] = message.direction
    if message.speed_m_s is not None:
        fields["speed_m_s"] = message.speed_m_s
    if message.count is not None:
        fields["count"] = float(message.count)
    return Sample(
        stream="observations",
        subject=message.camera,
        at=at_s,
        keys=keys,
        fields=fields,
        ended=message.phase is Phase.END,
        place=message.place or stands,
        evidence=message.evidence,
        discovery=message.discovery,
        message=name,
        sent_at=message.sent_at,
        offset=offset,
    )
