"""An HTML page of pictures to review: one file, no server, no script from elsewhere."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from models.learning.reviewed import Reviewed, file_of

__all__ = ["contact_page"]

_STYLE = """
body{font:14px system-ui,sans-serif;margin:1.5rem;background:#f4f5f7;color:#1d2330}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(320px,1fr));gap:1rem}
figure{margin:0;background:#fff;border:1px solid #d5d9e0;border-radius:6px;overflow:hidden}
.picture{position:relative;line-height:0}
.picture img{width:100%;height:auto}
.picture svg{position:absolute;inset:0;width:100%;height:100%}
rect{fill:none;stroke:#e4572e;stroke-width:2;vector-effect:non-scaling-stroke}
rect.said{stroke:#1a7f5a}
figcaption{padding:.6rem .8rem}
.why{font-weight:600}
.muted{color:#5b6474}
"""


def contact_page(pictures: Sequence[Reviewed], folder: Path) -> str:
    """Return a page that shows each picture with its boxes, why it is here, and what was said of it.

    Args:
        pictures: to show, in this order.
        folder: where their files lie; a file that is missing is said to be.
    """
    figures = "\n".join(_figure(one, folder) for one in pictures)
    count = f"{len(pictures)} pictures" if len(pictures) != 1 else "1 picture"
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>Review 人工复核</title><style>{_STYLE}</style></head>"
        f"<body><h1>Review <span lang='zh'>人工复核</span></h1><p class='muted'>{count}. Orange: what the "
        f"network found. Green: what a person says.</p><main>\n{figures}\n</main></body></html>\n"
    )


def _figure(picture: Reviewed, folder: Path) -> str:
    item = picture.item
    said = "not looked at yet"
    if picture.accepted is not None:
        count = "1 box" if len(picture.boxes) == 1 else f"{len(picture.boxes)} boxes"
        said = f"{count} by a person" if picture.accepted else "of no use"
    rows = "".join(
        f"<rect class='{'said' if picture.accepted else 'found'}' x='{box.box_xyxy[0]:.4f}' "
        f"y='{box.box_xyxy[1]:.4f}' width='{box.box_xyxy[2] - box.box_xyxy[0]:.4f}' "
        f"height='{box.box_xyxy[3] - box.box_xyxy[1]:.4f}'><title>{escape(box.label)}</title></rect>"
        for box in picture.shown
    )
    words = ", ".join(
        escape(box.label) + ("" if box.confidence is None else f" {box.confidence:.2f}")
        for box in picture.shown
    )
    model = f"<br><span class='muted'>{escape(item.model)}</span>" if item.model else ""
    return (
        f"<figure id='{item.id}'><div class='picture'>{_image(picture, folder)}"
        f"<svg viewBox='0 0 1 1' preserveAspectRatio='none'>{rows}</svg></div>"
        f"<figcaption><span class='why'>{escape(item.reason.value.replace('_', ' '))}</span> · "
        f"{escape(item.camera)} · <time>{item.taken_at:%Y-%m-%d %H:%M:%S}</time><br>"
        f"{words or 'nothing found'}<br><span class='muted'>{said}</span>{model}</figcaption></figure>"
    )


def _image(picture: Reviewed, folder: Path) -> str:
    path = folder / file_of(picture.item)
    alt = escape(f"{picture.item.camera}, {picture.item.reason.value}", quote=True)
    if not path.is_file():
        return f"<p class='muted'>{escape(path.name)} is missing</p>"
    data = base64.b64encode(path.read_bytes()).decode()
    return f"<img alt='{alt}' src='data:image/jpeg;base64,{data}'>"
