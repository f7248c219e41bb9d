"""Checked prices, and tables of prices as people have them: a CSV file in one of its many dialects, or a DataFrame.

What can be read in one way only is read so, and a warning says how, where it is not the plain way. What can be read
in two ways, or in none, is refused.
"""

import csv
import gzip
import re
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from course_utils import arrays
from course_utils.errors import is_whole

_LARGEST_FACTOR = 20  # Lehman Brothers' shares fell to a seventeenth on 15 September 2008
_DATES = {"date", "datetime", "timestamp"}
_TICKERS = {"ticker", "symbol", "tic", "name", "stock"}
_CLOSE = re.compile(r"\d*clos(e|ing)(price|last)?\d*")
_ADJUSTED = re.compile(
    r"(?!.*(unadj|notadj|nonadj|adjustment|open|high|low|vol|vwap|average|factor|ratio|ret|change|div(?!.*adj))).*adj.*"
)

_SYMBOLS = "$€£¥₹₩₽₺₪฿₫₴₱₦¢"
_UNIT = rf"[A-Z]{{3}}|[A-Z]{{0,2}}[{_SYMBOLS}]"  # EUR, €, US$
_MONEY = re.compile(rf"(?P<before>{_UNIT})?\s*(?P<number>[+-]?[\d.].*?)\s*(?P<after>{_UNIT})?")
_GAPS = "'’\u00a0\u202f\u2009 "  # between thousands


def _number_in(thousands: str, mark: str) -> re.Pattern:
    """Numbers with this decimal mark, and between thousands with that one, a blank, an apostrophe or nothing."""
    whole = rf"[0-9]+|[0-9]{{1,3}}([{thousands}{_GAPS}][0-9]{{3}})+|(?=[{mark}][0-9])"
    return re.compile(rf"[+-]?({whole})([{mark}][0-9]*)?([eE][+-]?[0-9]+)?")


_PLAIN = re.compile(r"[+-]?[0-9]*\.?[0-9]*([eE][+-]?[0-9]+)?")
_NUMBERS = {".": _number_in(",", "."), ",": _number_in(".", ",")}


@dataclass(frozen=True, eq=False)
class Prices:
    """A price for each trading day, checked: the days go up, none is there twice, and every price is above zero.

    Args:
        dates: (days,), kept as datetime64[D]; what `course_utils.arrays.days` takes.
        close: (days,), kept as float64, the price at the end of each day; an array, a list, a Series, a tensor.
        name: what the errors call it.
        columns: what else is known at the end of each day, such as "volume": name → (days,), kept as float64.
        longest_gap: calendar days from one price to the next, at most. New York was shut from 11 to 16 September 2001,
            a gap of 7; Shanghai's holidays make 11.

    Raises `ValueError` where that is not so, where a number is missing, and where a price is 20 times that of the day
    before, or a twentieth of it: so far no share moves in a day, but prices do with a dot for thousands ("1.002" after
    "999"), in another unit, or after a split. Smaller splits cannot be told from crashes: Apple lost half on a day.

    >>> prices = Prices(["2013-02-28", "2013-03-01"], [63.06, 61.49])
    >>> len(prices), len(prices.until(1))
    (2, 1)
    """

    dates: np.ndarray
    close: np.ndarray
    name: str = "The series"
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    longest_gap: int = 10

    def __post_init__(self):
        dates = arrays.days(self.dates, self.name)
        close = arrays.numbers(self.close, f"{self.name}: close").copy()  # what is checked must stay so
        columns = {one: arrays.numbers(values, f"{self.name}: {one}").copy() for one, values in self.columns.items()}
        for one, values in {"prices": close, **{f"values of {one}": values for one, values in columns.items()}}.items():
            if values.ndim != 1 or len(dates) != len(values) or not len(dates):
                number = f"{len(values)} {one}" if values.ndim == 1 else f"{one} of the shape {values.shape}"
                raise ValueError(
                    f"{self.name} has {number} for {len(dates)} days, expected one for each day, and at least one day."
                )
        for one, values in (("price", close), *columns.items()):
            wrong = np.flatnonzero(~(np.isfinite(values) & ((values > 0) | (one != "price"))))
            if len(wrong):
                i, above = wrong[0], " above 0" if one == "price" else ""
                raise ValueError(
                    f"{self.name} has the {one} {values[i]} on {dates[i]}, expected a number{above}: "
                    "mend that row or leave it out."
                )
        for mine, value in (("dates", dates), ("close", close), ("columns", columns)):
            object.__setattr__(self, mine, value)
        self._check_order()

    def _check_order(self):
        steps = np.diff(self.dates) // np.timedelta64(1, "D")
        gap = int(steps.max(initial=0))
        for days, what, mend in (
            (steps < 0, "is earlier than the day before it in the file", "sort the rows by date, the oldest first"),
            (steps == 0, "is there twice", "keep one row for each day, and the rows of one share"),
            (
                steps > self.longest_gap,
                f"comes after a gap of more than {self.longest_gap} days",
                f"add the days in between, or, if there was no trading, allow such gaps with longest_gap={gap}",
            ),
        ):
            if days.any():
                raise ValueError(f"In {self.name} the day {self.dates[days.argmax() + 1]} {what}: {mend}.")
        factor, said = self.largest_step()
        if factor >= _LARGEST_FACTOR:
            raise ValueError(
                f"{said}, expected less than {_LARGEST_FACTOR}: look for a dot or a comma between thousands, for "
                "another unit, or for a split, and give adjusted prices."
            )

    def largest_step(self) -> tuple[float, str]:
        """The largest factor, 1 or more, from a price to the next one, and how an error or a line begins to tell it."""
        if len(self) == 1:
            return 1.0, ""
        factors = np.exp(np.abs(np.diff(np.log(self.close))))
        day = int(factors.argmax())
        (one, other), (before, after) = self.dates[day : day + 2], self.close[day : day + 2]
        return factors[day], (
            f"In {self.name} the price {'falls' if after < before else 'rises'} from {before:.10g} on {one} to "
            f"{after:.10g} on {other}, by a factor of {factors[day]:.3g}"
        )

    def __len__(self) -> int:
        return len(self.close)

    def until(self, stop: int) -> "Prices":
        """The first `stop` days, as they were known at the end of the last of them."""
        if not is_whole(stop, 1) or stop > len(self):
            raise ValueError(f"stop is {stop!r}, expected a whole number of days, 1 to {len(self)}.")
        columns = {one: values[:stop] for one, values in self.columns.items()}
        return replace(self, dates=self.dates[:stop], close=self.close[:stop], columns=columns)


def read_prices(source: Path | pd.DataFrame, wanted: list[str], name: str, longest_gap: int = 10) -> Prices:
    """The closing prices, adjusted if there are such, and the wanted columns, as the table's rows have them.

    Args:
        source: a file or a table with one row for each day.
        wanted: names of columns; capitals, blanks, dots and underscores in them do not matter.
        name: what the errors and warnings call it.
        longest_gap: as for `Prices`.

    Raises `ValueError`, in one sentence.

    >>> table = pd.DataFrame({"Date": ["2013-02-28", "2013-03-01"], "Adj. Close": [63.5, 61], "Close": [440, 430]})
    >>> read_prices(table, [], "The table").close.tolist()
    [63.5, 61.0]
    """
    table = _one_share(source if isinstance(source, pd.DataFrame) else _parsed(source, name), name)
    date = _column(table, _DATES.__contains__, "date", name)
    adjusted = _column(table, _ADJUSTED.fullmatch, "adjusted close", name)
    close = adjusted if adjusted is not None else _column(table, _CLOSE.fullmatch, "close", name)
    if date is None or close is None:
        raise ValueError(
            f"{name} has the columns {[str(column) for column in table.columns]}, "
            "expected date and adj_close or close: name them so in its first line; a DataFrame's index may be the date."
        )
    found = {one: _column(table, _key(one).__eq__, one, name) for one in wanted}
    if None in found.values():
        lacking = [one for one, place in found.items() if place is None]
        raise ValueError(
            f"{name} has the columns {[str(c) for c in table.columns]}, expected {lacking}, too: name one so."
        )
    raw = [one for one in wanted if _key(one) in ("open", "high", "low")]
    if raw and adjusted is not None:
        arrays.say(f"{name}: the close is adjusted for splits, {' and '.join(raw)} may not be.")
    days = arrays.days(table.iloc[:, date], name)
    cells = [table.iloc[:, place] for place in (close, *found.values())]
    price, *others = _numbers(["price", *wanted], cells, days, name)
    return Prices(days, price, name, dict(zip(wanted, others, strict=True)), longest_gap)


# Files


def _parsed(path: Path, name: str) -> pd.DataFrame:
    """The table in a file, all its cells as text."""
    lines = _text(path.read_bytes(), name).splitlines(keepends=True)
    mark = re.fullmatch(r'"?sep=(.)"?', lines[0].strip()) if lines else None  # Excel's
    lines = lines[1:] if mark else lines
    first = next((line for line in lines if line.strip()), "")
    separator = mark[1] if mark else max(",;\t|", key=first.count)  # of several the first
    try:
        rows = [
            row
            for row in csv.reader(lines, delimiter=separator, skipinitialspace=separator != "\t")
            if any(map(str.strip, row))
        ]
    except csv.Error as error:
        raise ValueError(
            f"{name} cannot be read as CSV ({error}): look for a quotation mark without another."
        ) from error
    if not rows:
        raise ValueError(f"{name} is empty and cannot be read: save it as CSV, a line with names, then one a day.")
    if separator != ",":
        arrays.say(f"{name}: the sign between columns is {separator!r}.")
    width = max(place for place, one in enumerate(rows[0], start=1) if one.strip())
    for number, row in enumerate(rows):
        if len(row) < width or any(row[width:]):
            raise ValueError(
                f"Row {number} of {name} has {len(row)} cells, expected {width}, one for each name, so it cannot be "
                f"read: add the missing ones, or put cells with {separator!r} in them between quotation marks."
            )
    head, *rows = (row[:width] for row in rows)
    columns = pd.Index(head)
    if len(rows) > 1 and _key(rows[1][0]) in _DATES and not any(rows[1][1:]):  # yfinance's three lines
        columns = pd.MultiIndex.from_arrays([["Date", *head[1:]], ["", *rows[0][1:]]])
        rows = rows[2:]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _text(content: bytes, name: str) -> str:
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{name} cannot be read: its compression is broken, fetch it again.") from error
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ValueError(
            f"{name} is a workbook of Excel or an archive and cannot be read: save it as CSV, or give the table that "
            "pandas.read_excel makes of it."
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in content[:100]:
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    else:
        encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(f"{name} cannot be read as text: save it as CSV in UTF-8, a line with names, then one a day.")
    return text


# Columns


def _one_share(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with one line of names and the date among its columns; `ValueError` if it is about several shares."""
    tickers = []
    if table.columns.nlevels > 1:  # as yfinance has them
        levels = [table.columns.get_level_values(level) for level in range(table.columns.nlevels)]
        names = next((level for level in levels if any(map(_is_close, level))), levels[0])
        tickers = [str(one) for level in levels if level is not names for one in level if _key(one) not in _DATES]
        flat = [one or "".join(map(str, whole)) for one, whole in zip(names, table.columns, strict=True)]
        table = table.set_axis(flat, axis=1)
    if not any(_key(column) in _DATES for column in table.columns) and not isinstance(table.index, pd.RangeIndex):
        names = ["date" if len(table.index.names) == 1 else one for one in table.index.names]
        table = table.rename_axis(index=names).reset_index()
    place = next((place for place, column in enumerate(table.columns) if _key(column) in _TICKERS), None)
    tickers += [] if place is None else [str(one) for one in table.iloc[:, place].dropna()]
    if len({*tickers} - {""}) > 1:
        raise ValueError(f"{name} has prices of {sorted({*tickers} - {''})}, expected those of one: keep only them.")
    return table


def _column(table: pd.DataFrame, fits, what: str, name: str) -> int | None:
    """The place of the column whose name fits, None if there is none; `ValueError` if there are several."""
    places = [place for place, column in enumerate(table.columns) if fits(_key(column))]
    if len(places) > 1:
        several = [str(table.columns[place]) for place in places]
        raise ValueError(f"{name} has the columns {several} for the {what}, expected one: keep the one that is meant.")
    return places[0] if places else None


def _is_close(column) -> bool:
    return bool(_CLOSE.fullmatch(_key(column)) or _ADJUSTED.fullmatch(_key(column)))


def _key(column) -> str:
    """A column's name without capitals and whatever is neither letter nor digit.

    >>> _key("Adj. Close*") == _key("adj_close") == _key(" adjClose ")
    True
    """
    return re.sub(r"[\W_]+", "", str(column).casefold())


# Numbers


def _numbers(names: list[str], columns: list[pd.Series], days: np.ndarray, name: str) -> list[np.ndarray]:
    """Each column as float64; those that hold text are read with one and the same decimal mark."""
    text = {
        place: [str(cell).strip() for cell in cells]
        for place, cells in enumerate(columns)
        if not pd.api.types.is_numeric_dtype(cells.dtype)
    }
    amounts = {place: _without_unit(cells, names[place], name) for place, cells in text.items()}
    read = {mark: {place: _values(cells, mark) for place, cells in amounts.items()} for mark in _NUMBERS}
    unread = {mark: sum(np.isnan(values).sum() for values in read[mark].values()) for mark in read}
    chosen, other = sorted(unread, key=unread.get)  # of two that read as much, the dot first
    for place, values in read[chosen].items():
        for row in np.flatnonzero(np.isnan(values)):
            raise ValueError(
                f"{name} has the {names[place]} {text[place][row]!r} on {days[row]}, expected a number"
                f"{'' if place else ' above 0'}: mend that row or leave it out."
            )
    cells = [cell for place in text for cell in text[place]]
    _say_reading(cells, *(np.concatenate([[], *read[mark].values()]) for mark in (chosen, other)), chosen, name)
    return [
        read[chosen][place] if place in text else arrays.numbers(cells).copy() for place, cells in enumerate(columns)
    ]


def _say_reading(cells: list[str], values: np.ndarray, others: np.ndarray, mark: str, name: str) -> None:
    """Say how cells are read that are not written plainly; `ValueError` if other numbers may be meant by them."""
    odd = [row for row, cell in enumerate(cells) if not _PLAIN.fullmatch(cell)]
    if not np.isnan(others).any() and (values != others).any():
        odd = np.flatnonzero(values != others)
        for row in odd:
            if "," in cells[row]:
                raise ValueError(
                    f"{name} has the number {cells[row]!r}, which may be {values[row]} or {others[row]}: write it with "
                    "a dot before decimals and nothing between thousands."
                )
    if len(odd):
        row, dot = max(odd, key=lambda row: len(cells[row])), "a dot" if mark == "." else "a comma"
        arrays.say(f"{name}: numbers such as {cells[row]!r} are read as {values[row]}, with {dot} before decimals.")


def _without_unit(cells: list[str], what: str, name: str) -> list[str]:
    """The cells without a currency's sign or code, which must be the same one in all."""
    found = [_MONEY.fullmatch(cell) for cell in cells]
    units: dict[str, str] = {}  # unit → the first cell that has it
    for match, cell in zip(found, cells, strict=True):
        if match:
            units.setdefault(match["before"] or match["after"] or "", cell)
    if len(units) > 1:
        one, other = list(units.values())[:2]
        raise ValueError(f"{name} has the {what} {one!r} and {other!r}, expected one unit: write them all in the same.")
    return [match["number"] if match else cell for match, cell in zip(found, cells, strict=True)]


def _values(cells: list[str], mark: str) -> np.ndarray:
    """The cells (n,) as float64 with this decimal mark, NaN for what is no number then."""
    cleaned = [re.sub(f"[^0-9eE+{mark}-]", "", cell).replace(mark, ".") for cell in cells]
    fits = [_NUMBERS[mark].fullmatch(cell) for cell in cells]
    return np.array([float(one) if fit else np.nan for one, fit in zip(cleaned, fits, strict=True)], dtype=np.float64)
