"""The buffered socket: the same bytes, in fewer pieces."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.buffered_socket import BufferedSocket


@pytest.fixture
def pair() -> Iterator[tuple[BufferedSocket, socket.socket]]:
    """Yield a buffered socket and its other end."""
    near, far = socket.socketpair()
    near.setblocking(False)
    buffered = BufferedSocket(near)
    yield buffered, far
    buffered.close()
    far.close()


def test_small_reads_take_from_one_large_one(pair: tuple[BufferedSocket, socket.socket]) -> None:
    """What came in together is handed out piece by piece, and ``pending`` says what is left."""
    near, far = pair
    far.sendall(b"abcdef")

    assert near.recv(2) == b"ab"
    assert near.pending() == 4
    assert near.recv(100) == b"cdef"
    assert near.pending() == 0
    with pytest.raises(BlockingIOError):
        near.recv(1)


def test_writes_leave_together(pair: tuple[BufferedSocket, socket.socket]) -> None:
    """Nothing leaves before the flush, everything with it."""
    near, far = pair
    far.setblocking(False)
    near.send(b"abc")
    near.send(b"def")
    with pytest.raises(BlockingIOError):
        far.recv(10)

    near.flush()

    assert far.recv(10) == b"abcdef"
    assert near.unsent_bytes == 0


def test_a_peer_that_reads_nothing_stops_the_writer(
    pair: tuple[BufferedSocket, socket.socket],
) -> None:
    """The buffer is bounded: beyond it, the writer is told to wait; nothing is lost."""
    near, far = pair
    block = bytes(100_000)
    taken = 0

    def flood() -> None:
        nonlocal taken
        while taken < 100_000_000:
            taken += near.send(block)

    with pytest.raises(BlockingIOError):
        flood()

    received = 0
    while received < taken:
        near.flush()
        received += len(far.recv(1_000_000))

    assert taken < 10_000_000
    assert received == taken


def test_closing_sends_what_waits(pair: tuple[BufferedSocket, socket.socket]) -> None:
    """A goodbye that was just written still leaves."""
    near, far = pair
    near.send(b"bye")

    near.close()

    assert far.recv(10) == b"bye"
    assert far.recv(10) == b""


def test_the_other_sides_end_is_an_empty_read(pair: tuple[BufferedSocket, socket.socket]) -> None:
    """As with any socket, no bytes mean that nothing more comes."""
    near, far = pair
    far.close()

    assert near.recv(1) == b""


@given(st.lists(st.binary(min_size=1, max_size=500), max_size=20), st.integers(1, 300))
def test_bytes_arrive_as_they_were_sent(blocks: list[bytes], size: int) -> None:
    """However they are cut, the bytes and their order stay."""
    first, second = socket.socketpair()
    first.setblocking(False)
    second.setblocking(False)
    near, far = BufferedSocket(first), BufferedSocket(second)
    for block in blocks:
        near.send(block)
    near.close()

    got = b""
    while piece := far.recv(size):
        got += piece
    far.close()

    assert b"".join(blocks) == got
