"""Raise one notification, and say what stands in the way if none appears."""

from __future__ import annotations

import sys
import warnings


def main() -> int:
    """Exit status 0 if the desktop took it."""
    try:
        from plyer import notification  # noqa: PLC0415 - its absence is an answer
    except ImportError:
        print("plyer is not installed: pip install plyer")
        return 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notification.notify(title="Test", message="Working")
    except Exception as error:
        print(f"no notification: {type(error).__name__}: {error}")
        return 1
    print("sent")
    return 0


if __name__ == "__main__":
    sys.exit(main())
