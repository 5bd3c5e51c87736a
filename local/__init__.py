"""The whole service on one machine: the real template on an embedded cloud, and the DRS simulator."""
