"""Forms with which GeoReport clients report something.

Source: Open311 GeoReport v2, "POST Service Request".
"""

import re

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from cloud_api.citizens.reports import Report
from cloud_api.errors import InvalidInput, Problem
from contracts.envelope import Place

__all__ = ["field_of", "read_form", "report_of"]

_PICTURES = 5
_FIELD = 4000


async def read_form(request: Request) -> FormData:
    """Return the fields and files of a form.

    Raises:
        InvalidInput: it is none, or has too many parts.
    """
    try:
        return await request.form(max_files=_PICTURES, max_fields=100)
    except HTTPException as error:
        if isinstance(error.__cause__, Problem):
            raise error.__cause__ from error
        raise InvalidInput(f"form: {error.detail}") from error


def field_of(fields: FormData, name: str) -> str:
    """Return a field as text, stripped; empty where there is none.

    Raises:
        InvalidInput: it is too long, or no database holds it.
    """
    value = fields.get(name)
    text = value if isinstance(value, str) else ""
    if len(text) > _FIELD or "\x00" in text:
        raise InvalidInput(f"{name}: expected at most {_FIELD} characters, none of them U+0000")
    return text.strip()


def report_of(fields: FormData, pictures: tuple[str, ...]) -> Report:
    """Return the report in a form.

    Args:
        fields: as :func:`read_form` returns them.
        pictures: hashes of the pictures that came with it, stored already.

    Raises:
        InvalidInput: a field is missing or wrong.
    """
    service_code = field_of(fields, "service_code")
    if not service_code:
        raise InvalidInput("service_code was not provided")
    lat, lon = field_of(fields, "lat"), field_of(fields, "long")
    place = None
    if lat or lon:
        try:
            place = Place(lon=float(lon), lat=float(lat))
        except ValueError as error:
            raise InvalidInput("lat and long: expected degrees, both") from error
        if not (-180.0 <= place.lon <= 180.0 and -90.0 <= place.lat <= 90.0):
            raise InvalidInput("lat and long: expected degrees of WGS 84")
    names = f"{field_of(fields, 'first_name')} {field_of(fields, 'last_name')}".strip()
    contact = {
        "name": names,
        "email": field_of(fields, "email"),
        "phone": field_of(fields, "phone"),
    }
    media_url = field_of(fields, "media_url")
    if media_url and not re.match(r"https?://", media_url):
        raise InvalidInput("media_url: expected an address of the web")
    return Report(
        service_code=service_code,
        channel="open311",
        place=place,
        address=field_of(fields, "address_string"),
        text=field_of(fields, "description"),
        contact={kind: text for kind, text in contact.items() if text},
        pictures=pictures,
        media_urls=(media_url,) if media_url else (),
    )
