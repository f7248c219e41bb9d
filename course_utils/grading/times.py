"""Times as platforms, grade books and people write them."""

import functools
import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import parser, tz

from course_utils.grading.errors import GradingError

_ZONES = {  # what abbreviations mean, in hours from UTC
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "MET": 1, "WAT": 1, "CEST": 2,
    "MESZ": 2, "MEST": 2, "EET": 2, "SAST": 2, "CAT": 2, "EEST": 3, "IDT": 3, "MSK": 3, "EAT": 3, "TRT": 3, "PKT": 5,
    "IST": 5.5, "WIB": 7, "WITA": 8, "SGT": 8, "HKT": 8, "AWST": 8, "JST": 9, "KST": 9, "WIT": 9, "ACST": 9.5,
    "AEST": 10, "CHST": 10, "ACDT": 10.5, "AEDT": 11, "NZST": 12, "NZDT": 13, "BRT": -3, "ART": -3, "ADT": -3,
    "NDT": -2.5, "NST": -3.5, "AST": -4, "AMT": -4, "EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7,
    "PDT": -7, "PST": -8, "AKDT": -8, "AKST": -9, "HDT": -9, "HST": -10, "SST": -11,
}  # fmt: skip
_TWO_MEANINGS = {  # what else they mean
    "IST": "Israel's or Ireland's", "CST": "China's or Cuba's", "AST": "Arabia's", "BST": "Bangladesh's",
    "PST": "the Philippines'", "MST": "Malaysia's", "AMT": "Armenia's", "CDT": "Cuba's", "SST": "Singapore's",
}  # fmt: skip
_MONTHS = [  # as Moodle and others write them in the language of who downloads
    "Jan January Januar Jänner janvier janv enero ene gennaio gen janeiro januari stycznia января ledna Ocak",
    "Feb February Februar février févr febrero febbraio fevereiro fev februari lutego февраля února Şubat",
    "Mar March März Mär mars marzo março maart mrt marca марта března Mart",
    "Apr April avril avr abril abr aprile kwietnia апреля dubna Nisan",
    "May Mai mayo maggio mag maio mei maja maj мая května Mayıs",
    "Jun June Juni juin junio giugno giu junho czerwca июня června Haziran",
    "Jul July Juli juillet juil julio luglio lug julho lipca июля července Temmuz",
    "Aug August août agosto ago augustus augusti sierpnia августа srpna Ağustos",
    "Sep Sept September septembre septiembre settembre set setembro września сентября září Eylül",
    "Oct October Oktober Okt octobre octubre ottobre ott outubro out października октября října Ekim",
    "Nov November novembre noviembre novembro listopada ноября listopadu Kasım",
    "Dec December Dezember Dez décembre déc diciembre dic dicembre dezembro december grudnia декабря prosince Aralık",
]
_YEARS = range(1990, 2200)
_ABBREVIATION = re.compile(  # a known one after the time of day, or anything like one at the end
    rf"(?<=[\dMm]) ?\(?\b((?!AM\b|PM\b)(?:(?i:{'|'.join(_ZONES)})|[A-Z]{{2,5}}(?=\)?$)))\b\)?"
)


class _Words(parser.parserinfo):
    MONTHS = tuple(tuple(names.split()) for names in _MONTHS)


@functools.cache
def _words(day_first: bool) -> _Words:
    return _Words(dayfirst=day_first)


def read_deadline(text: str) -> datetime:
    """A deadline; a date without a time of day is the end of that day, one without a zone is this machine's.

    Raises:
        GradingError: it is no date.

    >>> read_deadline("2026-03-01T18:00:00+01:00").isoformat(), read_deadline("2026-03-01").time()
    ('2026-03-01T18:00:00+01:00', datetime.time(23, 59, 59, 999999))
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        with suppress(ValueError):  # it has a time of day
            moment = datetime.combine(date.fromisoformat(text.strip()), time.max)
    except ValueError as error:
        raise GradingError(
            f"--deadline {text!r} is no time: write it as 2026-03-01T18:00, or as 2026-03-01 for the end of that day."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=tz.tzlocal())


def read_time(text: str, zone: tzinfo) -> tuple[datetime, str]:
    """The moment that somebody's clock, or a platform, has written.

    Args:
        text: such as "2026-03-01 17:59:23.948203 Europe/Paris", "2026-03-01-17-59-23", "Mar 1, 2026 559 PM",
            "Sonntag, 1. März 2026, 17:59", with or without a zone.
        zone: what is meant where no zone is written; abbreviations that this zone uses mean it, too.

    Returns: the moment, in UTC, and what had to be assumed about its zone, as the end of a sentence; "" if nothing.

    Raises:
        ValueError: it says no moment, or can be read as two days.

    >>> read_time("2026-03-01 17:59:23 CEST", UTC)
    (datetime.datetime(2026, 3, 1, 15, 59, 23, tzinfo=datetime.timezone.utc), '')
    >>> read_time("Sonntag, 1. März 2026, 17:59", UTC)[1]
    'no zone is written, so it is that of the deadline'
    """
    text = re.sub(r"\s+", " ", text.translate({0x2212: "-", 0x2013: "-", 0xFEFF: "", 0: ""})).strip()
    if len(text) > 100:
        raise ValueError("that is no time")
    try:
        moment, assumed = _with_zone(_spelled(text), zone)
        moment = moment.astimezone(UTC)
    except (OverflowError, TypeError, ZoneInfoNotFoundError, RecursionError, OSError) as error:
        raise ValueError("that is no time") from error
    if moment.year not in _YEARS:
        raise ValueError(f"the year {moment.year} cannot be meant")
    return moment, assumed


def _spelled(text: str) -> str:
    """A time with the points and colons that some platforms leave out."""
    if found := re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})?", text):  # Sakai's, in UTC
        return "{}-{}-{} {}:{}:{} UTC".format(*found.groups()[:6])
    if found := re.fullmatch(r"(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)", text):  # Blackboard's
        return "{} {}:{}:{}".format(*found.groups())
    if found := re.fullmatch(
        r"(\d{4})[年년.] ?(\d{1,2})[月월.] ?(\d{1,2})(?:[日일.]|(?= ))(.*?)(\d{1,2}:\d\d.*)", text
    ):  # East Asia's, Hungary's
        year, month, day, between, moment = found.groups()
        noon = "AM" if re.search("上午|午前|오전", between) else "PM" if re.search("下午|午後|오후", between) else ""
        return f"{year}-{month:0>2}-{day:0>2} {moment} {noon}".strip()
    # a day of the week that could be a month, too: “mar. 3 février 2026”
    text = re.sub(r"^[^\W\d]+[.,]* (?=\d{1,2}\.? (?:de )?[^\W\d]{3,})", "", text)
    text = re.sub(r"(?<= \d\d)([_-])(\d\d)\1(?=\d\d)", r":\2:", text)  # where a file's name may have no colon
    text = re.sub(r"(?<=[ T])(\d{1,2})\.(\d\d)(?=$| (?!\d))", r"\1:\2", text)  # as in Italy or Denmark
    return re.sub(r"(?<=\d{4} )(\d{1,2})[ _]?(\d\d)(?= ?[AP]M|$)", r"\1:\2", text)  # Brightspace's


def _with_zone(text: str, zone: tzinfo) -> tuple[datetime, str]:
    """A moment with its zone, and what had to be assumed."""
    if found := re.fullmatch(r"(.*[\dMm]) \(?([A-Z]\w+(?:/[\w+-]+)+)\)?", text):  # such as Europe/Paris
        return _naive(found[1]).replace(tzinfo=ZoneInfo(found[2])), ""
    text = re.sub(r" ?(?:UTC|GMT) ?([+-])(\d{1,2}):?(\d\d)?\b", _offset, text)
    found = re.search(_ABBREVIATION, text)
    moment = _naive(text[: found.start()] + text[found.end() :] if found else text)
    if moment.tzinfo:
        return moment, ""
    if not found:
        return moment.replace(tzinfo=zone), "no zone is written, so it is that of the deadline"
    name = found[1].upper()
    if moment.replace(tzinfo=zone).tzname() == name:
        return moment.replace(tzinfo=zone), ""
    if name not in _ZONES:
        raise ValueError(f"the zone {name} is not known")
    other = _TWO_MEANINGS.get(name)
    assumed = f"{name}, which can also be {other}, is read as UTC{_ZONES[name]:+g}" if other else ""
    return moment.replace(tzinfo=tz.tzoffset(name, _ZONES[name] * 3600)), assumed


def _offset(found: re.Match) -> str:
    return f" {found[1]}{int(found[2]):02}:{found[3] or '00'}"


def _written_zone(name: str | None, offset: int | None) -> tzinfo | None:
    """The zone that a time has in it; ValueError if it is not known, which dateutil would pass over or turn round."""
    if name and name not in _ZONES:
        raise ValueError(f"the zone {name} is not known")
    if offset is not None and abs(offset) >= 24 * 3600:
        raise ValueError("that is no time")
    return None if offset is None else tz.tzoffset(name, offset)


def _naive(text: str) -> datetime:
    """A date and a time of day, and an offset from UTC if one is written."""
    try:
        if not re.fullmatch(r"[\d-]+", text):  # a date alone is no moment
            return datetime.fromisoformat(text)
    except ValueError:
        pass  # not in the standard's form
    numbers = re.search(r"(?<![\d-])(\d{1,2})([/-])(\d{1,2})\2", text)
    if numbers and max(int(numbers[1]), int(numbers[3])) <= 12 and int(numbers[1]) != int(numbers[3]):
        raise ValueError("it can be read as two days: write it as 2026-03-01 17:59")
    words = _words(day_first=bool(re.search(r"(?<!\d)\d{1,2}\. ?\d{1,2}\. ?\d\d", text)))
    defaults = [datetime(2000 + n, n, n, n, n) for n in (1, 2)]
    try:
        readings = {
            parser.parse(text, parserinfo=words, default=each, fuzzy=True, tzinfos=_written_zone) for each in defaults
        }
    except parser.ParserError as error:
        raise ValueError("that is no time") from error
    if len(readings) > 1:  # what is not written is taken from the default
        raise ValueError("it does not say the day and the time of day")
    return readings.pop()
