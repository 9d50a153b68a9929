"""The complete demonstration: `python -m progress_tracker`."""

from progress_tracker.demo import main

if __name__ == "__main__":
    main()
