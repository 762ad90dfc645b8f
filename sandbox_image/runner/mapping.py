"""Memory that is gone once it is closed.

Every job's process is a copy of the supervisor, and could read on its heap what an earlier job
left there. Code, inputs and outputs therefore lie in mappings of their own.
"""

import mmap
import os


class Mapping:
    """A block of memory of a fixed size.

    Attributes:
        view: The block; slices of it must be gone before `close`.
    """

    def __init__(self, size: int) -> None:
        # Private: the copy that a job's process gets is no way back into the supervisor.
        self._map = mmap.mmap(-1, max(size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.view = memoryview(self._map)

    def close(self) -> None:
        """Give the memory back to the kernel, and its content with it."""
        self.view.release()
        self._map.close()


def read_into(fd: int, view: memoryview) -> int:
    """Read once from a descriptor, without a copy on the heap; return how many bytes came."""
    return os.readv(fd, [view])
