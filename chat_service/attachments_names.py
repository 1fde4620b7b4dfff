"""What a file is called once no system can be misled by it."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

CHARS_MAX: Final = 100
STEM_BYTES_MAX: Final = 180
"""With its ending, a name fits into the 255 bytes that file systems have for one."""
NAMELESS: Final = "file"
_FORBIDDEN: Final = re.compile(r'[<>:"|?*%\x7f]')
_ENDING: Final = re.compile(r"\.([A-Za-z0-9]{1,5})$")
# What a server or a desktop may run, or show as a page, wherever in a name it stands.
_ACTIVE: Final = re.compile(
    r"asp|aspx|bat|cgi|chm|cmd|com|cpl|dll|docm|dotm|exe|hta|html?|htaccess|inf|iso|jar|jse?|jspx?"
    r"|lnk|mhtml|mjs|ms[cip]|php\d?|phar|phtml|pif|pl|pptm|ps1|py|rb|reg|scf|scr|sh|shtml|svgz?|swf"
    r"|url|vb[es]?|ws[fh]|xht|xhtml|xlsm|xml|xsl",
    re.IGNORECASE,
)
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def cleaned(name: str, endings: Sequence[str]) -> str:
    """A name without path, invisible signs and second endings, and with an ending of `endings`."""
    shown = "".join(map(_visible, unicodedata.normalize("NFC", name)))
    last = re.split(r"[/\\]", shown)[-1]
    tidy = " ".join(_FORBIDDEN.sub("_", last).split()).strip(". ")
    ending = _ENDING.search(tidy)
    stem = tidy[: ending.start()] if ending else tidy
    chosen = ending[1].lower() if ending and ending[1].lower() in endings else endings[0]
    return f"{_stem(stem)}.{chosen}"


def _visible(sign: str) -> str:
    """Control, format (direction, zero width), private and unassigned signs go; separators are blanks."""
    kind = unicodedata.category(sign)
    if kind in ("Zs", "Zl", "Zp") or sign in "\t\n\r":
        return " "
    return "" if kind.startswith("C") else sign


def _stem(stem: str) -> str:
    parts = stem.split(".")
    inner = any(_ACTIVE.fullmatch(part.strip()) for part in parts[1:])
    whole = ("_" if inner else ".").join(parts).strip(". ")[:CHARS_MAX]
    while len(whole.encode()) > STEM_BYTES_MAX:
        whole = whole[:-1]
    whole = whole.strip(". ") or NAMELESS
    return f"_{whole}" if _DEVICE.fullmatch(whole) else whole
