"""The text of Flux queries."""

from gateway.telemetry.flux import metrics_query, read_query, summary_query


def test_range_and_series_are_named_exactly() -> None:
    """Bucket, times, device and field stand where Flux wants them."""
    query = read_query("city", "w-1", "depth_m", from_us=0, to_us=1_500_000, limit=7)

    assert query == (
        'from(bucket: "city") |> range(start: 1970-01-01T00:00:00Z, '
        "stop: 1970-01-01T00:00:01.500000Z) "
        '|> filter(fn: (r) => r._measurement == "cityloop" and r.device == "w-1" '
        'and r._field == "depth_m") |> sort(columns: ["_time"]) |> limit(n: 7)'
    )


def test_no_name_can_break_out_of_its_literal() -> None:
    """Quotes, backslashes and interpolation in a name stay text."""
    query = metrics_query("b", 'x" or true or r.a == "${1+1}\\')

    assert '"x\\" or true or r.a == \\"\\${1+1}\\\\"' in query


def test_summary_asks_for_four_figures_of_each_step() -> None:
    """Count, least, most and sum are enough for the mean of any longer step."""
    query = summary_query("b", "d", "m", from_us=0, to_us=1, step_s=60)

    assert [query.count(f"fn: {fn}") for fn in ("count", "min", "max", "sum")] == [1, 1, 1, 1]
    assert query.count("every: 60s") == 4
