"""The port that people see."""

import errno
import socket

from launch.faults import LaunchError

FIRST_PORT = 8080
TRIES = 50
PORTS = 65_536


def choose_port(host: str, wanted: int | None) -> int:
    """Take the wanted port, or 8080 or the next free one.

    Raises:
        LaunchError: the wanted port is taken or may not be used, or the host is not ours.
    """
    if wanted is not None:
        refused = _refusal(host, wanted)
        if refused is not None:
            raise LaunchError(refused)
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + TRIES):
        if _refusal(host, port) is None:
            return port
    raise LaunchError(f"No free port from {FIRST_PORT} to {FIRST_PORT + TRIES - 1} on {host}")


def _refusal(host: str, port: int) -> str | None:
    """Try the port; None when it can be bound."""
    if not 0 < port < PORTS:
        return f"There is no port {port}; choose one below {PORTS}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        return f"There is no address {host}:{port}"
    with socket.socket(family, kind) as probe:
        # As the edge does: connections of an earlier run that linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            return _sentence(host, port, error)
    return None


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken; choose another with --port, or leave it out"
    if error.errno == errno.EACCES:
        return f"Port {port} needs privileges; choose one from 1024 on with --port"
    return f"Cannot listen on {host}:{port}: {error.strerror}"
