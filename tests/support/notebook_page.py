"""The page of a notebook, as a program: run cells in a real kernel, print what they have shown.

Standard input has a JSON list of cells. Standard output gets a list of a map for each: `outputs`,
as the page keeps them, and `told`: (kind, data) of each display and of what replaced it. What the
kernel's own terminal would get goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys


def main():
    import nbformat
    from jupyter_client.manager import KernelManager
    from nbclient import NotebookClient

    cells = json.load(sys.stdin)
    manager = KernelManager(kernel_name="python3")  # this Python's
    made = [nbformat.v4.new_code_cell(cell) for cell in cells]
    page = NotebookClient(
        nbformat.v4.new_notebook(cells=made), km=manager, allow_errors=True, timeout=90
    )
    told = [[] for _ in cells]
    take = page.process_message

    def noted(message, cell, index):
        if message["msg_type"] in ("display_data", "update_display_data"):
            told[index].append((message["msg_type"], message["content"]["data"]))
        return take(message, cell, index)

    page.process_message = noted
    try:
        page.execute(stdout=2, stderr=2)
    finally:
        manager.shutdown_kernel(now=True)
    outputs = [cell.outputs for cell in page.nb.cells]
    json.dump([{"outputs": one, "told": two} for one, two in zip(outputs, told)], sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # its sockets and loops are nobody's any more


if __name__ == "__main__":
    main()
