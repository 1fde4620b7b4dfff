"""Health, readiness, metrics, and the description of this API."""

from html import escape
from pathlib import Path
from typing import Final

from fastapi import Request, Response
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse

from chat_service.routes.guard import Public, Route, With
from chorus import metrics

_CSP: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


async def healthz() -> Response:
    """This process and its event loop live: nothing else is asked."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def readyz(resources: With) -> Response:
    """Whether this process can serve, and which dependency is lost meanwhile."""
    return resources.readiness.answer()


async def exposed() -> Response:
    """All processes of this machine."""
    return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)


async def docs(request: Request, resources: With) -> Response:
    """The API browser, where the pages are built; else the same facts as plain text."""
    pages = resources.settings.pages
    built = None if pages is None else pages / "docs" / "index.html"
    if built is not None and built.is_file():
        return FileResponse(built, headers={"Cache-Control": "no-cache"})
    return HTMLResponse(_plain(request), headers={"Content-Security-Policy": _CSP})


async def docs_file(name: str, resources: With) -> Response:
    """A file of the API browser; nothing outside its folder, whatever the path says."""
    pages = resources.settings.pages
    root = None if pages is None else (pages / "docs").resolve()
    found = None if root is None else _inside(root, name)
    return (
        PlainTextResponse("There is no such file.\n", 404) if found is None else FileResponse(found)
    )


def _inside(root: Path, name: str) -> Path | None:
    found = (root / name).resolve()
    return found if found.is_relative_to(root) and found.is_file() else None


def _plain(request: Request) -> str:
    described = request.app.openapi()
    lines = [
        f"<tr><td>{escape(method.upper())}</td><td>{escape(path)}</td>"
        f"<td>{escape(operation.get('summary', ''))}</td></tr>"
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Chorus API</title>"
        "<h1>Chorus API</h1><p>The whole description is at <a href=/openapi.json>/openapi.json</a>."
        f"</p><table>{''.join(lines)}</table></html>"
    )


_MACHINE = Public("for the machine and its balancer; production path rules keep it inside")
DESCRIPTION = Public("describes the API, holds no data")

ROUTES = (
    Route("GET", "/healthz", healthz, _MACHINE, "This process lives", shown=False),
    Route("GET", "/readyz", readyz, _MACHINE, "This process can serve", shown=False),
    Route("GET", "/metrics", exposed, _MACHINE, "Metrics of this machine", shown=False),
    Route("GET", "/docs", docs, DESCRIPTION, "API browser", shown=False),
    Route("GET", "/docs/{name:path}", docs_file, DESCRIPTION, "Its files", shown=False),
)
