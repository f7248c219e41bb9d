"""Other people's texts as pages, tables and the terminal may show them: nothing in them acts, all of it is seen."""

_JOINERS = "\u200c\u200d"  # between the letters of Persian or Hindi they belong to the spelling


def shown(text: str, keep: str = "") -> str:
    r"""A text in which escapes stand for what cannot be seen: controls, ends of lines, marks that turn the text round.

    Args:
        text: a name, or code.
        keep: characters that stay all the same, such as "\n".

    >>> print(shown("Ada\x1b[2J\nKing\u202egnik"))
    Ada\x1b[2J\nKing\u202egnik
    """
    return "".join(
        character
        if character.isprintable() or character in keep or _joins(text, i)
        else character.encode("unicode_escape").decode()
        for i, character in enumerate(text)
    )


def _joins(text: str, i: int) -> bool:
    beside = text[max(0, i - 1) : i] + text[i + 1 : i + 2]
    return text[i] in _JOINERS and len(beside) == 2 and beside.isprintable() and not beside.isascii()
