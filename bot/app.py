"""`chorus bot`: settings -> Redis, gRPC, Chroma -> consumer. The only module that constructs."""

import asyncio
import gc
import os
import pkgutil
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

from ai.knowledge.opening import embedder_of, open_library
from ai.knowledge.planned import Accounts
from ai.models.keys import Keys, MissingKey
from ai.models.limits import Limits
from ai.models.plan import BadPlan, Purpose, plan_of
from bot.act import Voice, take_turn
from bot.alone import Alone
from bot.asks import AT_ONCE, Asks
from bot.assist import Assistant
from bot.chat import GrpcChat
from bot.consumer import Consumer
from bot.ledger import RpcLedger, RpcTenants
from bot.ports import Answerer
from bot.quoting import Quoting
from bot.settings import BotSettings
from bot.stage import FanStage
from bot.standing import Standing
from bot.turn import Mind
from bot.turns import Pace, Turns
from chorus import log, metrics, rpc
from chorus.bus import Client, open_redis
from chorus.rpc import ChatRpc
from chorus.rpc_security import rpc_security
from chorus.settings import BadSettings
from chorus.tasks import beside

CONFIGURATION_ERROR: Final = 2
PURPOSES: Final[tuple[Purpose, ...]] = ("bot", "assist")
REDIS_TIMEOUT_S: Final = 5.0


async def serve(
    settings: BotSettings, environ: Mapping[str, str], stop: asyncio.Event, ready: asyncio.Event
) -> None:
    """Listen and answer until `stop` is set. `ready` is set once events are heard.

    `environ` holds the keys of the embedder and of models, where any are named.

    What is being thought about at the end is pending, and the next process begins with it.
    """
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as opened:
        client = await opened.enter_async_context(
            open_redis(settings.redis_url, timeout_s=REDIS_TIMEOUT_S)
        )
        asking = open_redis(
            settings.redis_url, timeout_s=REDIS_TIMEOUT_S, max_connections=2 * AT_ONCE
        )
        target, security = settings.rpc_target, rpc_security(settings)
        calls = await opened.enter_async_context(rpc.open_client(target, security=security))
        whose = RpcTenants(calls, loop.time).whose
        accounts = Accounts(Limits(client), RpcLedger(calls), whose)
        chat = GrpcChat(calls)
        library = await opened.enter_async_context(
            open_library(settings, environ, accounts=accounts)
        )
        knowledge = Standing(library, chat)
        models = await by_models(settings, environ, client, calls)
        answerers = (*models["bot"], Quoting())
        mind = Mind(knowledge, answerers, settings.bot_turn_ms / 1000, loop.time)
        assistant = Assistant(knowledge, chat, models["assist"], loop.time)
        voice = Voice(
            chat, FanStage(client), settings.bot_typing_after_ms / 1000, settings.bot_answers
        )
        pace = Pace(
            settings.bot_debounce_ms / 1000,
            settings.bot_debounce_max_ms / 1000,
            settings.bot_turns_at_once,
        )
        alone = Alone(client, lambda where, over: take_turn(mind, voice, where, over))
        async with Turns(alone.take, pace) as turns:
            consumer = Consumer(client, chat, turns, name=settings.bot_name, listening=ready)
            asks = Asks(await opened.enter_async_context(asking), assistant.answer)
            async with beside(consumer.run(), asks.run(), metrics.watch_event_loop("bot")):
                await stop.wait()


async def by_models(
    settings: BotSettings, environ: Mapping[str, str], client: Client, calls: ChatRpc
) -> Mapping[Purpose, tuple[Answerer, ...]]:
    """What answers in a model's words, warm; nothing for a purpose that the plan has no model for."""
    plan = plan_of(settings.models_path, named=settings.models is not None)
    if not plan.serves(*PURPOSES):
        return dict.fromkeys(PURPOSES, ())
    # By its name: LangChain takes more than a second to import, and most installations quote.
    answering = pkgutil.resolve_name("bot.answering")
    keys = Keys(environ, settings.model_keys_dir)
    access = await answering.open_access(plan, keys, client, RpcLedger(calls))
    moderated = pkgutil.resolve_name("bot.moderated").Moderated
    return {
        one: (moderated(answering.Modelled(access, one), access, one),) if plan.serves(one) else ()
        for one in PURPOSES
    }


async def _until_told(settings: BotSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, os.environ, stop, asyncio.Event())


def main() -> None:
    """Run `chorus bot` until SIGTERM or Ctrl-C."""
    try:
        settings = BotSettings.from_env(os.environ)
        embedder_of(settings, os.environ)
        plan_of(settings.models_path, named=settings.models is not None)
    except (BadSettings, BadPlan, MissingKey, ValueError, ImportError) as error:
        sys.stderr.write(f"bot: {error}\n")
        sys.exit(CONFIGURATION_ERROR)
    # What models are told goes to the models of the plan and to nobody else.
    os.environ["LANGSMITH_TRACING"] = os.environ["LANGCHAIN_TRACING_V2"] = "false"
    log.setup(process="bot", level=settings.log_level, form=settings.log_format)
    gc.freeze()
    asyncio.run(_until_told(settings))


if __name__ == "__main__":
    main()
