"""Blocks of shared memory that are divided into slots of one size."""

from multiprocessing import shared_memory

import numpy as np
from numpy.typing import NDArray

__all__ = ["SlotBlock"]


class SlotBlock:
    """A block of ``slots`` slots of ``slot_bytes`` bytes each.

    Args:
        slots: how many.
        slot_bytes: size of each.
        name: of an existing block; None creates one, which its creator removes again.

    Raises:
        OSError: there is not enough shared memory; a container may need ``--shm-size``.
        FileNotFoundError: the block is gone, with its creator.
    """

    def __init__(self, slots: int, slot_bytes: int, *, name: str | None = None) -> None:
        self.slots = slots
        self.slot_bytes = slot_bytes
        self._owner = name is None
        if name is None:
            size = slots * slot_bytes
            self._memory = shared_memory.SharedMemory(create=True, size=size)
        else:
            self._memory = shared_memory.SharedMemory(name=name)
        self.name = self._memory.name

    def slot(self, number: int) -> NDArray[np.uint8]:
        """Return one slot, uint8 (slot_bytes,), shared with the other process.

        Nothing may hold the array when the block is closed.
        """
        start = number * self.slot_bytes
        assert self._memory.buf is not None, "a closed block has no slots"
        return np.frombuffer(self._memory.buf, np.uint8, self.slot_bytes, start)

    def close(self) -> None:
        """Let go of the block; its creator also removes it."""
        try:
            self._memory.close()
        finally:
            if self._owner:
                self._memory.unlink()

    def remove(self) -> None:
        """Remove a block whose creator died without doing so."""
        self._memory.close()
        self._memory.unlink()
