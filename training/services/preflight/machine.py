"""What this machine has: memory, disk, and how fast it multiplies matrices.

Asked of the system at every look; a GPU is asked through `nvidia-smi`, since no process
but that of a training loads what could ask it directly. What cannot be known is None.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings

from training.domain.training_time import Rate

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_CPU = "cpu"
_QUESTION = (
    "--query-gpu=name,memory.free,memory.total",
    "--format=csv,noheader,nounits",
)
_SIDE = 768
"""Of the matrices: a product of some milliseconds, and too large for the caches."""
_TRIES = 5


_MIB = 1 << 20
_GPU_RATES = {"H200": 790e12, "H100": 790e12, "A100": 250e12}
"""Operations a second in bf16. That of an H200 was measured in a product of matrices;
an H100 has the same cores, and an A100 is taken at four fifths of its published 312."""


@dataclass(frozen=True)
class DeviceMemory:
    """Bytes of memory that are free for a new process, and that there are at all."""

    free: int
    total: int


@dataclass(frozen=True)
class Gpu:
    """A GPU as its driver describes it."""

    name: str
    memory: DeviceMemory


def first_device() -> str:
    """The device that a run would get if all were free."""
    return settings.JOB_DEVICES[0]


def memory_of(device: str) -> DeviceMemory | None:
    """The memory of a device; None where it cannot be known."""
    if device == _CPU:
        return host_memory()
    gpu = _gpu(device)
    return gpu.memory if gpu else None


def rate_of(device: str) -> Rate | None:
    """Operations a second of a product of matrices on a device; None if not known."""
    if device == _CPU:
        return cpu_rate()
    gpu = _gpu(device)
    known = (rate for name, rate in _GPU_RATES.items() if gpu and name in gpu.name)
    rate = next(known, None)
    if gpu is None or rate is None:
        return None
    return Rate(rate, f"assumed for a {gpu.name} in bf16", is_measured=False)


def read_gpus(table: str) -> list[Gpu]:
    """The GPUs that nvidia-smi prints: name, MiB free and MiB in all, a line each."""
    found = []
    for line in table.splitlines():
        name, *sizes = (cell.strip() for cell in line.rsplit(",", 2))
        if len(sizes) == 2 and all(size.isdigit() for size in sizes):
            free, total = (int(size) * _MIB for size in sizes)
            found.append(Gpu(name, DeviceMemory(free, total)))
    return found


def _gpu(device: str) -> Gpu | None:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    try:
        asked = subprocess.run(  # noqa: S603  (the command is our own)
            [tool, *_QUESTION], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    gpus, number = read_gpus(asked.stdout), device.partition(":")[2] or "0"
    return gpus[int(number)] if number.isdigit() and int(number) < len(gpus) else None


def host_memory() -> DeviceMemory | None:
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
        return DeviceMemory(min(free, max(0, limit - used)), limit)
    return DeviceMemory(free, total)


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
