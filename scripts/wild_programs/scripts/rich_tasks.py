"""rich: a display with columns and a log above it, track, and one inside a failed block."""

import time

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, track

if __name__ == "__main__":
    console = Console()
    columns = (TextColumn("[bold]{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console) as progress:
        first = progress.add_task("[cyan]Fetch", total=1000)
        second = progress.add_task("Unpack", total=None)
        for _ in range(50):
            progress.update(first, advance=20)
            progress.advance(second, 3)
            time.sleep(0.005)
        progress.console.print("fetched")
        progress.update(second, total=150)
    print(sum(track(range(40), description="Sum", console=console)))
    with Progress(console=console) as progress:
        progress.add_task("Broken", total=3)
        raise ValueError("no disk")
