"""What an ffmpeg program is told on its command line, and what through its standard input."""

from edge.cameras.ffmpeg_input import ffmpeg_input


def test_an_address_without_a_login_is_an_argument() -> None:
    """Nothing is hidden that is no secret, and the options stay as they were written."""
    told = ffmpeg_input("rtsp://10.0.0.7/main", ("-rtsp_transport", "tcp", "-hwaccel", "vaapi"))

    assert told.arguments == (
        *("-rtsp_transport", "tcp", "-hwaccel", "vaapi"),
        *("-i", "rtsp://10.0.0.7/main"),
    )
    assert told.told is None


def test_a_login_goes_through_the_pipe_with_its_readers_options() -> None:
    """The decoder's options stay arguments; those of the stream's reader stand beside the address."""
    told = ffmpeg_input(
        "rtsp://ward:it's@10.0.0.7/main",
        ("-hwaccel", "vaapi", "-rtsp_transport", "udp", "-re", "-timeout", "3000000"),
    )

    assert told.arguments[:3] == ("-hwaccel", "vaapi", "-re")
    assert told.arguments[-4:] == ("-f", "concat", "-i", "pipe:0")
    assert told.told == (
        b"ffconcat version 1.0\n"
        b"file 'rtsp://ward:it'\\''s@10.0.0.7/main'\n"
        b"option rtsp_transport 'udp'\n"
        b"option timeout '3000000'\n"
    )


def test_a_line_break_in_an_address_begins_no_line_of_the_list() -> None:
    """Nobody can add a file of the box's own by an address."""
    told = ffmpeg_input("rtsp://a:b@c/d\nfile '/etc/passwd'", ())

    assert told.told is not None
    assert told.told.count(b"\n") == 2


def test_a_token_in_an_address_is_a_secret_too() -> None:
    """What is covered in messages does not stand among the arguments."""
    told = ffmpeg_input("rtsp://10.0.0.7/main?token=abc", ())

    assert "token" not in " ".join(told.arguments)
