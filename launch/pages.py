"""The built pages: demo shop, console, examples, docs, their assets, and the widget.

Files keep a strict policy: no inline script or style, nothing from elsewhere.
"""

import mimetypes
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from launch.policy import strict_policy
from launch.widget_files import HEADERS as WIDGET_HEADERS
from launch.widget_files import headers_of, is_widget_file

PAGES = ("demo", "console", "sdk-example", "react-example", "docs")
# Only with CHORUS_DEV: they come with known keys.
DEV_PAGES = frozenset({"demo", "sdk-example", "react-example"})
NOT_BUILT = (
    "This page is not built yet. Run `npm ci && npm run build` in the source folder, or `make up`,"
    " which does it for you; then reload.\n"
)
HASHED = "public, max-age=31536000, immutable"
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:;"
        " object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def page_of(path: str) -> str | None:
    """Name the page a path belongs to; `assets` for files with a hash in their name."""
    first = path.lstrip("/").split("/", 1)[0]
    return first if first in PAGES or first == "assets" else None


def serves(folder: Path | None, *, dev: bool) -> Callable[[str], bool]:
    """Decide which paths are pages; without built docs the API shows its own."""
    documented = folder is not None and (folder / "docs" / "index.html").is_file()

    def decide(path: str) -> bool:
        page = page_of(path)
        if path == "/" or is_widget_file(path):
            return True
        return (
            page is not None and (page != "docs" or documented) and (dev or page not in DEV_PAGES)
        )

    return decide


def create_pages(folder: Path | None, *, dev: bool, files_url: str = "") -> ASGIApp:
    """Serve the pages of a folder; None says how to build them.

    `files_url`: where attached pictures come from, if not from here.
    """
    root = folder.resolve() if folder else None
    elsewhere = _origin(files_url)

    async def pages(scope: Scope, receive: Receive, send: Send) -> None:
        packed = _takes_gzip(Headers(scope=scope).get("accept-encoding", ""))
        response = respond(root, scope["method"], scope["path"], dev=dev, packed=packed)
        if (policy := _strict_policy(scope)) is not None:
            response.headers["Content-Security-Policy"] = policy
        if elsewhere and (policy := response.headers.get("Content-Security-Policy")):
            shown = policy.replace("img-src ", f"img-src {elsewhere} ", 1)
            response.headers["Content-Security-Policy"] = shown
        await response(scope, receive, send)

    return pages


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _strict_policy(scope: Scope) -> str | None:
    """The policy that `/demo?csp=strict` asks for; other pages cannot choose theirs."""
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("csp")
    if page_of(scope["path"]) != "demo" or asked != ["strict"]:
        return None
    return strict_policy(scope["scheme"], Headers(scope=scope).get("host", ""))


def _takes_gzip(accepted: str) -> bool:
    """Whether a client names gzip, and not to refuse it."""
    for offer in accepted.lower().split(","):
        coding, _, weight = offer.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def respond(
    root: Path | None, method: str, path: str, *, dev: bool, packed: bool = False
) -> Response:
    """Choose the file for a path; a page without such a file is its `index.html`.

    `packed`: the client takes gzip, so it gets the compressed copy that the build left beside a
    file. What is sent is the same for everybody, so its length tells nobody anything.
    """
    if method not in ("GET", "HEAD"):
        return PlainTextResponse("Pages are only read.\n", 405, {"Allow": "GET, HEAD"})
    if path == "/":
        return RedirectResponse("/demo" if dev else "/console", 307)
    if root is not None and is_widget_file(path):
        return _widget_file(root, path, packed=packed)
    page = page_of(path)
    if root is None or page is None:
        return PlainTextResponse(NOT_BUILT, 503, dict(HEADERS))
    file = _file(root, path)
    if file is None and page != "assets":
        # The URL is state of the page itself: /console/inbox/<id>.
        file = _file(root, f"/{page}/index.html")
    if file is None:
        return PlainTextResponse("There is no such file.\n", 404, dict(HEADERS))
    cache = HASHED if page == "assets" else "no-cache"
    return _sent(file, {**HEADERS, "Cache-Control": cache}, packed=packed)


def _widget_file(root: Path, path: str, *, packed: bool) -> Response:
    file = _file(root, path)
    if file is None:
        return PlainTextResponse("There is no such file.\n", 404, dict(WIDGET_HEADERS))
    return _sent(file, headers_of(path), packed=packed)


def _sent(file: Path, headers: dict[str, str], *, packed: bool) -> Response:
    """The file, or its compressed copy where there is one of its age, by the second."""
    varied = {**headers, "Vary": "Accept-Encoding"}
    copy = file.with_name(f"{file.name}.gz")
    if not packed or not copy.is_file() or not _of_one_age(copy, file):
        return FileResponse(file, headers=varied, media_type=_type(file))
    varied["Content-Encoding"] = "gzip"
    return FileResponse(copy, headers=varied, media_type=_type(file))


def _of_one_age(copy: Path, file: Path) -> bool:
    # As the build leaves it; after a rollback the newer copy is of another page.
    return int(copy.stat().st_mtime) == int(file.stat().st_mtime)


def _file(root: Path, path: str) -> Path | None:
    """Find a file below the root; nothing outside it, whatever the path says."""
    if "\0" in path:
        return None
    found = (root / path.lstrip("/")).resolve()
    return found if found.is_relative_to(root) and found.is_file() else None


def _type(file: Path) -> str | None:
    # The system's table may call scripts text/plain, which browsers refuse as modules.
    if file.suffix in (".js", ".mjs"):
        return "text/javascript"
    return mimetypes.guess_type(file.name)[0]
