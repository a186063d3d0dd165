"""The bits of a perceptual hash, in their order."""

from contracts.picture_hash import COLUMNS, HASH_BITS, ROWS, difference_bits


def test_a_bit_says_that_it_becomes_brighter_to_the_right() -> None:
    """The first pixel of the first row is the highest bit, the last of the last row the lowest."""
    grey = [[0.0] * COLUMNS for _ in range(ROWS)]
    grey[0][1] = 9.0
    grey[-1][-1] = 9.0

    assert difference_bits(grey, 3.0) == 1 << HASH_BITS - 1 | 1


def test_a_step_is_not_exceeded_by_itself() -> None:
    """Noise of up to as many grey levels sets no bit."""
    grey = [[float(column % 2 * 3) for column in range(COLUMNS)] for _ in range(ROWS)]

    assert difference_bits(grey, 3.0) == 0
