"""Golden messages: a mapping is believed when its own examples come out as it says."""

import msgspec

from cloud_api.orders.errors import OrderUnread
from cloud_api.orders.mapping import OrderMapping
from cloud_api.orders.reading import ReadOrder, read_orders, value_at

__all__ = ["check_mapping", "plain_order"]


def plain_order(found: ReadOrder) -> dict[str, object]:
    """Return an order as plain data, what is sealed elsewhere under ``personal``."""
    plain = msgspec.to_builtins(found.order)
    assert isinstance(plain, dict)
    return plain | {"personal": msgspec.to_builtins(found.personal)}


def check_mapping(mapping: OrderMapping) -> list[str]:
    """Return what does not come out as the golden messages say; nothing where all is well."""
    faults: list[str] = []
    for golden in mapping.golden:
        where = f"golden {golden.name!r}"
        try:
            found, unread = read_orders(mapping, golden.document.encode())
        except OrderUnread as error:
            faults.append(f"{where}: {error}")
            continue
        faults += [f"{where}: item {each.position}: {each.why}" for each in unread]
        if len(found) != len(golden.expect):
            faults.append(f"{where}: {len(found)} orders came out; expected {len(golden.expect)}")
            continue
        for number, (one, expected) in enumerate(zip(found, golden.expect, strict=True)):
            plain = plain_order(one)
            for path, value in expected.items():
                came = value_at(plain, path)
                if came != value:
                    faults.append(
                        f"{where}: order {number}: {path} is {came!r}; expected {value!r}"
                    )
    return faults
