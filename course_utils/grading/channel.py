"""Messages over a socket: each is its length and then that many bytes, and may be neither too long nor too late."""

import socket
import struct
import time
from typing import Any

from course_utils.assignments import serializing

_LENGTH = struct.Struct("<Q")
_STRUCTURE = 2**22  # bytes that a message may have besides the numbers


class Closed(Exception):
    """The other side has ended."""


class TooLate(Exception):
    """No whole message came, or could be sent, in time."""


class TooLong(Exception):
    """The message has more bytes than are allowed."""


class Channel:
    """One end of a connection that carries values.

    Args:
        connection: a connected stream socket; the channel owns it.
        most: bytes of the largest value that is sent; a message that comes may have a little more.

    >>> one, other = map(Channel, socket.socketpair())
    >>> one.send(["call", {"x": 1.5}])
    >>> other.receive()
    ['call', {'x': 1.5}]
    >>> one.close(), other.close()
    (None, None)
    """

    def __init__(self, connection: socket.socket, most: int = 2**30):
        self.connection, self.most = connection, most

    def send(self, value: Any, seconds: float | None = None) -> None:
        """Send a value; raises `BadValue`, `Closed` or, after `seconds`, `TooLate`."""
        content = serializing.encode(value, self.most)
        try:
            self.connection.settimeout(seconds)
            self.connection.sendall(_LENGTH.pack(len(content)) + content)
        except TimeoutError as error:
            raise TooLate from error
        except OSError as error:
            raise Closed from error

    def receive(self, seconds: float | None = None) -> Any:
        """The next value; raises `BadValue`, `Closed`, `TooLong` or, after `seconds`, `TooLate`."""
        deadline = None if seconds is None else time.monotonic() + seconds
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
        if length > self.most + _STRUCTURE:
            raise TooLong
        return serializing.decode(self._read(length, deadline))

    def close(self) -> None:
        """End the connection."""
        self.connection.close()

    def _read(self, length: int, deadline: float | None) -> bytes:
        content = bytearray()
        while len(content) < length:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TooLate
            try:
                self.connection.settimeout(left)
                part = self.connection.recv(min(length - len(content), 2**20))
            except TimeoutError as error:
                raise TooLate from error
            except OSError as error:
                raise Closed from error
            if not part:
                raise Closed
            content += part
        return bytes(content)
