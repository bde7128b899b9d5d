"""Look for processes that a world left behind."""

import psutil


def processes_of(folder):
    """The command lines of all processes that name the folder, or are in it."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        command = process.info["cmdline"] or []
        in_it = (process.info["cwd"] or "").startswith(str(folder))
        if process.info["status"] != psutil.STATUS_ZOMBIE and (in_it or str(folder) in " ".join(command)):
            found.append(" ".join(command))
    return found
