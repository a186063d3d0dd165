"""Which media are taken as evidence, and how their first bytes look."""

from cloud_api.errors import UnsupportedMedia

__all__ = ["HEAD_BYTES", "MEDIA_TYPES", "check_head", "check_media_type"]

HEAD_BYTES = 12
"""Bytes that have to be seen before a media type can be judged."""

MEDIA_TYPES = ("image/jpeg", "image/png", "video/mp4")


def check_media_type(header: str | None) -> str:
    """Return the media type in a Content-Type header.

    Raises:
        UnsupportedMedia: it is none of :data:`MEDIA_TYPES`.
    """
    media_type = (header or "").split(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise UnsupportedMedia(
            f"Content-Type {media_type or 'is missing'!r}: expected one of {', '.join(MEDIA_TYPES)}"
        )
    return media_type


def check_head(media_type: str, head: bytes) -> None:
    """Refuse bytes that are not what their media type says.

    JPEG begins with SOI and a marker (ITU-T T.81), PNG with its signature (ISO/IEC 15948), MP4
    with a ``ftyp`` box (ISO/IEC 14496-12).

    Raises:
        UnsupportedMedia: the first bytes are of something else.
    """
    matches = {
        "image/jpeg": head.startswith(b"\xff\xd8\xff"),
        "image/png": head.startswith(b"\x89PNG\r\n\x1a\n"),
        "video/mp4": head[4:8] == b"ftyp",
    }
    if not matches[media_type]:
        raise UnsupportedMedia(
            f"the body begins with {head[:8].hex(' ')}, which is no {media_type}; send the bytes of "
            "the picture or clip itself, with the media type that it has"
        )
