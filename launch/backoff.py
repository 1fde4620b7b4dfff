"""When a process that died starts again; pure."""

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
HEALTHY_AFTER_S = 30.0


def restart_delay_s(previous_s: float | None, lived_s: float) -> float:
    """Double the last delay, or begin anew after a healthy life; `previous_s` is None at first."""
    if previous_s is None or lived_s >= HEALTHY_AFTER_S:
        return FIRST_DELAY_S
    return min(previous_s * 2, LONGEST_DELAY_S)
