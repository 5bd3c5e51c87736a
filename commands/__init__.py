"""What may be asked, and what follows from it. Knows events."""
