"""From a name to a provider's embeddings, by LangChain. Imported by name where they are configured."""

from typing import Any

from langchain.embeddings import init_embeddings
from pydantic import SecretStr

from ai.models.make import NO_KEY, OLLAMA_URL, SOCKET_TIMEOUT_S


def make_embeddings(spec: str, base_url: str, key: SecretStr | None) -> Any:
    """Make what embeds as `provider:model`; LangChain's `Embeddings`.

    Raises:
        ValueError, ImportError: nobody knows such a provider, or it is not installed.
    """
    given: dict[str, Any] = {"base_url": base_url} if base_url else {}
    if spec.startswith("ollama:") and not base_url:
        # Never the client's own OLLAMA_HOST: what has no address counts as local.
        given["base_url"] = OLLAMA_URL
    if spec.startswith("openai:"):
        given |= {
            "api_key": key or SecretStr(NO_KEY),
            "max_retries": 0,
            "timeout": SOCKET_TIMEOUT_S,
            # It would count tokens by a file that it downloads, and send numbers instead of text.
            "check_embedding_ctx_length": False,
        }
    elif key is not None:
        given["api_key"] = key
    return init_embeddings(spec, **given)
