"""What the machine is that a time was taken on."""

import os
import platform
from pathlib import Path


def processor() -> str:
    """Return the processor's name, as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()


def machine() -> dict[str, str | int | None]:
    """Describe the machine beside a result.

    Returns:
        Dict of `processor`, `cores`, `system` and `python` (its version).

    Example:
        >>> sorted(machine())
        ['cores', 'processor', 'python', 'system']
    """
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
