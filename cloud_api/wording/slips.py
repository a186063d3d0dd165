"""Slips of the pen: what fingers and input methods do to a phrase."""

from random import Random

__all__ = ["slip"]

_HOMOPHONES = dict(
    zip(
        "的没有在路水车灯垃圾树井盖坏了停人行道里下店上公污味满门烟电",
        "得莫又再露氺扯登拉极数景该怀乐亭仁形到理吓点尚工乌位慢们咽店",
        strict=True,
    )
)
"""Characters that an input method by sound takes for others."""

_NEIGHBOURS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuiopoasdfghjksxcvbnmn", strict=True))
"""The next key on the board."""


def slip(phrase: str, rng: Random) -> str:
    """Return a phrase with one slip, or two in a long one: a wrong, lost, doubled or swapped character.

    A phrase of three characters or less stays as it is: a slip there leaves nothing to read.
    """
    written = list(phrase)
    if len(written) <= 3:
        return phrase
    for _ in range(1 if len(phrase) < 12 else 2):
        at = rng.randrange(len(written) - 1)
        match rng.choice(("wrong", "lost", "doubled", "swapped")):
            case "wrong":
                sounds = [n for n, letter in enumerate(written) if letter in _HOMOPHONES]
                if sounds:
                    at = rng.choice(sounds)
                letter = written[at]
                written[at] = _HOMOPHONES.get(letter, _NEIGHBOURS.get(letter, letter))
            case "lost":
                del written[at]
            case "doubled":
                written.insert(at, written[at])
            case _:
                written[at], written[at + 1] = written[at + 1], written[at]
    return "".join(written)
