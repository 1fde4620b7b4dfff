"""One installation and one Chromium for all browser tests; every test gets people of its own."""

import json
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import AgentPage, CustomerPage, Eyes
from tests.support.installation import Up, running
from tests.support.oidc_issuer import CLIENT_ID, CLIENT_SECRET, OidcIssuer, oidc_issuer
from tests.support.tree import ROOT

PAGES = ROOT / "dist" / "pages"
PICTURES = ROOT / "artefacts" / "browser"
UNWANTED = (
    # Pages that a test makes up have no address, and so may not open sockets to this machine.
    "LocalNetworkAccessChecks",
    # A whole Chromium draws its own address bar in two pages more for each of ours.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(UNWANTED)}",
)
BROWSER_TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(180))


def chromium_path(*kind: str) -> str:
    """What `tools/chromium.sh` finds; of the kind `whole` it is a browser with profiles."""
    script = ROOT / "tools" / "chromium.sh"
    return subprocess.check_output([script, *kind], text=True, timeout=300).strip()


@pytest.fixture(scope="session")
def provider() -> Iterator[OidcIssuer]:
    """An identity provider that agents of the installation may sign in by."""
    with oidc_issuer() as serving:
        yield serving


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory, provider: OidcIssuer) -> Iterator[Up]:
    assert (PAGES / "console" / "index.html").is_file(), "run `npm run build` first"
    known = {"name": "acme", "label": "Acme", "tenant": "demo", "client_id": CLIENT_ID}
    named = {
        "CHORUS_OIDC": json.dumps([{**known, "issuer": provider.url}]),
        "CHORUS_OIDC_SECRETS": json.dumps({"acme": CLIENT_SECRET}),
    }
    with running(tmp_path_factory.mktemp("browser") / "data", **named) as up:
        yield up


# Not a session: while a browser is open its event loop runs, and no other test could have its own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where pictures are left for people to look at."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    return PICTURES


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    try:
        return (yield)
    except BaseException:
        if isinstance(watching := getattr(item, "funcargs", {}).get("eyes"), Eyes):
            item.add_report_section("call", "windows", watching.shown())
        raise


@pytest.fixture
def eyes(installation: Up, chromium: Browser) -> Iterator[Eyes]:
    """Opens windows, and in the end wants to have seen no fault in any of them."""
    with Eyes(chromium, installation.urls["base"]) as watching:
        yield watching
        assert watching.faults() == []


@pytest.fixture
def customer(eyes: Eyes) -> CustomerPage:
    """A new visitor of the demo shop who has opened the chat."""
    arrived = CustomerPage(eyes.window())
    arrived.visit()
    arrived.open_chat()
    return arrived


@pytest.fixture
def sign_in(eyes: Eyes, installation: Up) -> Callable[[], AgentPage]:
    """Sign the first agent in by password, in a window of its own."""

    def signed_in() -> AgentPage:
        agent = AgentPage(eyes.window(width_px=1440, height_px=900))
        agent.visit()
        agent.sign_in(installation.run()["agents"][0])
        return agent

    return signed_in
