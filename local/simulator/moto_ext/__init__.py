"""A directory on moto's own path: what lies here is `moto.<name>`. See `local.simulator.install`."""
