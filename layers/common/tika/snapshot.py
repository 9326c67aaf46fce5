"""What a container must not take over from the snapshot that Lambda restores it from (SnapStart).

Many containers begin as copies of one. Ids, codes, keys and nonces come from the kernel, which differs in each of them;
the seeds of `random` do not. Connections are opened by requests, and botocore renews credentials by their expiry.
What is remembered may be of another hour, and a monotonic clock need not have counted the time in between.
"""

import random
from collections.abc import Callable

_memories: list[Callable[[], object]] = []


def forgets[F: Callable[[], object]](forget: F) -> F:
    """Every memory that outlives a request says here how it is emptied."""
    _memories.append(forget)
    return forget


def forget() -> None:
    """Remember as little as a new container does."""
    for memory in _memories:
        memory()


def restored() -> None:
    """Called by Lambda in each container that it has restored, before the first request."""
    random.seed()
    forget()


try:
    from snapshot_restore_py import register_after_restore
except ImportError:  # a part of Lambda's runtime, and of nothing else
    pass
else:
    register_after_restore(restored)
