"""What this machine has: memory, disk, and how fast it multiplies matrices.

Asked of the system at every look. What cannot be asked here, such as the memory of a
GPU that only the training process may touch, is None, and said so.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings

from training.domain.training_time import Rate

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_SIDE = 768
"""Of the matrices: a product of some milliseconds, and too large for the caches."""
_TRIES = 5


@dataclass(frozen=True)
class HostMemory:
    """Bytes of memory that are free for a new process, and that there are at all."""

    free: int
    total: int


def host_memory() -> HostMemory | None:
    """The memory of this machine, or of the container it is; None where unknown."""
    if not _MEMINFO.is_file():
        return None
    lines = (line.split() for line in _MEMINFO.read_text().splitlines())
    known = {words[0]: int(words[1]) * 1024 for words in lines if len(words) > 1}
    total, free = known.get("MemTotal:"), known.get("MemAvailable:")
    if total is None or free is None:
        return None
    limit = _number(_CGROUP / "memory.max")
    if limit is not None and limit < total:
        used = _number(_CGROUP / "memory.current") or 0
        return HostMemory(min(free, max(0, limit - used)), limit)
    return HostMemory(free, total)


def free_disk() -> int:
    """Bytes that are free where runs are written."""
    place = Path(settings.DATA_DIR)
    place.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(place).free


@lru_cache(maxsize=1)
def cpu_rate() -> Rate:
    """Operations a second of a product of fp32 matrices, measured once a process."""
    one = np.ones((_SIDE, _SIDE), dtype=np.float32)
    seconds = []
    for _ in range(_TRIES):
        begun = time.perf_counter()
        one @ one
        seconds.append(time.perf_counter() - begun)
    flops = 2 * _SIDE**3 / min(seconds)
    cores = len(os.sched_getaffinity(0))
    return Rate(
        flops,
        f"measured here by a product of matrices in fp32 on {cores} "
        f"core{'s' * (cores != 1)}",
        is_measured=True,
    )


def _number(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
