"""A virtual machine has given back the memory that its processes left: whoever touches it next waits for the host, some
10 us a page where it is 0.2 to 1.4 otherwise. That is no part of what is measured."""
import mmap

import numpy


def settle(megabytes=512):
    """Touches as much memory as what is measured next may use, and frees it."""
    memory = mmap.mmap(-1, megabytes << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    numpy.frombuffer(memory, numpy.uint8)[::4096] = 1
