"""What stops a command: one sentence for the person, and the exit status."""


class LaunchError(Exception):
    """Something the person at the keyboard can put right; shown without a traceback."""

    exit_code = 2


class ServerDied(LaunchError):
    """An embedded server ended before it was ready; the message carries its last words."""


def first_cause(error: BaseException) -> BaseException:
    """Look through the groups that task groups wrap around an error."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
