"""What the functions that work on executions are made of."""

from functools import cache

from commands.executions.machine import StateMachine
from commands.executions.room import Executions
from commands.waves.parts import now, start, waves
from commands.waves.requests import StartWave
from commands.waves.start import Start
from events.callers import Caller


@cache
def executions(account_id: str) -> Executions:
    """Executions of this deployment."""

    def start_of(request: StartWave, execution_id: str) -> Start:
        key = f"{execution_id}#{request.wave_number}"
        caller = Caller(f"execution {execution_id}", "direct", key, correlation_id=execution_id)
        return start(account_id, request, caller, now())

    return Executions(waves(account_id), StateMachine(), start_of)
