"""``cityloop edge init``."""

from pathlib import Path
from typing import Any

import click

__all__ = ["init"]


@click.command("init")
@click.argument("source")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("edge.yaml"),
    show_default=True,
    help="Configuration to write, or to put the camera into.",
)
@click.option(
    "--camera", "camera_id", help="Id of the camera. Default: camera-1, or from the file."
)
@click.option(
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    help="ONNX file of its detector. Default: background subtraction.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to serve the page on."
)
@click.option("--port", default=0, show_default=True, help="Port; 0 takes a free one.")
@click.option("--open/--no-open", "opens", default=True, help="Open the page in a browser.")
def init(
    source: str,
    config_path: Path,
    camera_id: str | None,
    model: Path | None,
    host: str,
    port: int,
    *,
    opens: bool,
) -> None:
    """Set up a camera in ten minutes: take its picture, draw on it, test, write the configuration.

    SOURCE is the camera's rtsp:// address (with user and password, if it has any), a USB camera's device
    such as /dev/video0 (v4l2:///dev/video0?size=1280x720 asks for a size), or a video file.
    Serves one page, on this machine only unless --host says otherwise, until it is closed there or by
    Ctrl-C. Over SSH: ssh -L 8765:127.0.0.1:8765 BOX and --port 8765 --no-open.

    Exit codes: 0 a configuration was written, 1 none was, 2 it could not begin.
    """
    import webbrowser  # noqa: PLC0415 - keeps --help quick

    from edge.cameras.address import redact  # noqa: PLC0415 - as above
    from edge.errors import EdgeError  # noqa: PLC0415 - as above
    from edge.setup_page.server import SetupServer  # noqa: PLC0415 - as above
    from edge.setup_page.source_address import parse_typed  # noqa: PLC0415 - as above
    from edge.setup_page.workbench import Workbench  # noqa: PLC0415 - as above
    from runtime.errors import RuntimeFault  # noqa: PLC0415 - as above
    from runtime.process import stop_on_signals  # noqa: PLC0415 - as above

    folder = config_path.resolve().parent
    detector: dict[str, Any] = {"kind": "background"}
    if model is not None:
        path = model.resolve()
        shown = path.relative_to(folder) if path.is_relative_to(folder) else path
        detector = {"kind": "onnx", "model": str(shown)}
    try:
        typed = parse_typed(source)
        bench = Workbench(config_path, camera_id or "camera-1", typed, detector)
        bench.existing()
        finding = bench.take_picture()
        server = SetupServer(bench, host=host, port=port, again=_show)
    except (EdgeError, RuntimeFault, OSError, ValueError) as error:
        click.echo(f"Error: {redact(str(error))}", err=True)
        raise SystemExit(2) from error
    click.echo(f"{finding.check}: {finding.verdict.value}: {finding.detail}", err=True)
    if finding.advice:
        click.echo(f"  {finding.advice}", err=True)
    with stop_on_signals() as stop:
        server.start()
        if host not in {"127.0.0.1", "::1", "localhost"}:
            click.echo(f"{host}: the page is not encrypted and others can reach it", err=True)
        _show(server.link)
        if opens:
            webbrowser.open(server.link)
        try:
            while not stop and not server.finished.wait(0.2):
                pass
        finally:
            server.close()
    for written in dict.fromkeys(server.written):
        click.echo(f"wrote {written}; check it with: cityloop edge doctor --config {written}")
    if not server.written:
        click.echo("nothing was written", err=True)
        raise SystemExit(1)


def _show(link: str) -> None:
    click.echo(f"open this page (the link works once): {link}")
