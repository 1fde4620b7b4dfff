"""What a file is, without anybody who brings it."""

import io

from chat_service.attachments_types import recognise

PIECE_BYTES = 64 << 10


class Pieces(io.BytesIO):
    """A file that remembers how much was asked of it at once."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.longest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.longest = max(self.longest, len(piece))
        return piece


def test_a_long_text_is_looked_at_piece_by_piece() -> None:
    content = "Grüße ".encode() * PIECE_BYTES
    file = Pieces(content)
    assert recognise(file, len(content), "a.txt") == "text/plain"
    assert file.longest <= PIECE_BYTES
