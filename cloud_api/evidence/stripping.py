"""Taking metadata out of pictures and clips: where, when and with whose camera. Pure, nothing is re-encoded.

JPEG (ITU-T T.81): application segments and comments go, but for JFIF, ICC profiles and Adobe's colour transform, which change how
a picture looks; of EXIF the orientation stays, in a segment of its own. What stands behind the end of the picture goes. PNG (ISO/IEC
15948): only chunks that change how it looks stay. MP4 (ISO/IEC 14496-12): user data, metadata and UUID boxes become free space of the same
length, so no offset changes. Bytes that are none of these come back with EXIF's signature blotted out.
"""

import re
import struct

__all__ = ["strip_metadata"]

_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/"
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_ORIENTATION = 0x0112
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_PNG_STAYS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs acTL fcTL fdAT cICP".split()
)
_MP4_OPEN = frozenset(b"moov trak mdia minf stbl moof traf mvex edts dinf".split())
_MP4_GOES = frozenset(b"udta meta uuid".split())


class _Odd(Exception):
    """The bytes are not built as they should be."""


def strip_metadata(media_type: str, content: bytes) -> bytes:
    """Return a picture or clip without its metadata; the same bytes where there was none."""
    strip = {"image/jpeg": _jpeg, "image/png": _png, "video/mp4": _mp4}[media_type]
    try:
        return strip(content)
    except (_Odd, struct.error, IndexError):
        # Some programs show it all the same, so what they would find first is made unreadable.
        return content.replace(_EXIF, bytes(len(_EXIF))).replace(_XMP, bytes(len(_XMP)))


def _jpeg(content: bytes) -> bytes:
    kept = [content[:2]]
    at = 2
    while True:
        if content[at] != 0xFF:
            raise _Odd
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == _EOI:
            kept.append(content[at : at + 2])
            return b"".join(kept)
        if marker in _ALONE:
            kept.append(content[at : at + 2])
            at += 2
            continue
        end = at + 2 + int(struct.unpack_from(">H", content, at + 2)[0])
        if end > len(content) or end < at + 4:
            raise _Odd
        segment = content[at:end]
        if marker == _SOS:
            found = _NEXT_MARKER.search(content, end)
            if found is None:
                raise _Odd
            kept.append(content[at : found.start()])
            at = found.start()
            continue
        if _jpeg_stays(marker, segment[4:]):
            kept.append(segment)
        elif marker == _APP1 and segment[4:].startswith(_EXIF):
            kept.append(_orientation_alone(segment[4 + len(_EXIF) :]))
        at = end


def _jpeg_stays(marker: int, payload: bytes) -> bool:
    if marker == _COM:
        return False
    if not _APP0 <= marker <= _APP15:
        return True
    known = {_APP0: b"JFIF\x00", _APP2: b"ICC_PROFILE\x00", _APP14: b"Adobe"}
    return marker in known and payload.startswith(known[marker])


def _orientation_alone(tiff: bytes) -> bytes:
    """Return an EXIF segment that tells how to turn the picture and nothing else; empty where it is upright.

    Source: Exif 2.32 §4.6 and TIFF 6.0: an image file directory of twelve-byte entries.
    """
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        at = int(struct.unpack_from(f"{order}I", tiff, 4)[0])
        for entry in range(int(struct.unpack_from(f"{order}H", tiff, at)[0])):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * entry)
            if tag == _ORIENTATION and 2 <= value <= 8:
                directory = struct.pack(">HHHIHHI", 1, _ORIENTATION, 3, 1, value, 0, 0)
                payload = _EXIF + b"MM\x00\x2a\x00\x00\x00\x08" + directory
                return struct.pack(">BBH", 0xFF, _APP1, len(payload) + 2) + payload
    except (KeyError, struct.error):
        pass  # a broken directory says nothing that has to stay
    return b""


def _png(content: bytes) -> bytes:
    kept = [_PNG_HEAD]
    at = len(_PNG_HEAD)
    while True:
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise _Odd
        if kind in _PNG_STAYS:
            kept.append(content[at:end])
        if kind == b"IEND":
            return b"".join(kept)
        at = end


def _mp4(content: bytes) -> bytes:
    made = bytearray(content)
    _free_boxes(made, 0, len(made))
    return bytes(made)


def _free_boxes(made: bytearray, at: int, stop: int) -> None:
    while at + 8 <= stop:
        size, kind = struct.unpack_from(">I4s", made, at)
        head = 8
        if size == 1:
            size = int(struct.unpack_from(">Q", made, at + 8)[0])
            head = 16
        elif size == 0:
            size = stop - at
        if size < head or at + size > stop:
            raise _Odd
        if kind in _MP4_GOES:
            made[at + 4 : at + 8] = b"free"
            made[at + head : at + size] = bytes(size - head)
        elif kind in _MP4_OPEN:
            _free_boxes(made, at + head, at + size)
        at += size
