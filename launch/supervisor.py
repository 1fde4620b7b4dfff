"""`chorus up`: ports, both servers at once, migrations, seed, processes, one real message, page."""

import asyncio
import json
import platform
import resource
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import httpx

from chat_service.seed import SeedResult
from chorus import keys
from launch import chroma_server, database, dependencies, files, page, plan
from launch.child import Child
from launch.dump import dump
from launch.faults import LaunchError
from launch.known import refuse_unknown
from launch.ports import choose_port
from launch.round_trip import round_trip_ms
from launch.servers import start_chroma, start_postgres, start_redis
from launch.stack import Stack, make_rpc_folder
from launch.starting import explained
from launch.terminal import Printer

READY_TIMEOUT_S = 60
MIGRATE_TIMEOUT_S = 300
SEED_TIMEOUT_S = 60
DEATHS_BEFORE_GIVING_UP = 3
# 2025-11-20; a clock before this release existed cannot check a token.
EARLIEST_CLOCK_UNIX_S = 1_763_596_800


class StartFailed(LaunchError):
    """A process does not come up; the message carries its last words."""

    exit_code = 1


def up(options: plan.Options, environment: Mapping[str, str], *, as_json: bool) -> None:
    """Run everything until interrupted; blocks.

    `as_json`: standard output is one object once all of it is ready, `run.json` without the
    passwords; the page and the logs go to standard error.

    Raises:
        LaunchError: it could not start; nothing is left running.
    """
    with explained():
        refuse_unknown(environment)
    data = files.make_data_folder(options.data)
    with files.only_one(data):
        files.forget_run(data)
        port = choose_port(options.host, options.port)
        _check_clock()
        _raise_file_limit()
        printer = Printer(sys.stderr if as_json else sys.stdout)
        try:
            opened = replace(options, data=data)
            asyncio.run(Launch(opened, port, environment, printer, as_json=as_json).run())
        finally:
            printer.close()


def _check_clock() -> None:
    if time.time() < EARLIEST_CLOCK_UNIX_S:
        raise LaunchError("The clock of this machine is wrong; no token would be valid")


def _raise_file_limit() -> None:
    """Let the processes open as many sockets as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Launch:
    """One start, from nothing to the first-run page."""

    def __init__(
        self,
        options: plan.Options,
        port: int,
        environment: Mapping[str, str],
        printer: Printer,
        *,
        as_json: bool,
    ) -> None:
        self._options, self._port = options, port
        self._as_json = as_json
        self._environment, self._printer = environment, printer
        self._stack = Stack(options.data, printer)

    async def run(self) -> None:
        """Start, stay until a signal comes, and stop."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(signum, self._stack.interrupt)
        await self._stack.live(self._start)

    async def _start(self) -> None:
        options, say = self._options, self._printer.say
        say(page.header(options.data, Path.cwd()))
        say(page.preflight_line(platform.python_version()))
        servers = await self._start_servers()
        keys.ensure(options.data / "keys")
        credentials = files.renew_credentials(options.data, database.SEEDED_EMAILS)
        seeded = await self._seed(servers.database_url, credentials)
        began = time.monotonic()
        run = self._describe(servers, seeded, credentials)
        await self._start_processes(servers, run)
        await self._wait_ready()
        singles = plan.singles(options.data, self._environment)
        say(page.processes_line(options.edges, singles, time.monotonic() - began))
        if seeded is not None:
            say(page.round_trip_line(await round_trip_ms(run)))
        self._welcome(run, credentials)
        if self._as_json:
            print(_as_json(replace(run, pids=self._stack.pids())), flush=True)  # noqa: T201

    async def _start_servers(self) -> plan.Servers:
        async with asyncio.TaskGroup() as both:
            first = both.create_task(self._database())
            second = both.create_task(self._redis())
            third = both.create_task(self._chroma())
        database_url, database_ready = first.result()
        redis_url, redis_ready = second.result()
        saved = None
        async with asyncio.timeout(MIGRATE_TIMEOUT_S):
            if self._options.database_url is None and await database.will_change(database_url):
                saved = await asyncio.to_thread(dump, database_url, self._options.data)
            applied = await database.upgrade(database_url)
        self._printer.say(page.server_line(database_ready, applied))
        if saved is not None:
            self._printer.say(page.saved_line(saved, Path.cwd()))
        self._printer.say(page.server_line(redis_ready))
        return plan.Servers(database_url, redis_url, self._say_chroma(*third.result()))

    async def _database(self) -> tuple[str, page.ServerReady]:
        url = self._options.database_url
        if url is not None:
            return url, await dependencies.external_database(url)
        return await start_postgres(self._options.data, self._stack)

    async def _redis(self) -> tuple[str, page.ServerReady]:
        url = self._options.redis_url
        if url is not None:
            return url, await dependencies.external_redis(url)
        return await start_redis(self._options.data, self._stack)

    async def _chroma(self) -> tuple[str, page.ServerReady | str]:
        """The index of knowledge; why there is none is no reason not to start."""
        url = self._options.chroma_url
        if url is None and not chroma_server.is_here():
            return "", "no Chroma for this machine"
        try:
            if url is None:
                return await start_chroma(self._options.data, self._stack)
            return url, await dependencies.external_chroma(url)
        except (LaunchError, OSError) as error:
            return url or "", str(error)

    def _say_chroma(self, url: str, found: page.ServerReady | str) -> str:
        if isinstance(found, str):
            self._printer.say(page.without_chroma_line(found))
        else:
            self._printer.say(page.server_line(found))
        return url

    async def _seed(self, url: str, credentials: files.Credentials) -> SeedResult | None:
        """Fill the demo tenant; it has known passwords, so on loopback only."""
        if not self._options.loopback:
            return None
        async with asyncio.timeout(SEED_TIMEOUT_S):
            return await database.fill(url, credentials)

    def _describe(
        self,
        servers: plan.Servers,
        seeded: SeedResult | None,
        credentials: files.Credentials,
    ) -> files.RunFile:
        ports = {
            "edge": self._port,
            "postgres": dependencies.address_of(servers.database_url)[1],
            "redis": dependencies.address_of(servers.redis_url)[1],
        }
        if servers.chroma_url:
            ports["chroma"] = dependencies.address_of(servers.chroma_url)[1]
        links = plan.urls(self._options.host, self._port)
        if seeded is None:
            return files.RunFile({}, ports, links, tenant="", inbox_key="", load_inbox_key="")
        agents = tuple(
            files.SeededAgent(agent.email, credentials.password, agent.role)
            for agent in seeded.agents
            if agent.email in database.SEEDED_EMAILS
        )
        return files.RunFile(
            {},
            ports,
            links,
            tenant=seeded.tenant,
            inbox_key=seeded.inbox_key,
            load_inbox_key=seeded.load_inbox_key,
            agents=agents,
            bot_inbox_key=seeded.bot_inbox_key,
        )

    async def _start_processes(self, servers: plan.Servers, run: files.RunFile) -> None:
        dependencies.make_metrics_folder(self._options.data)
        edges = self._options.edges
        make_rpc_folder([plan.rpc_target(self._options.data, n, edges) for n in range(edges)])
        commands = plan.commands(self._options, self._port, servers, inherited=self._environment)
        children = [self._stack.make_child(command) for command in commands]
        await asyncio.gather(*(child.start() for child in children))
        # Written before any edge can be ready: spawning takes less than its imports.
        self._stack.run = run
        self._stack.publish()
        for child in children:
            self._stack.keep(child)

    async def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        base = plan.base_url(self._options.host, self._port)
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while not await _ready(client, base, self._edge_pids(), self._options.edges * 4 - 3):
                _give_up_on_crashes(self._stack.children)
                if time.monotonic() > deadline:
                    answer = await client.get(f"{base}/readyz")
                    raise StartFailed(f"Not ready after {READY_TIMEOUT_S} s: {answer.text[:500]}")
                await asyncio.sleep(0.05)

    def _edge_pids(self) -> set[int | None]:
        return {child.pid for child in self._stack.children if child.command.group == "edge"}

    def _welcome(self, run: files.RunFile, credentials: files.Credentials) -> None:
        if self._options.pages is None:
            self._printer.say("  – pages are not built (`npm ci && npm run build`); the rest runs")
        shown = page.Welcome(
            run.urls,
            run.agents,
            credentials.dev_token if run.agents else None,
            None if credentials.shown else credentials.password,
            page.shown_path(self._options.data / files.CREDENTIALS_FILE, Path.cwd()),
        )
        self._printer.say(page.welcome(shown))
        self._printer.release()
        files.write_credentials(self._options.data, replace(credentials, shown=True))


def _as_json(run: files.RunFile) -> str:
    people = [{"email": agent.email, "role": agent.role} for agent in run.agents]
    return json.dumps({**asdict(run), "agents": people})


async def _ready(client: httpx.AsyncClient, base: str, edges: set[int | None], times: int) -> bool:
    """Ask several times, on a new connection each: edges share the port and answer in turn.

    Only our own edges count: another installation may have taken the port a moment before.
    """
    for _ in range(times):
        try:
            answer = await client.get(f"{base}/readyz", headers={"Connection": "close"})
        except httpx.TransportError:
            return False
        if answer.status_code != httpx.codes.OK or answer.json().get("pid") not in edges:
            return False
    return True


def _give_up_on_crashes(children: list[Child]) -> None:
    for child in children:
        if child.deaths >= DEATHS_BEFORE_GIVING_UP:
            said = "\n".join(f"    {line}" for line in child.last_lines)
            raise StartFailed(f"{child.command.name} does not start; its last words:\n{said}")
