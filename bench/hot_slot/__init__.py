"""One slot and everybody: Tika's seats against three other ways to sell them. See docs/performance/hot-slot.md."""
