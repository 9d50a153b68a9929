"""`run_with_progress`: run a function with a tracker that ends as the function does."""

from __future__ import annotations

import inspect

from headway.api.outcomes import uncaught
from progress_tracker.tracker import ProgressTracker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


async def run_with_progress(
    tracker: ProgressTracker, operation_func: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """Return what `operation_func(tracker, …)` returns, with `tracker` around it.

    A coroutine function is awaited; a plain function runs here and now, so the event loop
    waits for it. An exception ends the tracker and is passed on: one that cancels as
    cancelled, SystemExit with 0 or None as complete, any other as failed.
    """
    import asyncio  # noqa: PLC0415 - who awaits this has it imported

    tracker.start()
    tracker.setup_cancellation_handler()
    try:
        result = operation_func(tracker, *args, **kwargs)
        if inspect.isawaitable(result):
            loop = asyncio.get_running_loop()
            task = tracker._task = asyncio.current_task()
            if task is not None:
                cancel = task.cancel

                def stop(_request: object) -> None:
                    uncaught.install_hooks()
                    loop.call_soon_threadsafe(cancel)

                tracker._report.listen(stop)
            result = await result
    except asyncio.CancelledError:
        said, status = tracker._leaving or (tracker.cancel_reason or "Operation cancelled", None)
        tracker.cancel(said)
        if tracker._cleanup is not None:
            await tracker._cleanup
        if status is not None:
            raise SystemExit(status) from None
        raise
    except KeyboardInterrupt:
        tracker.cancel(tracker.cancel_reason or "Cancelled by user")
        raise
    except SystemExit as error:
        if error.code in (None, 0):
            tracker.complete()
        else:
            code = error.code
            said = f"exit status {code}" if isinstance(code, int) else str(code)
            tracker.complete(success=False, message=said)
        raise
    except Exception as error:
        tracker.complete(success=False, message=str(error) or type(error).__name__)
        raise
    except BaseException as error:  # headway.Cancelled and its like
        tracker.cancel(str(error) or "Operation cancelled")
        raise
    else:
        tracker.complete(success=True)
        return result
    finally:
        tracker._task = None
