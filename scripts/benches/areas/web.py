"""Web: the page of `headway web` in Chromium, with a thousand operations.

The browser is Debian's, through Playwright. A task of the page that is longer than 50 ms is told
by the browser itself; an update is late by what lies between the report of a count and the frame
in which it stands on the page, both by the clock of this machine.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

from benches.report import Check, Report, Row, summarize
from benches.sandbox import Sandbox

OPERATIONS = 1000
MOVING = 100  # of them make an update a second
WINDOW = 15.0  # seconds that are measured, after the page has all of them
LONG = 50  # milliseconds
VIEW = {"width": 1280, "height": 800}
OBSERVER = """
window.tasks = [];
new PerformanceObserver((seen) => {
  for (const task of seen.getEntries()) window.tasks.push(task.duration);
}).observe({ type: "longtask", buffered: true });
window.late = [];
window.clockRow = null; // found once: to look through a thousand rows would be a task of its own
new MutationObserver(() => requestAnimationFrame(() => {
  if (!window.clockRow || !window.clockRow.isConnected) {
    const rows = [...document.querySelectorAll(".row")];
    window.clockRow = rows.find((one) => one.textContent.includes("Clock"));
  }
  const row = window.clockRow;
  const told = row && row.textContent.match(/at (\\d+) ms/);
  if (told && told[1] !== window.last) {
    window.last = told[1];
    window.late.push(Date.now() - Number(told[1]));
  }
})).observe(document, { subtree: true, childList: true, characterData: true });
"""


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only this area needs it

    number = 100 if quick else OPERATIONS
    moving = min(MOVING, number // 2)
    still = number - moving
    report = Report("web", f"`headway web` with {number:,} operations", [], [], [], [])
    with Sandbox() as sandbox, sync_playwright() as tool:
        sandbox.broker()
        sandbox.workers(1, max(1, still // 100), min(still, 100), 2, 0.0)
        sandbox.workers(50_001, 1, moving, 2, 1.0)
        clock = sandbox.program("workloads", "clock", stdin=subprocess.PIPE)
        served = sandbox.headway("web", "--no-open", stdout=subprocess.PIPE, text=True)
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = tool.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport=VIEW)
        page.add_init_script(OBSERVER)
        page.goto(served.stdout.readline().strip())
        last = page.locator("#operations > li").nth(number)
        last.wait_for(state="attached", timeout=60_000)
        first: list[float] = page.evaluate("window.tasks.splice(0)")
        page.evaluate("window.late.splice(0)")
        page.wait_for_timeout((1.0 if quick else WINDOW) * 1000)
        later: list[float] = page.evaluate("window.tasks")
        late: list[float] = page.evaluate("window.late")
        browser.close()
        sandbox.end(clock)
    add_tasks(report, "until all are drawn", first)
    add_tasks(report, "after that", later)
    ordered = sorted(late)
    report.checks.append(Check("the page was told of updates", bool(ordered)))
    if ordered:
        report.rows.append(Row("an update, report to frame", summarize(ordered), "ms"))
        worst = ordered[int(0.95 * (len(ordered) - 1))]
        what = "an update, report to frame, 95th of 100"
        report.rows.append(Row(what, summarize([worst]), "ms", at_most=250))
    report.notes.append(
        f"{moving} of the operations make an update a second. A headless Chromium, "
        "which has its own processes on the same processors."
    )
    return report


def add_tasks(report: Report, when: str, tasks: list[float]) -> None:
    """Add the row of the tasks that the browser calls long."""
    limits: dict[str, Any] = {"at_most": LONG}
    longest = max(tasks, default=0.0)
    what = f"longest task {when} (0: none over {LONG} ms; {len(tasks)} seen)"
    report.rows.append(Row(what, summarize([longest]), "ms", **limits))
