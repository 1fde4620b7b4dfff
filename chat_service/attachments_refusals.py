"""Why a file is not taken. The docstring is what the person reads."""

from http import HTTPStatus

from chorus.errors import BadRequest, ChorusError, RateLimited, Unavailable


class BadType(BadRequest):
    """This kind of file is not taken here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE

    @property
    def slug(self) -> str:
        return "BAD_TYPE"


class Broken(BadRequest):
    """This file cannot be read; it may be damaged."""


class DailyQuota(RateLimited):
    """You have sent as many files as one person may in a day. Try again tomorrow."""

    @property
    def slug(self) -> str:
        return "QUOTA"


class TenantQuota(ChorusError):
    """There is no room for more files here."""

    code, status, expected = RateLimited.code, HTTPStatus.INSUFFICIENT_STORAGE, True

    @property
    def slug(self) -> str:
        return "QUOTA"


class StorageAway(Unavailable):
    """Files cannot be kept at the moment. Try again."""


class NotScanned(Unavailable):
    """Files cannot be checked at the moment. Try again."""
