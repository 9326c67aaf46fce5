"""What an appointment or a seat can be."""

HELD, BOOKED, CANCELLED, LAPSED = "HELD", "BOOKED", "CANCELLED", "LAPSED"
REMOVED = "REMOVED"  # a place that its centre took back: a seat row that nobody may claim
DELETED = "DELETED"  # a tombstone in place of the appointments of a deleted person, so that no late claim revives them
