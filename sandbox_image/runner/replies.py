"""Replies from the child to the supervisor: `!BI` (code, body bytes) and a body.

The child writes them on fd 3. The program can write there too, so a reply is only what
the program claims about itself: the supervisor looks at code and size, never at the body.
"""

import struct
from enum import IntEnum

REPLY_FD = 3
PREFIX = struct.Struct("!BI")


class Code(IntEnum):
    """What a reply says. `LOADED` comes before the first call; the others end a call."""

    OK = 0
    EXCEPTION = 1
    NOT_JSON = 2
    OUTPUT_LIMIT = 3
    MEMORY_LIMIT = 4
    LOAD_ERROR = 5
    LOADED = 6
