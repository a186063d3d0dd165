"""Labels in the format "CVAT for images 1.1": what CVAT takes in and gives out.

Source: the format's description in CVAT's manual, https://docs.cvat.ai/docs/manual/advanced/xml_format/.
"""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from defusedxml.ElementTree import ParseError, fromstring

from contracts.review import LabelledBox
from models.learning.errors import ExchangeRefused
from models.learning.reviewed import Reviewed, file_of

__all__ = ["from_cvat", "to_cvat"]


def to_cvat(pictures: Sequence[Reviewed], labels: Sequence[str]) -> bytes:
    """Return an XML document with the boxes of pictures, to begin with.

    Args:
        pictures: their files go into CVAT beside this document.
        labels: all names that a person may give.
    """
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    task = SubElement(SubElement(root, "meta"), "task")
    names = SubElement(task, "labels")
    for name in labels:
        label = SubElement(names, "label")
        SubElement(label, "name").text = name
        SubElement(label, "attributes")
    for number, picture in enumerate(pictures):
        item = picture.item
        image = SubElement(
            root,
            "image",
            id=str(number),
            name=file_of(item),
            width=str(item.width),
            height=str(item.height),
        )
        for box in picture.shown:
            left, top, right, bottom = box.box_xyxy
            SubElement(
                image,
                "box",
                label=box.label,
                occluded="0",
                source="auto" if picture.accepted is None else "manual",
                xtl=f"{left * item.width:.2f}",
                ytl=f"{top * item.height:.2f}",
                xbr=f"{right * item.width:.2f}",
                ybr=f"{bottom * item.height:.2f}",
                z_order="0",
            )
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def from_cvat(content: bytes) -> Mapping[str, tuple[LabelledBox, ...]]:
    """Return the boxes of each picture, by the name of its file without its folder.

    Raises:
        ExchangeRefused: it is no such document, or a box lies outside of its picture.
    """
    try:
        root = fromstring(content)
    except (ParseError, ValueError) as error:
        raise ExchangeRefused(f"CVAT: {error}; expected 'CVAT for images 1.1'") from error
    if root.tag != "annotations":
        raise ExchangeRefused(f"CVAT: it begins with <{root.tag}>; expected <annotations>")
    found: dict[str, tuple[LabelledBox, ...]] = {}
    for image in root.iter("image"):
        name = image.get("name", "").rsplit("/", 1)[-1]
        try:
            width, height = float(image.attrib["width"]), float(image.attrib["height"])
            found[name] = tuple(_box(one, width, height) for one in image.iter("box"))
        except (KeyError, ValueError, ZeroDivisionError) as error:
            raise ExchangeRefused(f"CVAT: image {name!r}: {error!r}; expected boxes") from error
    return found


def _box(box: Element, width: float, height: float) -> LabelledBox:
    left, top, right, bottom = (
        min(max(float(box.attrib[name]) / scale, 0.0), 1.0)
        for name, scale in (("xtl", width), ("ytl", height), ("xbr", width), ("ybr", height))
    )
    if right <= left or bottom <= top:
        raise ValueError("a box without any area")
    return LabelledBox(label=box.attrib["label"], box_xyxy=(left, top, right, bottom))
