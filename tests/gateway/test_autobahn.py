"""The 247 short cases of the Autobahn suite (1-7 and 10), which are the judge of RFC 6455.

Needs Python 2.7 with autobahntestsuite; CHORUS_AUTOBAHN names its `wstest`. The frame corpus runs without.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.echo_edge import edge_process

WSTEST = os.environ.get("CHORUS_AUTOBAHN")
SHORT_CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
# The suite sends messages of up to 16 MiB; the limit of the product is proved by the corpus.
FRAME_MAX_BYTES = 33_554_432


@pytest.mark.skipif(
    WSTEST is None,
    reason="CHORUS_AUTOBAHN does not name a wstest: RFC 6455 NOT checked by Autobahn",
)
@pytest.mark.timeout(180)
def test_no_short_case_of_the_suite_fails(tmp_path: Path) -> None:
    with edge_process(frame_max_bytes=FRAME_MAX_BYTES) as edge:
        specification = {
            "outdir": str(tmp_path),
            "options": {"failByDrop": False},
            "servers": [{"agent": "chorus", "url": f"ws://127.0.0.1:{edge.port}/echo"}],
            "cases": SHORT_CASES,
            "exclude-cases": [],
        }
        spec_file = tmp_path / "spec.json"
        spec_file.write_text(json.dumps(specification))
        subprocess.run(
            [str(WSTEST), "-m", "fuzzingclient", "-s", str(spec_file)], check=True, timeout=150
        )
    results = json.loads((tmp_path / "index.json").read_text())["chorus"]
    verdicts = {
        case: (result["behavior"], result["behaviorClose"]) for case, result in results.items()
    }
    assert len(verdicts) == 247
    assert {
        case: verdict for case, verdict in verdicts.items() if not set(verdict) <= ALLOWED
    } == {}


ALLOWED = {"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"}
