"""`moto.drs`: lets moto find the simulated DRS."""

from .models import drs_backends

__all__ = ["drs_backends"]
