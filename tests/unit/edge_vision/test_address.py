"""Addresses of cameras."""

import pytest

from edge.cameras.address import parse_address, redact


@pytest.mark.parametrize(
    ("text", "shown", "live"),
    [
        ("clip.mp4", "clip.mp4", False),
        ("file:///srv/clip.mp4", "/srv/clip.mp4", False),
        ("v4l2:///dev/video0", "/dev/video0", True),
        ("v4l2:///dev/video0?size=640x480&rate=15", "/dev/video0", True),
        ("rtsp://10.0.0.9/stream1", "rtsp://10.0.0.9/stream1", True),
        ("rtsp://admin:p@ss/w0rd@10.0.0.9/s", "rtsp://***@10.0.0.9/s", True),
        ("rtsp://admin:s3cret@10.0.0.9/s", "rtsp://***@10.0.0.9/s", True),
        (
            "http://10.0.0.9/v?user=a&password=s3cret&ch=1",
            "http://10.0.0.9/v?user=***&password=***&ch=1",
            True,
        ),
    ],
    ids=["file", "file-url", "device", "device-mode", "rtsp", "unescaped", "credentials", "query"],
)
def test_address_is_shown_without_credentials(text: str, shown: str, live: bool) -> None:
    """A message may hold an address, but never its user or password."""
    address = parse_address(text)

    assert shown == str(address)
    assert live == address.live
    assert "s3cret" not in repr(address)


def test_credentials_inside_a_sentence_are_redacted() -> None:
    """An error text of a library that quotes the URL is cleaned too."""
    assert redact("cannot open rtsp://u:p@cam/1 now") == "cannot open rtsp://***@cam/1 now"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:pa'ss@10.0.0.9/s", "rtsp://***@10.0.0.9/s"),
        ('rtsp://admin:pa"s"s@10.0.0.9/s', "rtsp://***@10.0.0.9/s"),
        ("cannot open 'rtsp://u:p'w@cam/1': timeout", "cannot open 'rtsp://***@cam/1': timeout"),
        ("http://cam/v?password=pa'ss&ch=1", "http://cam/v?password=***&ch=1"),
        ("cannot open 'http://cam/v?token=a'b': no", "cannot open 'http://cam/v?token=***': no"),
        ('"http://cam/v?key=x" failed', '"http://cam/v?key=***" failed'),
        ("http://cam/v?pwd='", "http://cam/v?pwd=***'"),
    ],
    ids=["single", "double", "quoted", "query", "quoted-query", "double-quoted", "only-a-quote"],
)
def test_quotes_in_a_password_hide_nothing_from_the_redaction(text: str, shown: str) -> None:
    """A raw quote is a letter of the password, and one around the address stays."""
    assert shown == redact(text)
