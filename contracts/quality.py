"""Quality of a value: QARTOD flags and the checks that give them."""

from collections.abc import Iterable
from enum import IntEnum, StrEnum

__all__ = ["QualityCheck", "QualityFlag", "worst_flag"]


class QualityFlag(IntEnum):
    """How far a value can be trusted.

    Source: IOOS QARTOD, Manual for Real-Time Oceanographic Data Quality Control Flags, version 1.2
    (2020), table 1; the codes of IODE's primary level flags.
    """

    PASS = 1
    """合格: every check that could be made was passed."""
    NOT_EVALUATED = 2
    """未检: the check could not be made, for example on the first value of a series."""
    SUSPECT = 3
    """可疑: used, and marked."""
    FAIL = 4
    """不合格: not used."""
    MISSING = 9
    """缺失: there is no value, or none of the right type and unit."""


class QualityCheck(StrEnum):
    """What a value was held against. Durations are seconds of event time."""

    RANGE = "range"
    """量程: outside what the sensor can measure; QARTOD gross range test."""
    SPIKE = "spike"
    """尖峰: away from both neighbours in the same direction; QARTOD spike test."""
    RATE = "rate"
    """突变: changes faster than it can; QARTOD rate of change test."""
    STUCK = "stuck"
    """卡滞: does not move for too long; QARTOD flat line test."""
    DRIFT = "drift"
    """漂移: creeps one way at a steady pace."""
    LATE = "late"
    """迟到: arrived long after its time."""
    SKEW = "skew"
    """时钟偏差: dated after its arrival."""
    GAP = "gap"
    """断档: the series was interrupted before it; QARTOD time gap test."""
    VALUE = "value"
    """There is no usable value: not a number, of the wrong type or unit."""


_PRECEDENCE = {
    QualityFlag.MISSING: 0,
    QualityFlag.NOT_EVALUATED: 1,
    QualityFlag.PASS: 2,
    QualityFlag.SUSPECT: 3,
    QualityFlag.FAIL: 4,
}


def worst_flag(flags: Iterable[QualityFlag]) -> QualityFlag:
    """Return the flag of a value that several checks flagged; MISSING where there is none.

    Source: precedence of ``qartod_compare`` in ioos-qc 3.0.0: missing, not evaluated, pass, suspect,
    fail, the last that occurs wins.
    """
    return max(flags, key=_PRECEDENCE.__getitem__, default=QualityFlag.MISSING)
