"""`chorus kb`: what is known, from the command line. Imports stand inside for the reason of `cli`."""

# ruff: noqa: PLC0415

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from launch.faults import LaunchError, first_cause

if TYPE_CHECKING:
    from launch.knowledge import Desk

kb_commands = typer.Typer(help="What the bot answers from.", no_args_is_help=True)
T = TypeVar("T")
Data = Annotated[
    Path, typer.Option("--data", envvar="CHORUS_DATA", help="Folder of this installation.")
]
Tenant = Annotated[str, typer.Option(help="Slug of the tenant.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
HERE = Path(".chorus")


@kb_commands.command("add")
def kb_add(
    what: Annotated[
        str,
        typer.Argument(help="A Markdown or text file, JSON of questions and answers, a question."),
    ],
    answer: Annotated[str, typer.Option(help="What is answered, where WHAT is a question.")] = "",
    name: Annotated[str, typer.Option(help="What it is called; the same name replaces.")] = "",
    tenant: Tenant = "demo",
    data: Data = HERE,
    as_json: Json = False,
) -> None:
    """Bring a file, or one question with its answer."""
    from launch import knowledge

    if answer:
        brought = knowledge.read_pair(what, answer, name)
    else:
        brought = knowledge.read_file(Path(what), name)
    card = _at_desk(data, tenant, lambda desk: knowledge.add(desk, brought))
    _print({**asdict(card), "content": None}, knowledge.shown_sources([card]), as_json=as_json)
    raise typer.Exit(1 if card.state == "failed" else 0)


@kb_commands.command("list")
def kb_list(tenant: Tenant = "demo", data: Data = HERE, as_json: Json = False) -> None:
    """Show what is known, and where each of it stands."""
    from launch import knowledge

    cards = _at_desk(data, tenant, knowledge.listing)
    _print([asdict(one) for one in cards], knowledge.shown_sources(cards), as_json=as_json)


@kb_commands.command("reindex")
def kb_reindex(tenant: Tenant = "demo", data: Data = HERE, as_json: Json = False) -> None:
    """Throw the index of a tenant away and make it anew."""
    from launch import knowledge

    count = _at_desk(data, tenant, knowledge.reindex)
    _print({"sources": count}, f"{count} sources indexed anew", as_json=as_json)


@kb_commands.command("forget")
def kb_forget(
    tenant: Tenant,
    data: Data = HERE,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Take away all a tenant knows, from the index too. It does not come back."""
    from launch import knowledge

    if not yes:
        typer.confirm(f"Take away all that {tenant} knows?", abort=True)
    count = _at_desk(data, tenant, knowledge.forget)
    _print({"sources": count}, f"{count} sources taken away", as_json=as_json)


@kb_commands.command("ask")
def kb_ask(
    question: str,
    k: Annotated[int, typer.Option("-k", min=1, max=20, help="Most passages.")] = 3,
    tenant: Tenant = "demo",
    data: Data = HERE,
    as_json: Json = False,
) -> None:
    """Show what the bot would find, and how sure it could be."""
    from launch import knowledge

    async def asked(desk: "Desk") -> tuple[Any, str]:
        found = await knowledge.ask(desk, question, k)
        return asdict(found), knowledge.shown_found(found, desk.indexer.index)

    facts, text = _at_desk(data, tenant, asked)
    _print(facts, text, as_json=as_json)


def _at_desk(data: Path, tenant: str, work: "Callable[[Desk], Awaitable[T]]") -> T:
    from chorus import log
    from chorus.settings import BadSettings
    from launch import knowledge

    async def run() -> T:
        async with knowledge.open_desk(data, os.environ, tenant) as desk:
            return await work(desk)

    log.setup(process="kb", level="ERROR", form="console")
    try:
        return asyncio.run(run())
    except BadSettings as error:
        raise LaunchError(str(error)) from error
    except BaseExceptionGroup as group:
        raise first_cause(group) from group


def _print(facts: object, text: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(facts, indent=2, default=str) if as_json else text)
