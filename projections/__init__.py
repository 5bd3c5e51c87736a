"""What people read, kept current by the stream; and who must be woken. Knows events."""
