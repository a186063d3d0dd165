"""Messages leave for real: to a mail server and to web servers on loopback."""

import email
import email.policy
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot
from click.testing import CliRunner

from cloud_api.__main__ import main
from cloud_api.notices.errors import NoticePlanError, NoticeUnsent
from cloud_api.notices.plan import Channel
from cloud_api.notices.senders import AppriseSender, Message
from tests.integration.cloud_api.listeners import Listener, listening

pytestmark = [
    pytest.mark.slow,
    # apprise loads every plugin that it has, and the libraries of some are old
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

GROUP = Message("robot", None, "【红】积水", "案件 futian-20260601-0001")


class _Mailbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a message."""
        self.received.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[_Mailbox, int]]:
    """A mail server and its port."""
    box = _Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A web server."""
    with listening() as found:
        yield found


def test_mail_arrives(mailbox: tuple[_Mailbox, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's address takes the placeholder's place, subject and text arrive as they were."""
    box, port = mailbox
    monkeypatch.setenv(
        "MAIL", f"mailto://127.0.0.1:{port}?from=city@city.test&to={{address}}&format=text"
    )
    channel = Channel(id="mail", url_env="MAIL", address="email")

    AppriseSender().send(channel, Message("mail", "li@street.test", "【红】积水", "三号路\n第二行"))

    (envelope,) = box.received
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert envelope.rcpt_tos == ["li@street.test"]
    assert message["subject"] == "【红】积水"
    body = message.get_body()
    assert body is not None
    assert "三号路" in body.get_content()
    assert "第二行" in body.get_content()


def test_sms_gateway_is_asked(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway with a web interface gets the number and the text."""
    monkeypatch.setenv("SMS", listener.url.replace("http", "json") + "/send?:phone={address}")
    channel = Channel(id="sms", url_env="SMS", address="phone")

    AppriseSender().send(channel, Message("sms", "+86 138", "t", "b"))

    sent = json.loads(listener.heard[0].body)
    assert (sent["phone"], sent["title"], sent["message"]) == ("+86 138", "t", "b")


@pytest.mark.parametrize(
    ("plugin", "url", "path"),
    [
        pytest.param(NotifyWeComBot, "wecombot://robotkey1234", "/wecom", id="wecom"),
        pytest.param(NotifyDingTalk, "dingtalk://accesstoken1234", "/dingtalk", id="dingtalk"),
        pytest.param(NotifyFeishu, "feishu://feishutoken1234", "/feishu", id="feishu"),
    ],
)
def test_robots_of_chats_are_asked(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, plugin: type, url: str, path: str
) -> None:
    """The request of each robot goes out with the words in it; only the host is loopback's."""
    monkeypatch.setattr(plugin, "notify_url", listener.url + path)
    monkeypatch.setenv("ROBOT", url)

    AppriseSender().send(Channel(id="robot", url_env="ROBOT"), GROUP)

    assert listener.heard[0].path.startswith(path)
    assert "futian-20260601-0001" in json.dumps(
        json.loads(listener.heard[0].body), ensure_ascii=False
    )


def test_a_refusal_is_said_without_the_secret(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the channel answers is kept, its token is not."""
    listener.answer = lambda _heard: 403
    monkeypatch.setenv("HOOK", listener.url.replace("http", "json") + "/secrettoken99/")

    with pytest.raises(NoticeUnsent, match="403") as caught:
        AppriseSender().send(Channel(id="hook", url_env="HOOK"), GROUP)

    assert "secrettoken99" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("", "is empty", id="unset"),
        pytest.param("nonsense://x", "does not know", id="unknown"),
        pytest.param("json://h/{address}", "belongs into the address", id="placeholder"),
    ],
)
def test_an_unusable_address_is_named(
    monkeypatch: pytest.MonkeyPatch, url: str, message: str
) -> None:
    """A person has to mend it."""
    monkeypatch.setenv("HOOK", url)

    with pytest.raises(NoticePlanError, match=message):
        AppriseSender().send(Channel(id="hook", url_env="HOOK"), GROUP)


def _rehearse(folder: Path, *options: str) -> tuple[int, str]:
    (folder / "notices.yaml").write_text(
        "channels:\n- {id: hook, url_env: HOOK}\n"
        "routes:\n- {id: all, occasions: [opened], channels: [hook]}\n"
    )
    (folder / "api.yaml").write_text(f"notices: {folder / 'notices.yaml'}\n")
    done = CliRunner().invoke(
        main, ["notify", "test", "--config", str(folder / "api.yaml"), *options]
    )
    return done.exit_code, done.output


def test_a_rehearsal_sends_nothing(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`notify test` shows who would be told, in which words."""
    monkeypatch.setenv("HOOK", listener.url.replace("http", "json"))
    status, output = _rehearse(tmp_path, "--json")

    assert (status, listener.heard) == (0, [])
    assert json.loads(output)["notices"][0]["title"].startswith("【红】通知演练")


def test_a_rehearsal_can_send(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`notify test --send` sends, and says so."""
    monkeypatch.setenv("HOOK", listener.url.replace("http", "json"))
    status, output = _rehearse(tmp_path, "--send", "--level", "yellow")

    assert (status, len(listener.heard)) == (0, 1)
    assert "[sent]" in output
