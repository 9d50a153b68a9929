"""The web application: the page, its stream of events, and the requests that it may send."""

from __future__ import annotations

import asyncio
import json
import os
from functools import partial
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Sequence

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.owner_answer import ANSWER_TIMEOUT
from headway_viewer.connection.single_snapshot import Outcome, fetch_fleet
from headway_viewer.fleet.options import FleetSource
from headway_viewer.replica.replica import Replica
from headway_viewer.web import access
from headway_viewer.web.explanation import AT_ONCE, explain, is_id
from headway_viewer.web.stream import Stream

if TYPE_CHECKING:
    from headway_viewer.fleet.fleet_feed import FleetFeed

MOST_PAGES = 32  # open at once: each is sent all that changes
KEEP_ALIVE = 15.0  # seconds of silence, at most: proxies close what is silent for longer
# Events that are sent in one go, and the seconds until the next ones: a browser takes in all that
# has come before it answers a key. Fifty are 3 ms of its work.
AT_A_TIME, BETWEEN = 50, 0.01
VERBS = ("cancel", "pause", "resume")
_FOLDER = os.path.join(os.path.dirname(__file__), "page")
_SCRIPTS = ("words.js", "details.js", "page.js")
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    **{f"/{name}": (name, "text/javascript; charset=utf-8") for name in _SCRIPTS},
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


def make_app(
    site: access.Site,
    fleet: FleetSource | None = None,
    labels: Sequence[tuple[str, str]] = (),
    by: str | None = None,
) -> Starlette:
    """Return the application that serves `site`, with the operations here or those of a fleet.

    With `labels`, it shows those that have all of them; with `by`, counted by host or that label.
    """
    pages = anyio.CapacityLimiter(MOST_PAGES)
    stream = Stream(fleet, labels)
    explanations = anyio.CapacityLimiter(AT_ONCE)

    def refused(request: Request, *, changes: bool = False) -> Response | None:
        found = access.refusal(site, request.headers, request.cookies, changes=changes)
        return None if found is None else _text(found[1], found[0])

    async def file(request: Request) -> Response:
        given = request.query_params.get("token")
        if request.url.path == "/" and given is not None:
            return _enter(site, request, given)
        return refused(request) or _file(*FILES[request.url.path])

    async def events(request: Request) -> Response:
        wrong = refused(request)
        if wrong is not None:
            return wrong
        if pages.available_tokens < 1:
            return _text(f"{MOST_PAGES} pages are open already.", 503)
        return StreamingResponse(
            _events(pages, stream, by), headers=access.HEADERS, media_type="text/event-stream"
        )

    async def ask(request: Request) -> Response:
        wrong = refused(request, changes=True)
        if wrong is not None:
            return wrong
        verb, operation = request.path_params["verb"], request.path_params["operation"]
        if verb not in VERBS:
            return _text("There is no such request.", 404)
        answer = await anyio.to_thread.run_sync(_ask, fleet, verb, operation)
        return Response(json.dumps(answer), headers=access.HEADERS, media_type="application/json")

    async def why(request: Request) -> Response:
        wrong = refused(request)
        if wrong is not None:
            return wrong
        operation = request.path_params["operation"]
        answer = None
        if fleet is None and is_id(operation):  # no history here knows of other machines
            answer = await anyio.to_thread.run_sync(explain, operation, limiter=explanations)
        # Nothing is remembered of a first run, which is no error: a browser would log a 404 as one.
        return Response(answer or b"null", headers=access.HEADERS, media_type="application/json")

    return Starlette(
        routes=[
            *(Route(path, file) for path in FILES),
            Route("/events", events),
            Route("/operations/{operation}/why", why, methods=["GET"]),
            Route("/operations/{operation}/{verb}", ask, methods=["POST"]),
        ]
    )


def _enter(site: access.Site, request: Request, given: str) -> Response:
    """Turn the token of the URL into a cookie."""
    wrong = access.wrong_place(site, request.headers)
    if wrong is not None:
        return _text(wrong[1], wrong[0])
    if not access.is_token(site, given):
        return _text("The token is not the one that `headway web` has printed.", 403)
    response = RedirectResponse("/", 303, headers=access.HEADERS)
    response.set_cookie(
        site.cookie, site.token, httponly=True, samesite="strict", secure=site.scheme == "https"
    )
    return response


async def _events(
    pages: anyio.CapacityLimiter, stream: Stream, by: str | None
) -> AsyncIterator[str]:
    async with pages:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        page = stream.join(partial(_call_soon, loop, ready.set))
        try:
            yield "retry: 1000\n\n"
            yield f"event: by\ndata: {json.dumps(by)}\n\n"
            while True:
                ready.clear()
                waiting = stream.take(page)
                for start in range(0, len(waiting), AT_A_TIME):
                    some = waiting[start : start + AT_A_TIME]
                    yield "".join(f"event: {name}\ndata: {text}\n\n" for name, text in some)
                    if len(some) == AT_A_TIME:
                        await anyio.sleep(BETWEEN)
                if waiting:
                    continue
                with anyio.move_on_after(KEEP_ALIVE) as silence:
                    await ready.wait()
                if silence.cancelled_caught:
                    yield ": still here\n\n"
        finally:
            stream.leave(page)


def _call_soon(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:
        pass  # the server is ending


def _ask(fleet: FleetSource | None, verb: str, operation: str) -> dict[str, Any]:
    """Send a request to the owner of an operation; return what it answers."""
    try:
        feed = _feed_for(fleet, operation)
    except Unreached as error:
        return {"answer": "nobody", "reason": str(error)}
    try:
        arguments: dict[str, Any] = {"operation": operation}
        if verb == "cancel":
            arguments["reason"] = "by you, in the browser"
        reply = feed.ask(verb, arguments, ANSWER_TIMEOUT)
    finally:
        feed.close()
    if reply is None:
        reason = "the broker does not answer" if fleet is None else feed.note()
        return {"answer": "nobody", "reason": reason}
    reason = reply.error or reply.result.get("reason")
    return {"answer": reply.result.get("answer", "refused"), "reason": reason}


class Unreached(Exception):
    """The server of a fleet does not tell of an operation; the text says why."""


def _feed_for(fleet: FleetSource | None, operation: str) -> Feed | FleetFeed:
    """Return the connection by which the owner of an operation is asked. Raise `Unreached`."""
    replica = Replica()
    if fleet is None:
        feed = Feed(replica, endpoint_finder(start=False))
        feed.follows = False
        return feed
    reached = fleet.feed(replica, operation)
    if fetch_fleet(reached) is not Outcome.FETCHED:
        note = reached.note()
        reached.close()
        raise Unreached(note)
    return reached


def _file(name: str, kind: str) -> Response:
    with open(os.path.join(_FOLDER, name), "rb") as file:
        data = file.read()
    return Response(data, headers=access.HEADERS, media_type=kind)


def _text(words: str, status: int) -> Response:
    return PlainTextResponse(f"{words}\n", status, headers=access.HEADERS)
