"""Questions and answers. Knows projections, and events to look back."""
