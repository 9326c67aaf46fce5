"""One slot and everybody: Tika's seats against the three ways in which people build it. See docs/performance/hot-slot.md."""
