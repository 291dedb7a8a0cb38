"""One writer per file: a lock that the system lets go of when a process ends, however it ends."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import msvcrt
    import os

    _FAR = 1 << 40
    """A lock keeps others from reading the bytes it is on; this one lies beyond any record."""

    def claim(file: int) -> bool:
        """Take an open file for this process until it is closed; returns whether nobody else had it."""
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def claim(file: int) -> bool:
        """Take an open file for this process until it is closed; returns whether nobody else had it.

        A file system that knows no locks has nobody to tell about: there it is taken unseen.
        """
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
