"""The limits of a message: what a reader takes at most is what a writer sends at most. Pure.

Nothing is imported: `import headway` loads this, msgpack or not.
"""

from __future__ import annotations

FRAME_LIMIT = 1 << 20  # bytes of one frame; ZMQ_MAXMSGSIZE of every socket
# Bytes that a writer fills a message with at most, as it estimates them: the rest of a frame is for
# what it does not count.
MESSAGE_BYTES = 900_000
SPOOL_FILE_LIMIT = 16 << 20  # bytes of a spool file; a broker sets aside what is larger
# Bytes of a spool file that a writer fills at most: what it has more goes into further ones. And
# what it writes of one operation, by its own estimate.
SPOOL_FILE_BYTES = 8 << 20
COUNTS_LIMIT = 4096  # stages in one `Counts`
ABOUT_LIMIT = 32  # facts of a process in a `Hello`; we send some ten
ABOUT_TEXT = 4096  # characters of them
STAGES_LIMIT = 1000  # stage records in one `Announce`; more go into further ones
LINES_LIMIT = 200  # lines in one `Log`; more go into further ones
HASHES_LIMIT = 256  # hashes of lines in one `Work`
OUTPUT_LIMIT = 1 << 17  # bytes of one `Output`: doubled, other peers wait twice as long for it

# Operations, the first that are open, whose rows come with each frame of the stream of screens:
# more than a screen has rows. Doubled, such a frame costs the broker 2 ms more.
SCREEN_OPERATIONS = 128
