"""Files that mean harm, as data: what comes, what it is called, and what must become of it (T20).

Small ones stand here as bytes, large ones are made when asked for.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from PIL import Image

MIB = 1 << 20
SCRIPT = b"<script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass(frozen=True, slots=True)
class Case:
    """`kept`: the type and the name it is kept under; else the status and the code it is refused with."""

    id: str
    name: str
    content: Callable[[], bytes]
    kept: tuple[str, str] | None = None
    refused: tuple[int, str] = (415, "BAD_TYPE")


def picture(shape: str = "PNG", size: tuple[int, int] = (4, 3), **chosen: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, shape, **chosen)
    return out.getvalue()


def located(shape: str) -> bytes:
    """A picture that says where it was taken, and that it lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "MY HOME ADDRESS"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 30.0), 3: "E", 4: (16.0, 22.0, 1.0)})
    return picture(shape, exif=exif.tobytes())


def moving(frames: int) -> bytes:
    """A GIF of so many frames of one dot, byte by byte: no library would want to write it."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    control = b"\x21\xf9\x04\x04\x01\0\0\0"
    frame = control + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return head + frame * frames + b"\x3b"


def blinking(frames: int, shape: str = "GIF") -> bytes:
    """A picture that really moves, and says something nobody sees."""
    out, colours = io.BytesIO(), ("red", "green", "blue")
    drawn = [Image.new("RGB", (4, 3), colours[place % 3]) for place in range(frames)]
    times = [80 * place for place in range(1, frames + 1)]
    drawn[0].save(
        out, shape, save_all=True, append_images=drawn[1:], duration=times, loop=0, comment=SCRIPT
    )
    return out.getvalue()


def png_of(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A PNG that claims a size; what it holds is up to `pixels`."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(pixels))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def text_bomb() -> bytes:
    """A PNG whose comment unpacks to 30 MiB."""
    packed = zlib.compress(bytes(30 * MIB))
    whole = picture()
    return whole[:33] + _chunk(b"zTXt", b"Comment\0\0" + packed) + whole[33:]


def archive(entries: Mapping[str, bytes], *, packed: bool = True) -> bytes:
    out = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", how) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return out.getvalue()


def document(**more: bytes) -> bytes:
    """What every word processor would open, with something besides."""
    parts = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"}
    return archive({**parts, **{name.replace("__", "/"): body for name, body in more.items()}})


def leading_out() -> bytes:
    entries = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}
    return archive({**entries, "../../etc/cron.d/x": b"* * * * * root id"})


def claiming_to_burst() -> bytes:
    """A document whose directory says that one part unpacks to 4 GiB."""
    whole = bytearray(document())
    at = whole.rfind(b"PK\x01\x02")
    whole[at + 24 : at + 28] = b"\xf0\xff\xff\xff"
    return bytes(whole)


def overlapping() -> bytes:
    """A document whose entries all point at the same bytes."""
    whole = bytearray(document(word__a=bytes(1000), word__b=bytes(1000)))
    at = 0
    while (at := whole.find(b"PK\x01\x02", at + 1)) > 0:
        whole[at + 42 : at + 46] = bytes(4)
    return bytes(whole)


def encrypted() -> bytes:
    whole = bytearray(document())
    at = whole.find(b"PK\x01\x02")
    whole[at + 8] |= 1
    return bytes(whole)


def odt() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        made.writestr("content.xml", "<office/>", zipfile.ZIP_DEFLATED)
    return out.getvalue()


def mp4(brand: bytes = b"isom", behind: bytes = b"") -> bytes:
    boxes = ((b"ftyp", brand + bytes(4)), (b"moov", bytes(8)), (b"mdat", bytes(16)))
    return b"".join(struct.pack(">I", 8 + len(body)) + kind + body for kind, body in boxes) + behind


def mp3(frames: int = 3) -> bytes:
    return (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def given(content: bytes) -> Callable[[], bytes]:
    return lambda: content


BAD, LARGE, BROKEN = (415, "BAD_TYPE"), (413, "TOO_LARGE"), (422, "INVALID")
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CASES = (
    # Pages and programs, whatever they are called.
    Case("svg", "logo.svg", given(SVG)),
    Case("svg called png", "logo.png", given(SVG)),
    Case("svg behind white space", "logo.png", given(b"\xef\xbb\xbf \n\t" + SVG)),
    Case("html", "page.html", given(b"<!DOCTYPE html>" + SCRIPT)),
    Case("html called png", "cat.png", given(b"<html>" + SCRIPT)),
    Case("html called txt", "read me.txt", given(b"  <HTML>" + SCRIPT)),
    Case("xml that loads things", "feed.xml", given(b'<?xml version="1.0"?><!DOCTYPE a>')),
    Case("php", "shell.php", given(b"<?php system($_GET[0]);")),
    Case("php called jpg", "shell.jpg", given(b"<?php system($_GET[0]);")),
    Case("shell script", "install.txt", given(b"#!/bin/sh\nrm -rf ~\n")),
    Case("postscript", "plot.txt", given(b"%!PS-Adobe-3.0\n(x) run\n")),
    Case("rich text with an object", "offer.txt", given(b"{\\rtf1{\\object\\objdata 01}}")),
    Case("windows program", "setup.txt", given(b"MZ\x90\x00\x03" + bytes(60))),
    Case("linux program", "tool", given(b"\x7fELF\x02\x01\x01" + bytes(60))),
    Case("script behind a zero byte", "a.txt", given(b"hello\x00" + SCRIPT)),
    Case("page behind much white space", "a.txt", lambda: b" " * 65_535 + b"<html>"),
    Case("three letters of a tag", "a.mp3", given(b"ID3"), kept=("text/plain", "a.txt")),
    Case("tag without its end", "a.mp3", given(b"ID3\x04\x00"), refused=(415, "BAD_TYPE")),
    # Two things at once.
    Case(
        "gif with an archive behind",
        "a.gif",
        lambda: moving(2) + archive({"a.class": b"x"}),
        kept=("image/gif", "a.gif"),
    ),
    Case(
        "jpeg with a page in its comment",
        "a.jpg",
        lambda: picture("JPEG", comment=SCRIPT),
        kept=("image/jpeg", "a.jpg"),
    ),
    Case(
        "png with a page behind", "a.png", lambda: picture() + SCRIPT, kept=("image/png", "a.png")
    ),
    Case("script that is a pdf further on", "a.pdf", given(b"alert(1)/*" + PDF + b"*/\x00")),
    Case("pdf with an archive behind", "a.pdf", lambda: PDF + archive({"a.class": b"x"})),
    Case("archive behind words", "a.docx", lambda: b"x" * 8 + document()),
    Case("film with a page behind", "a.mp4", lambda: mp4(behind=SCRIPT)),
    Case("gif that is a script", "a.gif", given(b"GIF89a=1;alert(1)//"), refused=BROKEN),
    # Too much of something.
    Case(
        "picture of ten thousand million dots",
        "a.png",
        lambda: png_of(100_000, 100_000),
        refused=BROKEN,
    ),
    Case(
        "picture that claims more than it has",
        "a.png",
        lambda: png_of(2_000, 2_000, bytes(9)),
        refused=BROKEN,
    ),
    Case("picture with a comment that bursts", "a.png", text_bomb, refused=BROKEN),
    Case("ten thousand frames", "a.gif", lambda: moving(10_000), refused=BROKEN),
    Case("one byte too many", "a.txt", lambda: b"a" * (10 * MIB + 1), refused=LARGE),
    Case("nothing", "a.txt", given(b""), refused=BROKEN),
    Case("document that bursts", "a.docx", lambda: document(word__x=bytes(60 * MIB))),
    Case("document that claims four GiB", "a.docx", claiming_to_burst),
    Case("document whose parts share bytes", "a.docx", overlapping),
    Case(
        "five thousand parts",
        "a.docx",
        lambda: document(**{f"word__{place}": b"" for place in range(5_000)}),
    ),
    # Archives and what hides in documents.
    Case("archive", "a.zip", lambda: archive({"a.txt": b"hello"})),
    Case("archive called document", "a.docx", lambda: archive({"a.txt": b"hello"})),
    Case("java called document", "a.docx", lambda: document(**{"META-INF__MANIFEST.MF": b"x"})),
    Case("document with macros", "a.docx", lambda: document(**{"word__vbaProject.bin": b"x"})),
    Case("document with a password", "a.docx", encrypted),
    Case("document that leads out", "a.docx", leading_out),
    # Names.
    Case(
        "settings of a server",
        ".htaccess",
        given(b"AddType application/x-httpd-php .jpg\n"),
        kept=("text/plain", "htaccess.txt"),
    ),
    Case("two endings", "bill.pdf.exe", given(PDF), kept=("application/pdf", "bill.pdf.pdf")),
    Case(
        "ending in the middle",
        "shell.php.jpg",
        lambda: picture("JPEG"),
        kept=("image/jpeg", "shell_php.jpg"),
    ),
    Case("right to left", "photo\u202egnp.exe", picture, kept=("image/png", "photognp.png")),
    Case("path", "..\\..\\../../etc/passwd", given(b"root"), kept=("text/plain", "passwd.txt")),
    Case(
        "quotes and lines",
        'a"\r\nX-Evil: 1;b.txt',
        given(b"x"),
        kept=("text/plain", "a_ X-Evil_ 1;b.txt"),
    ),
    Case("device", "CON.txt", given(b"x"), kept=("text/plain", "_CON.txt")),
    Case(
        "name of five hundred",
        "ä" * 496 + ".txt",
        given(b"x"),
        kept=("text/plain", "ä" * 90 + ".txt"),
    ),
    # Another type than its name, and what a scanner is asked for.
    Case("jpeg called png", "a.png", lambda: picture("JPEG"), kept=("image/jpeg", "a.jpg")),
)
GOOD = (
    ("a.png", picture, "image/png"),
    ("a.jpeg", partial(picture, "JPEG"), "image/jpeg"),
    ("a.webp", partial(picture, "WEBP"), "image/webp"),
    ("a.gif", partial(moving, 3), "image/gif"),
    ("a.pdf", given(PDF), "application/pdf"),
    ("a.txt", given("Grüße".encode()), "text/plain"),
    ("long.txt", lambda: b"a" * 65_535 + "ü".encode(), "text/plain"),
    ("b.csv", given("Größe;1\n".encode("cp1252")), "text/csv"),
    ("a.docx", document, DOCX),
    ("a.odt", odt, "application/vnd.oasis.opendocument.text"),
    ("a.mp3", mp3, "audio/mpeg"),
    ("a.mp4", mp4, "video/mp4"),
    ("a.m4a", partial(mp4, b"M4A "), "audio/mp4"),
    ("a.ogg", given(b"OggS\x00\x02" + bytes(22) + b"OpusHead" + bytes(20)), "audio/ogg"),
    ("a.webm", given(b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm" + bytes(20)), "video/webm"),
)
