"""A wave of recovery: decided on evidence, claimed, launched once."""

from typing import Any

from commands.waves.answer import answer
from commands.waves.claim import claimed
from commands.waves.launch import launch, resume
from commands.waves.start import Start
from events.errors import Refused


def start_wave(start: Start) -> dict[str, Any]:
    """Starts the wave, or answers what became of it when it was started before.

    Raises:
        Refused: it cannot start, or whether it did is not known yet (`WAVE_UNCLEAR`, retryable).
    """
    reads = start.service.store.reads
    try:
        stream, ours = claimed(start)
    except Refused:
        stream, ours = start.stream(), False
        if not stream.version:
            raise  # it never started; whatever became of its groups since it did is no matter
    stream = launch(start, stream) if ours else resume(start, stream)
    return answer(stream, start.service.store.reads - reads)
