"""Tables of prices in the dialects that people have: read rightly and said, or refused in a sentence."""

import gzip

import numpy as np
import pandas as pd
import pytest
from data_helpers import says
from hypothesis import given
from hypothesis import strategies as st
from price_helpers import heard

from course_utils.datasets import Prices, StockData, load_prices

DAYS = ["2013-02-28", "2013-03-01", "2013-03-04"]


@pytest.fixture
def write(tmp_path):
    """A function that makes a file of text or bytes and gives its path."""

    def write(content, encoding="utf-8"):
        path = tmp_path / "prices.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def lines(separator=",", **columns):
    """A file with a row for each of the days."""
    rows = zip(["Date", *DAYS], *([name, *cells] for name, cells in columns.items()), strict=True)
    return "\n".join(separator.join(row) for row in rows) + "\n"


def closes(*cells, separator=","):
    return lines(separator, Close=cells)


def refused(call, *parts):
    """The call raises `ValueError` with one sentence that has these parts."""
    with pytest.raises(ValueError) as error:
        call()
    says(error, *parts)


# Columns

ADJUSTED = [
    "Adj Close",
    "Adj. Close",
    "adjClose",
    "AdjClose",
    "Adjusted Close",
    "adj_close",
    "ADJ_CLOSE",
    " Adj Close ",
    "Adj Close**",
    "5. adjusted close",
    "Close (adj.)",
    "close_adj",
    "Adj Close Price",
    "adjusted_closing_price",
    "adjcp",
    "Adjusted",
]


@pytest.mark.parametrize("name", ADJUSTED)
@pytest.mark.parametrize("first", [True, False])
def test_the_adjusted_close_is_taken_whatever_it_is_called(write, name, first):
    raw, adjusted = ["4", "5", "6"], ["10", "11", "12"]
    columns = {name: adjusted, "Close": raw} if first else {"Close": raw, name: adjusted}
    assert load_prices(write(lines(**columns))).close.tolist() == [10, 11, 12]


@pytest.mark.parametrize(
    "other", ["Unadjusted Close", "Adj. Open", "Adj Volume", "Adjustment Factor", "Adj. Low", "Adj. VWAP", "Prev"]
)
def test_and_nothing_else_is_taken_for_it(write, other):
    assert load_prices(write(lines(Close=["10", "11", "12"], **{other: ["1", "2", "3"]}))).close.tolist() == [
        10,
        11,
        12,
    ]


@pytest.mark.parametrize("name", ["close", "CLOSE", " Close ", "Close*", "Close/Last", "4. close", "Close Price"])
@pytest.mark.parametrize("date", ["date", "DATE", " Date ", "Datetime", "timestamp"])
def test_names_in_other_letters(write, name, date):
    content = lines(**{name: ["10", "11", "12"]}).replace("Date", date, 1)
    assert load_prices(write(content)).close.tolist() == [10, 11, 12]


def test_several_columns_that_may_be_meant_are_named(write):
    cells = ["10", "11", "12"]
    for names in (["Adj Close", "Adjusted Close"], ["Close", "close"], ["Close", "Close.1"]):
        refused(
            lambda names=names: load_prices(write(lines(**dict.fromkeys(names, cells)))), str(names), "expected one"
        )
    refused(lambda: load_prices(write(lines(Timestamp=DAYS, Close=cells))), "['Date', 'Timestamp'] for the date")


# Numbers


@pytest.mark.parametrize(
    ("cells", "expected", "said"),
    [
        (['"1,166.71"', '"1,170.00"', "999.5"], [1166.71, 1170, 999.5], "'1,166.71' are read as 1166.71"),
        (["$100.13", "$101", "$99.5"], [100.13, 101, 99.5], "'$100.13' are read as 100.13"),
        (['"$1,100.13"', '"$1,101"', "$999.5"], [1100.13, 1101, 999.5], "'$1,100.13' are read as 1100.13"),
        (["100.13 EUR", "101 EUR", "99.5 EUR"], [100.13, 101, 99.5], "'100.13 EUR'"),
        (["US$100.13", "US$101", "US$99"], [100.13, 101, 99], "'US$100.13'"),
        (['"63,5"', "61", '"62,25"'], [63.5, 61, 62.25], "'62,25' are read as 62.25, with a comma before decimals"),
        (['"1.062,25"', '"999,5"', "998"], [1062.25, 999.5, 998], "'1.062,25' are read as 1062.25"),
        (['"999,5"', "1.002", "1.010"], [999.5, 1002, 1010], "comma before decimals"),
        (["1 063.5", "999", "1 062.25"], [1063.5, 999, 1062.25], "'1 062.25' are read as 1062.25"),
        (["1\u00a0063.5", "999", "1\u202f062.25"], [1063.5, 999, 1062.25], "1062.25"),
        (["1'063.5", "999", "1’062.25"], [1063.5, 999, 1062.25], "1062.25"),
        (
            ['"1,234,567"', '"1,234,568"', '"1,200,000"'],
            [1234567, 1234568, 1200000],
            "'1,234,567' are read as 1234567.0",
        ),
        (["1.234.567", "1.234.568", "1.200.000"], [1234567, 1234568, 1200000], "'1.234.567' are read as 1234567.0"),
        (["1.250", "1.255", "1.260"], [1.25, 1.255, 1.26], "'1.250' are read as 1.25, with a dot before decimals"),
        (["1e3", "+1001", "1002."], [1000, 1001, 1002], ""),
        ([".5", "0.6", "00.70"], [0.5, 0.6, 0.7], ""),
    ],
)
def test_what_can_be_read_in_one_way_is_and_that_is_said(write, cells, expected, said):
    table = pd.DataFrame({"Date": DAYS, "Close": [cell.strip('"') for cell in cells]})
    for source in (write(closes(*cells)), table):
        prices, sentences = heard(lambda source=source: load_prices(source))
        assert prices.close.tolist() == expected
        assert len(sentences) == bool(said)
        assert said in "".join(sentences)


@given(st.lists(st.decimals(1000, 9999, places=2), min_size=3, max_size=3), st.sampled_from([",.", ".,", " .", "',"]))
def test_prices_with_signs_between_thousands_are_the_prices(prices, marks):
    text = [
        f"{price:,}".replace(",", "t").replace(".", "d").replace("t", marks[0]).replace("d", marks[1])
        for price in prices
    ]
    found, _ = heard(lambda: load_prices(pd.DataFrame({"Date": DAYS, "Close": text})))
    assert found.close.tolist() == [float(price) for price in prices]


def test_one_column_may_tell_how_the_others_are_written(write):
    prices, volume = ['"1,166"', '"1,170"', "999"], ['"1,234,567"', "5", "6"]
    refused(lambda: load_prices(write(closes(*prices))), "'1,166'", "1166.0 or 1.166", "a dot before decimals")
    found, _ = heard(lambda: load_prices(write(lines(Close=prices, Volume=volume)), columns=["volume"]))
    assert (found.close.tolist(), found.columns["volume"].tolist()) == ([1166, 1170, 999], [1234567, 5, 6])


@pytest.mark.parametrize(
    "cell",
    [
        "null",
        "NaN",
        "-",
        "N/A",
        "",
        "five",
        '"12,5,3"',
        "1.2.3",
        "(5.0)",
        "−5",
        "5-",
        "100%",
        "12.5M",
        "1_000",
        "inf",
        "0x10",
    ],
)
def test_cells_that_are_no_price_are_quoted(write, cell):
    quoted = cell.strip('"')
    refused(
        lambda: load_prices(write(closes("10", cell, "11"))),
        f"the price {quoted!r} on 2013-03-01",
        "above 0",
        "leave it out",
    )
    table = pd.DataFrame({"Date": DAYS, "Close": ["10", quoted, "11"]})
    refused(lambda: load_prices(table), "The table", f"the price {quoted!r} on 2013-03-01")


def test_prices_in_two_currencies_are_refused(write):
    for cells in (["$100", "€101", "$102"], ["$100", "101", "102"], ["100 USD", "101 GBX", "102 USD"]):
        refused(lambda cells=cells: load_prices(write(closes(*cells))), "expected one unit", repr(cells[1]))


def test_a_factor_beyond_reason_is_refused_and_one_like_a_splits_is_said(write):
    parts = ["falls from 999 on 2013-03-01 to 1.002 on 2013-03-04", "factor of 997", "thousands", "split", "adjusted"]
    refused(lambda: heard(lambda: load_prices(write(closes("998", "999", "1.002")))), *parts)
    refused(lambda: load_prices(pd.DataFrame({"Date": DAYS, "Close": [998, 999, 1.002]})), *parts)
    refused(lambda: Prices(DAYS, [998, 999, 1.002]), *parts)
    refused(lambda: Prices(DAYS, [1, 100, 101]), "rises from 1 on 2013-02-28 to 100", "factor of 100")
    assert Prices(DAYS, [3.65, 0.21, 0.3]).close.tolist() == [3.65, 0.21, 0.3], "Lehman Brothers did fall so"
    for cells, change in (
        (["645.57", "93.7", "94.25"], "falls from 645.57 on 2013-02-28 to 93.7 on 2013-03-01, by a factor of 6.89"),
        (["100", "101", "50"], "falls from 101 on 2013-03-01 to 50 on 2013-03-04, by a factor of 2.02"),
        (["10", "79", "80"], "rises from 10"),
    ):
        prices, [said] = heard(lambda cells=cells: load_prices(write(closes(*cells))))
        assert prices.close.tolist() == [float(cell) for cell in cells]
        assert change in said
        assert "adjusted prices" in said
    assert load_prices(write(closes("100", "70", "100"))).close[1] == 70


# Files


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (closes("63,5", "61", "62,25", separator=";"), ["';'", "comma before decimals"]),
        (closes("63.5", "61", "62.25", separator=";"), ["';'"]),
        ("sep=;\n" + closes("63,5", "61", "62,25", separator=";"), ["';'", "comma before decimals"]),
        (closes("63.5", "61", "62.25", separator="\t"), [r"'\t'"]),
        (closes("63.5", "61", "62.25", separator="|"), ["'|'"]),
        (closes("63.5", "61", "62.25").replace("\n", ",\n"), []),
        (closes("63.5", "61", "62.25").replace("\n", "\r"), []),
        ("\n\n" + closes("63.5", "61", "62.25").replace("\n", "\r\n\r\n"), []),
        (lines(Close=["63.5", "61", "62.25"], Note=['"a, b"', '"c\nd"', ""]), []),
        ("\ufeff" + closes("63.5", "61", "62.25"), []),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_files_in_other_dialects(write, content, said, encoding):
    prices, sentences = heard(lambda: load_prices(write(content, encoding)))
    assert prices.close.tolist() == [63.5, 61, 62.25]
    assert len(sentences) == len(said)
    assert all(part in sentence for part, sentence in zip(said, sentences, strict=True))


def test_a_compressed_file(write):
    packed = gzip.compress(closes("63.5", "61", "62.25").encode())
    assert load_prices(write(packed)).close.tolist() == [63.5, 61, 62.25]
    refused(lambda: load_prices(write(packed[:-9])), "compression is broken")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04\x14\0", ["workbook of Excel", "save it as CSV", "pandas.read_excel"]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", ["workbook of Excel"]),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ["cannot be read as text"]),
        (closes("63.5", "61", "é").encode("latin-1"), ["UTF-8"]),
        (b"", ["is empty"]),
        (b"\n \n", ["is empty"]),
        (b"\xff\xfe", ["is empty"]),
        (b"Date,Close\n", ["0 prices"]),
        (closes("63,5", "61", "62,25").encode(), ["Row 1", "3 cells, expected 2", "quotation marks"]),
        (
            b"Date,Open,Close,Volume\n2013-02-28,5,5.1,7\n2013-03-01,5.2,8\n",
            ["Row 2", "3 cells, expected 4", "missing"],
        ),
        (('Date,Close\n2013-02-28,"' + "5" * 200_000).encode(), ["cannot be read as CSV", "quotation mark"]),
        (b"Date,Ticker,Close\n2013-02-28,AAPL,5\n2013-02-28,MSFT,6\n", ["['AAPL', 'MSFT']", "those of one"]),
        (b"Date,Close,Name\n2013-02-28,5,A\n2013-03-01,6,B\n", ["['A', 'B']"]),
        (b"Date,Close\n2013-03-01,5\n2013-02-28,6\n", ["2013-02-28 is earlier", "oldest first"]),
        (
            b"Date,Close\n2013-03-01 09:30,5\n2013-03-01 10:30,6\n",
            ["2013-03-01 is there twice", "one row for each day"],
        ),
    ],
)
def test_files_that_are_refused(write, content, said):
    path = write(content)
    refused(lambda: load_prices(path), str(path), *said)


def test_a_share_alone_may_be_named_in_its_rows(write):
    assert load_prices(write(lines(Close=["5", "6", "7"], Ticker=["AAPL", "AAPL", ""]))).close.tolist() == [5, 6, 7]


def test_a_closed_exchange_is_no_gap_where_that_is_said(write):
    path = write("Date,Close\n2020-01-23,10\n2020-02-03,11\n")
    refused(lambda: load_prices(path), "2020-02-03", "more than 10 days", "no trading", "longest_gap=11")
    prices = load_prices(path, longest_gap=11)
    assert len(prices) == len(prices.until(2)) == 2
    assert len(Prices(prices.dates, prices.close, longest_gap=11)) == 2
    refused(lambda: load_prices(path, longest_gap=9), "more than 9 days")


# yfinance's files and tables

YFINANCE = "Price,Close,High,Volume\nTicker,AAPL,AAPL,AAPL\nDate,,,\n2013-02-28,63.5,64,7\n2013-03-01,61,62,8\n"
GROUPED = "Ticker,AAPL,AAPL,AAPL\nPrice,Open,Close,Volume\nDate,,,\n2013-02-28,60,63.5,7\n2013-03-01,65,61,8\n"


@pytest.mark.parametrize("content", [YFINANCE, GROUPED, YFINANCE.replace("Close", "Adj Close")])
def test_the_three_lines_of_yfinance(write, content):
    prices = load_prices(write(content), columns=["Volume"])
    assert (prices.close.tolist(), prices.columns["Volume"].tolist()) == ([63.5, 61], [7, 8])
    assert prices.dates.astype(str).tolist() == DAYS[:2]
    refused(lambda: load_prices(write(content.replace("AAPL,AAPL,AAPL", "AAPL,AAPL,MSFT"))), "['AAPL', 'MSFT']")


def yfinance(*tickers):
    columns = pd.MultiIndex.from_product([["Close", "Volume"], tickers], names=["Price", "Ticker"])
    values = 10.0 + np.arange(3)[:, None] + 5 * np.arange(len(columns))
    return pd.DataFrame(values, index=pd.DatetimeIndex(DAYS, name="Date"), columns=columns)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table,
        lambda table: table.swaplevel(axis=1),
        lambda table: table.reset_index(),
        lambda table: table.swaplevel(axis=1).reset_index(),
        lambda table: table.tz_localize("America/New_York"),
        lambda table: table.xs("AAPL", axis=1, level=1),
        lambda table: table.xs("AAPL", axis=1, level=1).rename_axis(index=None),
        lambda table: table.xs("AAPL", axis=1, level=1).rename(columns=str.upper).astype(object),
        lambda table: table.xs("AAPL", axis=1, level=1).astype(int).reset_index(),
    ],
)
def test_tables_of_yfinance(change):
    prices = load_prices(change(yfinance("AAPL")), columns=["volume"])
    assert (prices.close.tolist(), prices.columns["volume"].tolist()) == ([10, 11, 12], [15, 16, 17])
    assert prices.dates.astype(str).tolist() == DAYS


def test_a_table_of_two_shares_is_refused():
    table = yfinance("AAPL", "MSFT")
    for one in (table, table.swaplevel(axis=1), table.stack(level=1, future_stack=True)):
        refused(lambda one=one: load_prices(one), "['AAPL', 'MSFT']")


def test_a_series_of_prices_has_its_days_as_its_index():
    series = yfinance("AAPL")["Close"]["AAPL"]
    assert load_prices(series).close.tolist() == load_prices(series.rename(None)).close.tolist() == [10, 11, 12]
    refused(lambda: load_prices(series.reset_index(drop=True)), "['close']", "expected date")
    refused(lambda: load_prices(pd.DataFrame()), "[]", "expected date")


@pytest.mark.parametrize("source", [[1.0, 2.0], np.ones(3), None, {"close": [1.0]}])
def test_prices_without_days_are_refused(source):
    for call in (load_prices, StockData):
        with pytest.raises(TypeError) as error:
            call(source)
        says(error, f"type {type(source).__name__}", "Prices(dates, close)")


# Prices from arrays


def test_arrays_lists_and_series_become_prices():
    for dates in (DAYS, np.array(DAYS, dtype="datetime64[ns]"), pd.Series(DAYS, index=[5, 4, 3]), pd.to_datetime(DAYS)):
        for close in ([10, 11, 12], pd.Series([10, 11, 12], index=[1, 0, 2]), np.array([10, 11, 12], dtype=object)):
            prices = Prices(dates, close)
            assert (prices.dates.astype(str).tolist(), prices.close.tolist()) == (DAYS, [10, 11, 12])
            assert (prices.dates.dtype, prices.close.dtype) == (np.dtype("datetime64[D]"), np.float64)


@pytest.mark.parametrize(
    ("dates", "close", "columns", "said"),
    [
        (DAYS, [[10], [11], [12]], {}, ["prices of the shape (3, 1) for 3 days"]),
        (DAYS, [10, 11], {}, ["2 prices for 3 days"]),
        (DAYS, ["10", "11", "1,200"], {}, ["close holds the text '10'"]),
        (DAYS, [10, None, 12], {}, ["price nan on 2013-03-01"]),
        (DAYS, [10, 0, 12], {}, ["price 0.0 on 2013-03-01"]),
        ([], [], {}, ["0 prices for 0 days"]),
        (DAYS, [10, 11, 12], {"volume": [1, 2]}, ["2 values of volume for 3 days"]),
        (DAYS, [10, 11, 12], {"volume": [1, 2, np.nan]}, ["volume nan on 2013-03-04", "expected a number:"]),
        (DAYS, [10, 11, 12], {"volume": [[1], [2], [3]]}, ["values of volume of the shape (3, 1)"]),
    ],
)
def test_arrays_that_are_no_prices(dates, close, columns, said):
    refused(lambda: Prices(dates, close, "mine", columns), "mine", *said)
