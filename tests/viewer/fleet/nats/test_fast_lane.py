"""Bytes of a NATS connection, some of which go past the parser of the client library."""

import asyncio
import random
from types import SimpleNamespace

import pytest

from headway_viewer.fleet.nats.fast_lane import LINE_LIMIT, FastLane, lane_of

OURS = (b"headway.a.b.c", b"$JS.ACK.1", b"data\r\nMSG of 1 2\r\n")
STREAM = [
    b'INFO {"server_id":"x"}\r\n',
    b"MSG headway.a.b.c 7 $JS.ACK.1 %d\r\n%s\r\n" % (len(OURS[2]), OURS[2]),
    b"MSG _INBOX.x 1 5\r\nother\r\n",
    b"HMSG inbox 7 $JS.FC.1 12 16\r\nNATS/1.0\r\n\r\nbeat\r\n",
    b"PING\r\n",
    b"MSG\theadway.a.b.d  7 $JS.ACK.2 0\r\n\r\n",
    b"MSG headway.a.b.c 7 $JS.ACK.3 1\r\n!\r\n",
    b"+OK\r\n",
]
OTHERS = [STREAM[place] for place in (0, 2, 3, 4, 7)]


class Library:
    """A parser that holds what is not whole, and tells of what it was given."""

    def __init__(self):
        self.buf = bytearray()
        self.given = b""

    async def parse(self, data=b""):
        self.given += data

    def reset(self):
        self.given = b""
        self.buf.clear()


def lane_with(parser):
    paces = []

    async def pace():
        paces.append(1)

    lane = FastLane(parser, pace)
    taken = []
    lane.takers[b"7"] = lambda *message: taken.append(message)
    return lane, taken, paces


def feed(lane, *pieces):
    async def run():
        for piece in pieces:
            await lane.parse(piece)

    asyncio.run(run())


def cut(data, places):
    edges = [0, *sorted(places), len(data)]
    return [data[start:stop] for start, stop in zip(edges, edges[1:])]


@pytest.mark.parametrize("seed", range(20))
def test_wherever_the_bytes_are_cut_ours_are_taken_and_the_library_has_all_else(seed):
    data = b"".join(STREAM)
    places = random.Random(seed).sample(range(1, len(data)), seed)
    library = Library()
    lane, taken, paces = lane_with(library)
    pieces = cut(data, places)
    feed(lane, *pieces)
    assert taken == [OURS, (b"headway.a.b.d", b"$JS.ACK.2", b""), (OURS[0], b"$JS.ACK.3", b"!")]
    assert library.given == b"".join(OTHERS)
    assert len(paces) == len(pieces)


def test_what_the_library_holds_is_ended_by_it():
    library = Library()
    library.buf += b"MSG inbox 1 5\r\nhe"
    lane, taken, _ = lane_with(library)
    feed(lane, b"llo\r\n")
    library.buf.clear()
    feed(lane, STREAM[6])
    assert (library.given, len(taken)) == (b"llo\r\n", 1)


@pytest.mark.parametrize(
    "wrong", [b"MSG headway.a 7 reply many\r\n", b"MSG 7\r\n", b"x" * (LINE_LIMIT + 1)]
)
def test_what_is_wrong_is_left_to_the_library(wrong):
    library = Library()
    lane, taken, _ = lane_with(library)
    feed(lane, wrong)
    assert (library.given, taken) == (wrong, [])


def test_another_connection_begins_with_nothing():
    lane, taken, _ = lane_with(Library())
    feed(lane, STREAM[1][:20])
    lane.reset()
    feed(lane, STREAM[6])
    assert len(taken) == 1


def test_a_library_with_another_parser_has_no_lane():
    client = SimpleNamespace(_ps=SimpleNamespace(parse=None))
    assert lane_of(client, None) is None
    assert lane_of(object(), None) is None


def test_the_parser_of_the_library_has_a_lane_and_parses_the_rest():
    library = pytest.importorskip("nats.protocol.parser", reason="nats-py is an extra")
    seen = []

    async def note(*arguments):
        seen.append(arguments)

    parser = library.Parser(
        SimpleNamespace(_process_msg=note, _process_ping=note, _process_info=note)
    )
    client = SimpleNamespace(_ps=parser)

    async def pace():
        pass

    lane = lane_of(client, pace)
    assert vars(client) == {"_ps": lane}
    taken = []
    lane.takers[b"7"] = lambda *message: taken.append(message)
    feed(lane, *cut(b"".join(STREAM), range(5, 150, 7)))
    assert len(taken) == 3
    assert [len(arguments) for arguments in seen] == [1, 5, 5, 0]
    assert seen[2][3:] == (b"beat", b"NATS/1.0\r\n\r\n")
