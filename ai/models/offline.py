"""The model that needs no network: rules behind the interface of all others.

It reads the document that `ai.summarise.transcript` writes and answers in the four lines that
models are asked for, quoted from what was said. Of anything else it says that it does not know.
"""

from typing import Any, Final
from uuid import UUID

import orjson
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda

from ai.contracts import Msg, Role
from ai.extract.summary import full

UNKNOWN: Final = "I do not know."
_SPEAKERS: Final[dict[str, Role]] = {"customer": "customer", "agent": "agent", "bot": "bot"}


class OfflineChatModel(BaseChatModel):
    """Deterministic: the same conversation gives the same answer."""

    @property
    def _llm_type(self) -> str:
        return "offline"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        said = answer(str(messages[-1].content) if messages else "")
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=said))])

    def with_structured_output(
        self, schema: Any, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[Any, Any]:
        """Answers as the schema, where the schema has room for it."""

        def parsed(raw: BaseMessage) -> Any:
            try:
                value, error = schema.model_validate_json(str(raw.content)), None
            except ValueError as fault:
                value, error = None, fault
            if include_raw:
                return {"raw": raw, "parsed": value, "parsing_error": error}
            if error is not None:
                raise error
            return value

        return self | RunnableLambda(parsed)


def answer(document: str) -> str:
    """The four lines of a conversation as JSON; what is no conversation gets `UNKNOWN`."""
    try:
        told = orjson.loads(document)
        messages = [_message(one) for one in told["conversation"]]
    except (ValueError, KeyError, TypeError):
        return UNKNOWN
    made = full(messages)
    lines = {
        "headline": made.headline,
        "issue": made.issue.text if made.issue is not None else "",
        "tried": made.tried[-1].action if made.tried else "",
        "next_step": made.next_step,
    }
    return orjson.dumps(lines).decode()


def _message(line: Any) -> Msg:
    seq = int(line["seq"])
    return Msg(id=UUID(int=seq), seq=seq, role=_SPEAKERS[line["who"]], content=str(line["said"]))
