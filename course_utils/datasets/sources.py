"""Where the course's data come from: one table, and the five things to do with it.

A data set reaches the machine once, at set-up, and is then read from the data folder: no network. The defaults come
through pip from ordinary packages that happen to carry them; the others are alternatives which are fetched when they
are named, or copied from a folder. To add a data set, add an entry to `SOURCES`.
"""

import difflib
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from course_utils.datasets.transport import (
    Address,
    DataError,
    File,
    Package,
    download,
    open_member,
    scratch_folder,
    store,
)

__all__ = [
    "SOURCES",
    "DataError",
    "Source",
    "copy_from",
    "data_folder",
    "default_names",
    "fetch",
    "path",
    "status",
    "verify",
]


@dataclass(frozen=True)
class Source:
    """One data set: what it is for, where it comes from, its files, and to whom thanks are due.

    `loader` is the class of `course_utils.datasets` that reads it, empty while there is none.
    """

    use: str
    origin: Package | Address
    files: tuple[File, ...]
    licence: str
    citation: str
    loader: str = ""

    @property
    def default(self) -> bool:
        """Whether set-up fetches it: so it does with what pip can bring; an address may go away."""
        return isinstance(self.origin, Package)


_BOKEH = Package(
    "bokeh-sampledata", "2026.1", "wheel", "f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f"
)

SOURCES: dict[str, Source] = {
    "alice": Source(
        use="prose for language models",
        origin=Package("brotli", "1.2.0", "sdist", "e310f77e41941c13340a95976fe66a8a95b01e783d430eeaf7a2f87e0a57dd0a"),
        files=(
            File(
                name="alice29.txt",
                size=152_089,
                sha256="7467306ee0feed4971260f3c87421154a05be571d944e9cb021a5713700c38f0",
                member="brotli-1.2.0/tests/testdata/alice29.txt",
            ),
        ),
        licence="public domain",
        citation="Lewis Carroll, Alice's Adventures in Wonderland, 1865; the Millennium Fulcrum Edition 2.9, "
        "as in the Canterbury corpus (Arnold and Bell, 1997) and in the test data of the package brotli.",
        loader="LanguageModelData",
    ),
    "emoji": Source(
        use="the names of emoji, English and French, for translation",
        origin=Package("emoji", "2.16.0", "wheel", "c4230d80640def9071599ff56b1b5950fe13a2a94c0da98c5deab12431b24330"),
        files=(
            File(
                name="emoji.json",
                size=531_550,
                sha256="68d0dc4ac61ccb49c1335809ffb963bcca0fdb4a7e04278ff597125a2b043122",
                member="emoji/unicode_codes/emoji.json",
            ),
            File(
                name="emoji_fr.json",
                size=288_033,
                sha256="64f12947a3e0e3859e6330a3ade9e992888af9dd25a950d0378c17f5d961c1f7",
                member="emoji/unicode_codes/emoji_fr.json",
            ),
        ),
        licence="Unicode License v3 (names), BSD (package)",
        citation="Short names of emoji by the Unicode Common Locale Data Repository, up to Emoji 18.0, 2026, "
        "as in the package emoji of Taehoon Kim and Kevin Wurster.",
        loader="TranslationData",
    ),
    "music": Source(
        use="dance tunes in ABC notation",
        origin=Package(
            "music21", "10.5.1", "wheel", "dc3309498c4c95cebdf8d4f20c868deb6b63bce1d929cad4f51a7ccc982987b1"
        ),
        files=(
            File(  # the package itself: the tunes are in 1,098 of its files
                name="music21-10.5.1-py3-none-any.whl",
                size=20_118_992,
                sha256="dc3309498c4c95cebdf8d4f20c868deb6b63bce1d929cad4f51a7ccc982987b1",
            ),
        ),
        licence="public domain (tunes), by permission of the encoders (ABC), BSD (package)",
        citation="Ryan's Mammoth Collection, Boston 1883; F. O'Neill, O'Neill's Music of Ireland, Chicago 1903; typed "
        "in ABC by J. Chambers, J. B. Walsh, H. Norbeck and others, as in the package music21 of Michael Scott Asato "
        "Cuthbert and others.",
        loader="MusicData",
    ),
    "sentiment": Source(
        use="snippets of film reviews and how people rated them",
        origin=Package(
            "vaderSentiment", "3.3.2", "sdist", "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
        ),
        files=(
            File(
                name="hutto_ICWSM_2014.tar.gz",
                size=2_338_514,
                sha256="d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa",
                member="vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz",
            ),
        ),
        licence="MIT (package and ratings); the snippets are quotations from reviews",
        citation="C. J. Hutto and E. Gilbert, VADER: A parsimonious rule-based model for sentiment analysis of social "
        "media text, ICWSM 2014; the snippets after B. Pang and L. Lee, 2004.",
        loader="SentimentData",
    ),
    "stocks": Source(
        use="daily prices of four stocks, for forecasts",
        origin=_BOKEH,
        files=(
            File(
                name="stocks.csv.gz",
                size=294_246,
                sha256="5abadf99b2d394f920120a27de6f0df129859d71d4cfb0bf661bcc99446ab1fd",
                member="bokeh_sampledata/_data/stocks.csv.gz",
            ),
        ),
        licence="public domain (prices), BSD (package)",
        citation="Quandl WIKI Prices, 2000-2013, declared public domain by Quandl and supplied as they are, "
        "without warranty, in the package bokeh-sampledata of the Bokeh Contributors.",
        loader="StockData",
    ),
    "glucose": Source(
        use="one person's blood sugar each five minutes, for forecasts",
        origin=_BOKEH,
        files=(
            File(
                name="CGM.csv.gz",
                size=315_938,
                sha256="91fdad8325541a4487d88cb59b2fc9f6ed821c7c01eaabed0606bbb7089be8de",
                member="bokeh_sampledata/_data/CGM.csv.gz",
            ),
        ),
        licence="public domain (readings), BSD (package)",
        citation="Readings of a continuous glucose monitor, 2010, given to the public domain by whoever wore it, as in "
        "the package bokeh-sampledata of the Bokeh Contributors.",
        loader="GlucoseData",
    ),
    "time_machine": Source(
        use="prose, as in Dive into Deep Learning",
        origin=Address("https://d2l-data.s3-accelerate.amazonaws.com/timemachine.txt"),
        files=(
            File(
                name="timemachine.txt",
                size=178_979,
                sha256="8424dbd9532ac81f7e5f0b6add90e6952baea29158309d7d1bf3884f4e12c516",
            ),
        ),
        licence="public domain",
        citation="H. G. Wells, The Time Machine, 1895; the file of Zhang, Lipton, Li and Smola, "
        "Dive into Deep Learning, Cambridge University Press, 2023.",
        loader="LanguageModelData",
    ),
    "tinyshakespeare": Source(
        use="plays, as in char-rnn and nanoGPT",
        origin=Address("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"),
        files=(
            File(
                name="tinyshakespeare.txt",
                size=1_115_394,
                sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            ),
        ),
        licence="public domain",
        citation="William Shakespeare, plays; selected by Andrej Karpathy for char-rnn, 2015; as in nanoGPT.",
        loader="LanguageModelData",
    ),
    "names": Source(
        use="first names, one a line, as in makemore",
        origin=Address("https://raw.githubusercontent.com/karpathy/makemore/master/names.txt"),
        files=(
            File(
                name="names.txt",
                size=228_145,
                sha256="0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
            ),
        ),
        licence="public domain",
        citation="First names given in the United States, Social Security Administration, 2018; the file of Andrej "
        "Karpathy, makemore, 2022.",
        loader="LanguageModelData",
    ),
    "fra_eng": Source(
        use="English-French sentences, as in Dive into Deep Learning",
        origin=Address("https://d2l-data.s3-accelerate.amazonaws.com/fra-eng.zip"),
        files=(
            File(
                name="fra-eng.zip",
                size=3_420_152,
                sha256="fa96382b2c8b609e1662654c1e6e6baeb8d30b3bf63dfb4a5a261cc36347df13",
            ),
        ),
        licence="CC BY 2.0 FR",
        citation="Sentence pairs of tatoeba.org, selected by manythings.org/anki, 2019-04-07; the file of Zhang, "
        "Lipton, Li and Smola, Dive into Deep Learning, Cambridge University Press, 2023.",
        loader="TranslationData",
    ),
}


def default_names() -> list[str]:
    """The data sets that the course needs and set-up fetches.

    >>> "alice" in default_names(), "time_machine" in default_names()
    (True, False)
    """
    return [name for name, source in SOURCES.items() if source.default]


def data_folder() -> Path:
    """The folder that holds the data: `$COURSE_DATA`, else one in the user's cache. It need not exist yet.

    >>> data_folder().is_absolute()
    True
    """
    chosen = os.environ.get("COURSE_DATA")
    if not chosen:
        return platformdirs.user_cache_path("rnn-course", appauthor=False)
    folder = Path(chosen).expanduser()
    if not folder.is_absolute():  # every notebook would look for it beside itself
        raise DataError(f"COURSE_DATA is {chosen!r}, a relative path: set it to an absolute one, {folder.absolute()}.")
    return folder


def status(name: str) -> str:
    """How the files of data set `name` are: "OK", "missing" or, worst, "altered". Every byte of them is read."""
    states = {_file_status(file) for file in _source(name).files}
    return next((state for state in ("altered", "missing") if state in states), "OK")


def verify(names: Iterable[str] | None = None) -> dict[str, str]:
    """The `status` of each of `names`, by default of all data sets.

    >>> verify().keys() == SOURCES.keys()
    True
    """
    return {name: status(name) for name in _known(names, SOURCES)}


def path(name: str, file: str | None = None) -> Path:
    """The path of the data set `name`, whose content is checked; `file` names one of several files.

    Raises `DataError` if it is missing or altered, with the command that mends it.
    """
    files = {entry.name: entry for entry in _source(name).files}
    if file is None and len(files) == 1:
        [file] = files
    if file not in files:
        raise DataError(f"data set {name!r} has no file {file!r}: give one of {', '.join(files)}.")
    state = _file_status(files[file])
    if state != "OK":
        how = "" if SOURCES[name].default else ", or 'course data fetch --from FOLDER' with a folder that has it"
        raise DataError(
            f"{data_folder() / file} is {state} (expected: sha256 {files[file].sha256}): "
            f"run 'course data fetch {name}'{how}."
        )
    return data_folder() / file


def fetch(names: Iterable[str] | None = None) -> list[str]:
    """Bring the data sets `names` (by default `default_names()`) into the data folder; return those that are new.

    What is there and unaltered is left alone, and the network is not asked. Raises `DataError` if one cannot be had.
    """
    wanted = [name for name in _known(names, default_names()) if status(name) != "OK"]
    for name in wanted:
        source = SOURCES[name]
        with scratch_folder() as scratch:
            carrier = download(source.origin, source.files[0], scratch)
            for file in source.files:
                with open_member(carrier, file.member) as stream:
                    store(stream, file, data_folder(), source.origin)
    return wanted


def copy_from(folder: str | Path, names: Iterable[str] | None = None) -> list[str]:
    """Copy the files of the data sets `names` (by default of all) that lie in `folder`; return those found there.

    Raises `DataError` if none is there, if a data set that was named is not there whole, or if a file is altered.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: give the one that has the files to copy.")
    found = []
    for name in _known(names, SOURCES):
        here = [file for file in SOURCES[name].files if (folder / file.name).is_file()]
        if names is not None and len(here) < len(SOURCES[name].files):
            lacks = ", ".join(file.name for file in SOURCES[name].files if file not in here)
            raise DataError(f"{folder} has no {lacks}, which {name!r} needs: add it or run 'course data fetch {name}'.")
        for file in here:
            if _file_status(file) != "OK":
                _copy(folder / file.name, file)
        found += [name] if here else []
    if not found:
        files = ", ".join(file.name for name in SOURCES for file in SOURCES[name].files)
        raise DataError(f"{folder} has no file that the course knows: it looks for {files}.")
    return found


def _copy(original: Path, file: File) -> None:
    try:
        stream = open(original, "rb")  # noqa: SIM115 (closed below; only its opening can fail for want of reading)
    except OSError as error:
        raise DataError(f"cannot read {original}: {error.strerror}; make it readable and try again.") from error
    with stream:
        store(stream, file, data_folder(), original)


def _file_status(file: File) -> str:
    target = data_folder() / file.name
    try:
        if not target.is_file():
            return "missing"
        with open(target, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {target}: {error.strerror}; make it readable or set COURSE_DATA.") from error
    return "OK" if digest == file.sha256 else "altered"


def _known(names: Iterable[str] | None, otherwise: Iterable[str]) -> list[str]:
    """`names` as a list in which every one is known, or `otherwise` if there are none."""
    chosen = list(otherwise if names is None else [names] if isinstance(names, str) else names)
    for name in chosen:
        _source(name)
    return chosen


def _source(name: str) -> Source:
    if name not in SOURCES:
        close = difflib.get_close_matches(name, SOURCES, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise DataError(f"there is no data set {name!r}{hint}: give one of {', '.join(SOURCES)}.")
    return SOURCES[name]
