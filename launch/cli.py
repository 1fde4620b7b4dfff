"""The command line of Chorus.

Imports stand inside the commands here, and only here: most commands are about starting fast,
and the database and the web stack take longer to import than `chorus status` takes to answer.
"""

# ruff: noqa: PLC0415

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from launch.faults import LaunchError
from launch.kb_commands import kb_commands

app = typer.Typer(
    name="chorus",
    help="A realtime live-chat edge with human handoff.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
user_commands = typer.Typer(help="People who answer.", no_args_is_help=True)
token_commands = typer.Typer(help="Tokens for programs and trials.", no_args_is_help=True)
key_commands = typer.Typer(help="The keys that sign tokens.", no_args_is_help=True)
widget_commands = typer.Typer(help="The chat on your pages.", no_args_is_help=True)
app.add_typer(user_commands, name="user")
app.add_typer(token_commands, name="token")
app.add_typer(key_commands, name="keys")
app.add_typer(widget_commands, name="widget")
eval_commands = typer.Typer(help="How well the parts that read language do.", no_args_is_help=True)
app.add_typer(eval_commands, name="eval")
app.add_typer(kb_commands, name="kb")

Data = Annotated[
    Path, typer.Option("--data", envvar="CHORUS_DATA", help="Folder of this installation.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
HERE = Path(".chorus")


def main() -> None:
    """Run the command line; what a person can put right is one sentence and a status."""
    try:
        app()
    except LaunchError as error:
        typer.echo(f"chorus: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # `chorus tail … | head` is no error; keep the interpreter from flushing into the void.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@app.command()
def up(
    data: Data = HERE,
    port: Annotated[
        int | None, typer.Option(envvar="CHORUS_PORT", help="8080 or the next free one.")
    ] = None,
    host: Annotated[str, typer.Option(envvar="CHORUS_HOST")] = "127.0.0.1",
    edges: Annotated[int, typer.Option(min=1, max=64, help="Edge processes on the port.")] = 1,
    as_json: Json = False,
) -> None:
    """Start everything, keep it running, and show the way in. Ctrl-C stops it."""
    from launch import plan, supervisor

    options = plan.Options(
        data,
        host,
        port,
        edges,
        database_url=os.environ.get("DATABASE_URL") or None,
        redis_url=os.environ.get("REDIS_URL") or None,
        chroma_url=os.environ.get("CHORUS_CHROMA_URL") or None,
        pages=_pages(),
    )
    supervisor.up(options, os.environ, as_json=as_json)


@app.command()
def down(data: Data = HERE, as_json: Json = False) -> None:
    """Stop what `chorus up` started; the data stays."""
    from launch.installation import stop_installation

    stopped = stop_installation(data)
    text = "stopped" if stopped else f"nothing runs on {data}"
    _print({"stopped": stopped}, text, as_json=as_json)


@app.command()
def status(data: Data = HERE, as_json: Json = False) -> None:
    """Show what runs here."""
    from launch.status import read_status, render

    found = read_status(data)
    _print(found.as_json(), render(found), as_json=as_json)
    raise typer.Exit(0 if found.running else 1)


@app.command()
def doctor(
    data: Data = HERE,
    url: Annotated[
        str, typer.Option(envvar="CHORUS_BASE_URL", help="The server, as pages see it.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Look for the usual causes of trouble, each with its fix."""
    from dataclasses import asdict

    from launch.doctor import examine
    from launch.findings import render

    findings = _run(examine(data, os.environ, public_url=url))
    _print([asdict(finding) for finding in findings], render(findings), as_json=as_json)
    raise typer.Exit(1 if any(finding.state == "broken" for finding in findings) else 0)


@app.command()
def migrate(data: Data = HERE, as_json: Json = False) -> None:
    """Bring the database to this version; safe to run twice, and by several at once."""
    from launch.database import upgrade
    from launch.installation import the_database_url

    applied = _run(upgrade(the_database_url(data, os.environ)))
    _print({"applied": applied}, f"{applied} migrations applied", as_json=as_json)


@app.command()
def seed(
    data: Data = HERE,
    empty: Annotated[bool, typer.Option("--empty", help="One tenant and one admin only.")] = False,
    as_json: Json = False,
) -> None:
    """Fill a database with the demo tenant, or prepare an empty one."""
    from launch.database import seed_tenant
    from launch.installation import the_database_url

    seeded = _run(seed_tenant(the_database_url(data, os.environ), data, empty=empty))
    lines = [f"{agent['email']} ({agent['role']})" for agent in seeded["agents"]]
    text = f"tenant {seeded['tenant']}: {', '.join(lines)}   password: {seeded['password']}"
    _print(seeded, text, as_json=as_json)


@user_commands.command("add")
def user_add(
    email: str,
    name: Annotated[str, typer.Option(help="As customers see it.")] = "",
    role: Annotated[str, typer.Option(help="admin, supervisor or agent.")] = "agent",
    tenant: Annotated[str, typer.Option(help="Slug of the tenant.")] = "demo",
    data: Data = HERE,
    as_json: Json = False,
) -> None:
    """Add somebody who answers; prints the password, once."""
    from launch.database import add_agent
    from launch.installation import the_database_url

    url = the_database_url(data, os.environ)
    added = _run(
        add_agent(url, email, name or email.split("@", maxsplit=1)[0], role=role, tenant=tenant)
    )
    _print(added, f"{email} ({role})   password: {added['password']}", as_json=as_json)


@token_commands.command("mint")
def token_mint(
    email: Annotated[str, typer.Argument(help="The agent to speak as.")],
    data: Data = HERE,
    minutes: Annotated[int, typer.Option(min=1, max=15)] = 15,
    as_json: Json = False,
) -> None:
    """Sign an access token of an agent, for curl and scripts."""
    from launch.database import mint_agent_token
    from launch.installation import the_database_url

    url = the_database_url(data, os.environ)
    minted = _run(mint_agent_token(url, data / "keys", email, ttl_s=minutes * 60))
    _print(minted, str(minted["token"]), as_json=as_json)


@key_commands.command("rotate")
def keys_rotate(data: Data = HERE, as_json: Json = False) -> None:
    """Sign with a new key from now on; tokens of the old one stay valid until they run out."""
    from chorus import keys

    kid = keys.rotate(data / "keys")
    _print({"kid": kid}, f"tokens are signed with key {kid} now", as_json=as_json)


@widget_commands.command("snippet")
def widget_snippet(
    data: Data = HERE,
    url: Annotated[
        str, typer.Option(envvar="CHORUS_BASE_URL", help="The server, as pages see it.")
    ] = "",
    key: Annotated[str, typer.Option(help="Of the inbox; the first of this installation.")] = "",
    site: Annotated[
        list[str] | None, typer.Option(help="A page it shall stand on: may it? Repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print what to paste into a page and the policy lines it needs, and look whether it works."""
    from launch.installation import the_run
    from launch.snippet import report, the_place

    if not (url and key):
        run = the_run(data)
        url, key = url or run.urls["base"], key or run.inbox_key
    found = report(the_place(url, key, site or []))
    _print(found.as_json(), found.as_text(), as_json=as_json)
    raise typer.Exit(0 if found.works else 1)


def _add_eval(name: str) -> None:
    def run(keep: bool = False, misses: bool = False, as_json: Json = False) -> None:
        from evals import bot_report, report

        found = bot_report.report_of(name)
        faults = found.faults(report.committed())
        if keep:
            bot_report.keep(found)
        told = [found.table(), *(found.parts[report.ALL].misses if misses else ()), *faults]
        _print({name: found.figures(), "faults": faults}, "\n".join(told), as_json=as_json)
        raise typer.Exit(1 if faults else 0)

    eval_commands.command(name, help=f"Hold {name} against gates and committed figures.")(run)


for _set in ("bot", "handoff", "intent", "traits"):
    _add_eval(_set)


@eval_commands.command("summaries")
def eval_summaries(
    folder: Annotated[
        Path | None, typer.Option(help="Other golden conversations than those that come along.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Compare with these figures from now on.")
    ] = False,
    misses: Annotated[
        bool, typer.Option("--misses", help="Name each field that is not as wanted.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Summarise the golden conversations; fails when a gate is missed or something got worse."""
    from evals import report
    from evals.golden import SUMMARIES, BadGolden, read_summaries

    if keep and not report.PAGE.exists():
        raise LaunchError("Figures are kept in the source folder, which is not here")
    try:
        parts = report.of_summaries(read_summaries(folder or SUMMARIES))
    except BadGolden as error:
        raise LaunchError(str(error)) from error
    faults = report.faults(parts, {} if folder else report.committed())
    if keep and not folder:
        report.keep(parts)
    missed = parts[report.ALL].misses if misses else []
    figures = {name: part.figures() for name, part in parts.items()}
    text = "\n".join([report.table(parts), *missed, *faults])
    _print({"summaries": figures, "faults": faults}, text, as_json=as_json)
    raise typer.Exit(1 if faults else 0)


@eval_commands.command("knowledge")
def eval_knowledge(
    folder: Annotated[
        Path | None, typer.Option(help="Other articles and questions than those that come along.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Compare with these figures from now on.")
    ] = False,
    misses: Annotated[
        bool, typer.Option("--misses", help="Name each question that is answered otherwise.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ask the golden questions; with the embedder of CHORUS_EMBEDDER nothing is compared."""
    from evals import knowledge, knowledge_report, report
    from evals.golden import BadGolden
    from launch.knowledge import the_embedder

    if keep and not report.PAGE.exists():
        raise LaunchError("Figures are kept in the source folder, which is not here")
    embedder = the_embedder(os.environ)
    try:
        cases = knowledge.read_knowledge(folder or knowledge.FOLDER)
        parts = knowledge.score_knowledge(cases, embedder)
    except BadGolden as error:
        raise LaunchError(str(error)) from error
    ours = folder is None and embedder is None
    faults = knowledge_report.faults(parts, report.committed()) if ours else []
    if keep and ours:
        knowledge_report.keep(parts)
    missed = parts["all"].misses if misses else []
    text = "\n".join([knowledge_report.table(parts, embedder), *missed, *faults])
    figures = knowledge_report.figures_of(parts)
    _print({"knowledge": figures, "faults": faults}, text, as_json=as_json)
    raise typer.Exit(1 if faults else 0)


@app.command()
def chat(
    data: Data = HERE,
    speak_as: Annotated[str, typer.Option("--as", help="customer or agent.")] = "customer",
    conversation: Annotated[str | None, typer.Option(help="Agents: which one.")] = None,
    email: Annotated[str | None, typer.Option(help="Agents: who.")] = None,
    name: Annotated[str, typer.Option(help="Customers: as agents see it.")] = "Terminal",
) -> None:
    """Talk in the terminal, as a customer or an agent."""
    from launch.conversation import chat_as_agent, chat_as_customer
    from launch.installation import the_run

    if speak_as not in ("customer", "agent"):
        raise LaunchError("--as is customer or agent")
    run = the_run(data)
    if speak_as == "customer":
        _run(chat_as_customer(run, name=name))
    else:
        _run(chat_as_agent(run, conversation=conversation, email=email))


@app.command()
def tail(conversation: str, data: Data = HERE, as_json: Json = False) -> None:
    """Follow a conversation from its beginning."""
    from launch.conversation import tail as follow
    from launch.installation import the_run

    _run(follow(the_run(data), conversation=conversation, as_json=as_json))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context) -> None:
    """Measure this machine; arguments go to load/bench.py of the source folder."""
    script = Path(__file__).resolve().parent.parent / "load" / "bench.py"
    if not script.exists():
        raise LaunchError("The benchmark is part of the source folder, which is not here")
    os.execv(sys.executable, [sys.executable, str(script), *context.args])


def _add_process(name: str, does: str) -> None:
    def run() -> None:
        from launch import process

        process.run(name)

    app.command(name, help=does, rich_help_panel="Processes")(run)


_add_process("edge", "Gateway, chat API and pages on one port.")
_add_process("gateway", "The WebSocket edge alone.")
_add_process("api", "The chat API alone.")
_add_process("writer", "Stores messages, in batches.")
_add_process("conductor", "Due work, routing and the outbox.")
_add_process("presence", "Who is there.")
_add_process("indexer", "Makes findable what is known.")
_add_process("worker", "Asks models for better summaries.")
_add_process("bot", "Answers where a bot is bound.")


def _pages() -> Path | None:
    """Find the built pages: CHORUS_PAGES, or those of the source folder."""
    named = os.environ.get("CHORUS_PAGES")
    folder = Path(named) if named else Path(__file__).resolve().parent.parent / "dist" / "pages"
    return folder if folder.is_dir() else None


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    from launch.faults import first_cause

    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseExceptionGroup as group:
        raise first_cause(group) from group


def _print(facts: object, text: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts, indent=2, default=str))
    elif sys.stdout.isatty():
        from rich.console import Console

        from launch.terminal import decorated

        Console(highlight=False, soft_wrap=True).print(decorated(text))
    else:
        typer.echo(text)


if __name__ == "__main__":
    main()
