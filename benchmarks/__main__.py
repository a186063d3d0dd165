"""``python -m benchmarks NAME [--json]``: run one of the benchmarks in this folder."""

import importlib
import pkgutil

import click

import benchmarks


def _names() -> list[str]:
    return sorted(
        module.name
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.name.startswith("_")
    )


@click.command()
@click.argument("name", type=click.Choice(_names()))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--rows", type=click.IntRange(1), default=None, help="Only telemetry: rows to store.")
@click.option(
    "--batch", type=click.IntRange(1), default=None, help="Only telemetry: points of one write."
)
@click.option("--soak", "soak_s", type=float, default=None, help="Only edge: seconds to run on.")
@click.option(
    "--cases", type=click.IntRange(100), default=None, help="Only api_scale and console: cases."
)
@click.option(
    "--posts", type=click.IntRange(400), default=None, help="Only api: single posts on each store."
)
@click.option(
    "--listeners", type=click.IntRange(1), default=None, help="Only api_stream: who listens."
)
def main(
    name: str,
    rows: int | None,
    batch: int | None,
    soak_s: float | None,
    cases: int | None,
    posts: int | None,
    listeners: int | None,
    *,
    as_json: bool,
) -> None:
    """Run the benchmark NAME and print its figures; ratios are of one and the same run."""
    given = {
        "rows": rows,
        "batch": batch,
        "soak_s": soak_s,
        "cases": cases,
        "posts": posts,
        "listeners": listeners,
    }
    sizes = {option: value for option, value in given.items() if value is not None}
    importlib.import_module(f"benchmarks.{name}").main(as_json=as_json, **sizes)


if __name__ == "__main__":
    main()
