"""Summaries by rules, behind the interface of the others: the floor itself."""

from ai.extract.summary import EXTRACTOR, text_of
from ai.summarise.request import Made, Request


class ExtractiveSummariser:
    """Needs nothing but what was said."""

    async def ainvoke(self, request: Request) -> Made:
        return floor(request)


def floor(request: Request) -> Made:
    return Made(request.floor, text_of(request.floor), "extractive", EXTRACTOR)
