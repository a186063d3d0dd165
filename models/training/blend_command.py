"""``cityloop models blend``: a network between two."""

from pathlib import Path

import click

__all__ = ["blend"]

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("first", type=_FILE)
@click.argument("second", type=_FILE)
@click.option(
    "--share",
    type=click.FloatRange(0.0, 1.0),
    default=0.5,
    show_default=True,
    help="Of SECOND.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for model.onnx and weights.pt.",
)
def blend(first: Path, second: Path, share: float, out: Path) -> None:
    """Make the network between FIRST and SECOND, which was trained --from it; both are .pt.

    What a short further training forgot often comes back, and most of what it learned stays. Needs torch,
    in an environment of its own (`make trainer`).
    """
    from models.training.errors import TrainingError  # noqa: PLC0415 - keeps --help quick
    from models.training.toolbox import need_torch  # noqa: PLC0415

    try:
        need_torch()
        from models.training.blending import blended  # noqa: PLC0415
        from models.training.checkpoint import (  # noqa: PLC0415
            build_network,
            load_checkpoint,
            save_checkpoint,
            slimmed,
        )
        from models.training.export import export_network  # noqa: PLC0415

        made = blended(load_checkpoint(first), load_checkpoint(second), share)
        net = build_network(made.recipe)
        net.load_state_dict(made.average)
        out.mkdir(parents=True, exist_ok=True)
        export_network(net, made.recipe, out / "model.onnx", licence="Apache-2.0")
        save_checkpoint(out / "weights.pt", slimmed(made))
    except TrainingError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out / 'model.onnx'}: {(out / 'model.onnx').stat().st_size / 1e6:.2f} MB")
