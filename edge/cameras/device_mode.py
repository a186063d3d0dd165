"""Which of a video device's sizes, rates and formats is taken. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

__all__ = [
    "DeviceWish",
    "Mode",
    "TakenMode",
    "choose_mode",
    "parse_wish",
    "told_modes",
    "wish_query",
]

_USUAL_HZ = 30.0
"""Frames a second beyond which no wish goes that names none: faster only costs decoding."""

_SAME_RATE = 0.01
"""Rates that part by less are the same: 29.97 is asked for as 30."""


class Mode(NamedTuple):
    """What a device offers: a format and a size, with every rate that goes with them.

    ``rates_hz`` is empty where the device does not list them.
    """

    format: str
    width: int
    height: int
    rates_hz: tuple[float, ...]

    def __str__(self) -> str:
        rates = "/".join(f"{rate:g}" for rate in sorted(self.rates_hz, reverse=True))
        return f"{self.format} {self.width}x{self.height}" + (f" at {rates}" if rates else "")


@dataclass(frozen=True, slots=True)
class DeviceWish:
    """What the configuration asks of a video device; None leaves it to the device.

    Attributes:
        size: width and height in pixels.
        rate_hz: frames a second.
        format: yuyv422, mjpeg ...
    """

    size: tuple[int, int] | None = None
    rate_hz: float | None = None
    format: str | None = None

    def __bool__(self) -> bool:
        return any(one is not None for one in (self.size, self.rate_hz, self.format))

    def __str__(self) -> str:
        size = "" if self.size is None else f"{self.size[0]}x{self.size[1]}"
        rate = "" if self.rate_hz is None else f"at {self.rate_hz:g} frames/s"
        return " ".join(part for part in (self.format or "", size, rate) if part)


class TakenMode(NamedTuple):
    """What a device is opened with; ``rate_hz`` is None where it lists none."""

    format: str
    width: int
    height: int
    rate_hz: float | None

    def __str__(self) -> str:
        rate = "" if self.rate_hz is None else f" at {self.rate_hz:g}"
        return f"{self.format} {self.width}x{self.height}{rate}"


def wish_query(wish: DeviceWish) -> str:
    """Return a wish as the end of a device's URL, with its question mark; empty for none."""
    pairs = {
        "size": None if wish.size is None else f"{wish.size[0]}x{wish.size[1]}",
        "rate": None if wish.rate_hz is None else f"{wish.rate_hz:g}",
        "format": wish.format,
    }
    query = urlencode({name: value for name, value in pairs.items() if value is not None})
    return f"?{query}" if query else ""


def parse_wish(query: str) -> DeviceWish:
    """Return what :func:`wish_query` wrote, the question mark left out.

    Raises:
        ValueError: it is not of that form.
    """
    pairs = {
        name: values[-1] for name, values in parse_qs(query, strict_parsing=bool(query)).items()
    }
    size: tuple[int, int] | None = None
    if "size" in pairs:
        width, _, height = pairs["size"].partition("x")
        size = int(width), int(height)
    rate = pairs.get("rate")
    return DeviceWish(size, None if rate is None else float(rate), pairs.get("format"))


def choose_mode(
    modes: Sequence[Mode], wish: DeviceWish, present: tuple[int, int]
) -> TakenMode | None:
    """Return the mode that serves a wish best; None where none does.

    Of several formats the one wins that comes closest to 30 frames/s, or to the rate that is asked
    for; among equals the one that the device lists first without compression, which costs no
    decoding: most USB cameras give large pictures at their full rate as MJPEG alone.

    Args:
        modes: what the device offers, in its order.
        wish: what is asked for.
        present: width and height that the device stands at, for a wish without a size.
    """
    size = wish.size or present
    fitting = [
        TakenMode(mode.format, mode.width, mode.height, rate)
        for mode in modes
        if (mode.width, mode.height) == size and wish.format in {None, mode.format}
        for rate in _rates(mode, wish.rate_hz)
    ]
    return max(fitting, key=_worth, default=None)


def _rates(mode: Mode, wanted_hz: float | None) -> tuple[float | None, ...]:
    """Return the rates of a mode that may be taken."""
    if not mode.rates_hz:
        return (wanted_hz,)
    if wanted_hz is None:
        usual = [rate for rate in mode.rates_hz if rate <= _USUAL_HZ * (1.0 + _SAME_RATE)]
        return (max(usual) if usual else min(mode.rates_hz),)
    return tuple(rate for rate in mode.rates_hz if abs(rate - wanted_hz) <= _SAME_RATE * wanted_hz)


def _worth(taken: TakenMode) -> tuple[float, bool]:
    rate = _USUAL_HZ if taken.rate_hz is None else taken.rate_hz
    # 29.97 is no reason to decode JPEG
    return round(min(rate, _USUAL_HZ)), taken.format != "mjpeg"


def told_modes(modes: Sequence[Mode], size: tuple[int, int], form: str | None) -> str:
    """Return what a device offers as one line: rates of the size that is asked for, else sizes and formats.

    Args:
        modes: what it offers.
        size: width and height in pixels that are asked for.
        form: the format that is asked for, or None.
    """
    formats = tuple(dict.fromkeys(mode.format for mode in modes))
    near = [
        mode
        for mode in modes
        if (mode.width, mode.height) == size and (form not in formats or mode.format == form)
    ]
    if near and form in {None, *formats}:
        return ", ".join(str(mode) for mode in near)
    sizes = dict.fromkeys(f"{mode.width}x{mode.height}" for mode in modes)
    return f"{', '.join(sizes)} as {', '.join(formats)}" if modes else ""
