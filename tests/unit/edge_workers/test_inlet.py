"""Asking a pipe whether something waits in it."""

from multiprocessing import Pipe

from edge.workers.inlet import Inlet


def test_a_message_waits_until_it_is_taken() -> None:
    """Nothing, then something, then nothing again."""
    ours, theirs = Pipe()
    inlet = Inlet(ours)
    before = inlet.waits()
    theirs.send(1)
    meanwhile = inlet.waits()
    ours.recv()

    assert (before, meanwhile, inlet.waits()) == (False, True, False)
    ours.close()
    theirs.close()


def test_a_hang_up_waits_to_be_noticed() -> None:
    """Who asks is told to receive, and learns there that the other side is gone."""
    ours, theirs = Pipe()
    inlet = Inlet(ours)
    theirs.close()

    assert inlet.waits()
    ours.close()
