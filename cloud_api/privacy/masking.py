"""Masking personal data in texts: phone numbers, identity cards, plates, e-mail, names, addresses.

Pure, for Chinese and English, any number of them in one text. Rather too much than too little: what looks like a
phone number is masked, whoever wrote it. Digits may be full-width or Chinese (一三八…), with blanks and dashes
between. Ids that a machine made (UUIDs, hashes) stay.
"""

import re
from collections.abc import Mapping

from cloud_api.privacy.staff_names import WRITTEN_FIELDS, StaffNames

__all__ = ["PERSONAL_FIELDS", "STAFF_FIELDS", "STARS", "mask", "mask_value"]

PERSONAL_FIELDS = frozenset(
    {
        "contact_name",
        "contact_phone",
        "email",
        "first_name",
        "last_name",
        "mobile",
        "phone",
        "reporter_name",
        "reporter_phone",
    }
)
"""Fields that hold nothing but personal data; their value is masked whatever it looks like."""

STAFF_FIELDS = frozenset({"person", "owner"})
"""Fields that say which of the staff has something to do, or stands where."""

_RECIPIENT = "person:"
"""Before the id of one of the staff who was told something."""

_SECRETS = frozenset({"api_key", "key", "password", "token", "sha256", "hash", "href"})
"""Fields that a caller has to get as they are: they are random."""

STARS = "****"
"""Stands for what is not shown."""

_ALIKE = str.maketrans(
    {
        **{chr(ord("０") + n): str(n) for n in range(10)},
        **{word: str(n) for n, word in enumerate("零一二三四五六七八九")},
        "〇": "0",
        "幺": "1",
        "＋": "+",
        "－": "-",
        "–": "-",
        "—": "-",
        "‐": "-",
        "‑": "-",
        "−": "-",
        "·": "-",
        "•": "-",
        "（": "(",
        "）": ")",
        "：": ":",
        "\u3000": " ",
        "\u00a0": " ",
        "＠": "@",
    }
)
"""Characters that people write instead of others, one for one: places in the text stay the same."""

# Provinces' short names, then the letter of a city; 5 places, 6 for new energy. Source: GA 36-2018.
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使"
# The hundred most frequent surnames cover about 85 % of people. Source: Ministry of Public Security,
# report on names 2020; some frequent ones beyond them and compound ones are added.
_SURNAMES = (
    "欧阳|上官|司马|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋"
    "唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛"
    "闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟申欧詹关焦]"
)
_TITLES = "先生|女士|小姐|同志|师傅|阿姨|大爷|大妈|老师|经理|医生|警官"
_CUES = "我叫|名叫|叫做|姓名|名字|联系人|投诉人|举报人|报案人|报警人|反映人|来电人|业主|居民|市民|当事人|住户|租户|本人"
_STREETS = "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Ct|Place|Square"

_KEEP = re.compile(
    r"(?:cityloop|session|enrol)_[0-9a-f]{12,16}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9A-Za-z])"
    r"|(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)?(?!\d)"
)
"""What a machine made: hashes, UUIDs, moments."""

_BUILDING = "栋|幢|号楼|座|单元|室|房|楼|层|户"
_NUMBERED = tuple(
    re.compile(pattern)
    for pattern in (
        # e-mail
        r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}",
        # identity card: six digits of a place, a birthday, three digits and a check. Source: GB 11643-1999.
        r"(?<!\d)[1-9]\d{5}(?:19|20)\d\d[01]\d[0-3]\d{4}[\dXx](?!\d)",
        # mobile numbers, blanks and dashes anywhere
        r"(?<!\d)(?:(?:\+|00)?86[ -]{0,2})?1[ -]{0,2}[3-9](?:[ -]{0,2}\d){9}(?!\d)",
        r"(?<!\d)1[3-9]\d\.\d{4}\.\d{4}(?!\d)",
        # fixed lines with their area, service lines
        r"(?<!\d)(?:(?:\+|00)86[ -]?)?\(?0\d{2,3}\)?[ -]{0,2}\d{3,4}[ -]?\d{4}(?!\d)",
        r"(?<!\d)[48]00[ -]?\d{3}[ -]?\d{4}(?!\d)",
        # other countries. Source: E.164, at most 15 digits.
        r"\+\d{1,3}(?:[ .()-]{0,2}\d){6,14}(?!\d)",
        r"(?<![\d.-])\(?[2-9]\d\d\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?!\d)",
        # without an area, after a word that says what it is
        r"(?:电话|手机|号码|[Tt]el|[Pp]hone|[Cc]all)[.: 是为]{0,3}(?P<x>[1-9](?:[ -]?\d){6,11})(?!\d)",
        # house numbers, up to the room
        (
            rf"(?<=[路街巷弄道村里区苑园])(?P<x>\d{{1,5}}(?:-\d{{1,5}})?[号弄](?:之\d+|-\d+)?[ ,]?"
            rf"(?:[0-9A-Za-z]{{1,5}} ?(?:{_BUILDING})[ ,]?){{0,5}}(?:\d{{2,5}})?)"
        ),
        (
            rf"(?<![0-9A-Za-z])(?:[0-9A-Za-z]{{1,5}}(?:栋|幢|号楼|座|单元)[ ,]?){{1,3}}"
            rf"(?:[0-9A-Za-z]{{1,5}}(?:{_BUILDING})?){{0,2}}"
        ),
        rf"(?<![\w.])(?P<x>\d{{1,5}}[A-Za-z]?)(?= (?:[A-Z][a-z]+ ){{1,3}}(?:{_STREETS})\b)",
        r"(?i:\b(?:apt|apartment|flat|suite|room)\b\.? ?\#? ?)(?P<x>\d[\w-]{0,6})",
    )
)
"""Looked for where digits and signs are written alike."""

_WORDED = tuple(
    re.compile(pattern)
    for pattern in (
        # plates. Source: GA 36-2018; new-energy ones have six places behind the city's letter.
        (
            rf"[{_PROVINCES}][A-Za-z][ ·•-]?(?:[A-HJ-NP-Za-hj-np-z0-9]{{5,6}}(?![A-Za-z0-9])"
            r"|[A-HJ-NP-Za-hj-np-z0-9]{4}[学警港澳挂领])"
        ),
        rf"(?:{_CUES})[:： 是为叫]{{0,3}}(?P<x>(?:{_SURNAMES})[\u4e00-\u9fff]{{1,2}})",
        rf"(?P<x>(?:{_SURNAMES})[\u4e00-\u9fff]{{0,2}}?)(?={_TITLES})",
        # who of the staff was chosen, in reasons of logs that were written before they named nobody
        r"(?<![^\s;\"])(?P<x>[^\s;\"]{1,64})(?=: on duty, )",
        (
            r"(?:[Mm]y name is|[Nn]ame:|[Cc]aller|[Rr]eporter|[Cc]ontact:?|\bMrs?\.?|\bMs\.?|\bDr\.?) "
            r"(?P<x>[A-Z][a-z'-]+(?: [A-Z][a-z'-]+){0,2})"
        ),
    )
)
"""Looked for in the text as it is: in a name, 一 is no digit."""

_ID = re.compile(r"(?:[a-z]{1,10}:)?[0-9a-f]{12,64}")

_HARMLESS = re.compile(r"[a-z_./:-]*")


def mask(text: str) -> str:
    """Return a text with what is personal in it blotted out; again changes nothing more."""
    if _HARMLESS.fullmatch(text) is not None:
        return text
    alike = text.translate(_ALIKE)
    kept = [match.span() for match in _KEEP.finditer(alike)]
    spans = [
        match.span("x" if "x" in pattern.groupindex else 0)
        for looked_at, patterns in ((alike, _NUMBERED), (text, _WORDED))
        for pattern in patterns
        for match in pattern.finditer(looked_at)
    ]
    parts: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if any(start < last and first < stop for first, last in kept):
            continue
        if start >= end:
            parts += [text[end:start], STARS]
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def mask_value(
    value: object, field: str = "", *, staff: bool = False, names: StaffNames | None = None
) -> object:
    """Return a JSON value with every text in it masked; names of fields stay.

    Args:
        value: as a decoder returns it.
        field: the name under which it stands; see :data:`PERSONAL_FIELDS`.
        staff: also hide which of the staff has what to do; see :data:`STAFF_FIELDS`.
        names: hides names of the staff in what people wrote, where ``staff`` is asked for.
    """
    if isinstance(value, str):
        if value and (field in PERSONAL_FIELDS or (staff and field in STAFF_FIELDS)):
            return STARS
        if staff and field == "recipient" and value.startswith(_RECIPIENT):
            return _RECIPIENT + STARS
        if field in _SECRETS:
            return value
        if staff and names is not None and field in WRITTEN_FIELDS:
            value = names.hidden(value)
        return value if _names_an_id(field) and _ID.fullmatch(value) else mask(value)
    if isinstance(value, Mapping):
        return {
            name: mask_value(inner, str(name), staff=staff, names=names)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [mask_value(inner, field, staff=staff, names=names) for inner in value]
    return value


def _names_an_id(field: str) -> bool:
    return field in {"id", "actor"} or field.endswith("_id")
