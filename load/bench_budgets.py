"""`make budgets`: what readers, agents and customers wait for, held against `load/slo.json`.

Fails, and says in words which figure was over which budget. Nothing else should run meanwhile.
"""

import argparse
import sys
from pathlib import Path

from load import bench_bot, bench_refine, bench_summary, bench_summary_read
from load.hold import exit_code, hold, report

BENCHES = {
    one.name: one
    for one in (bench_summary.BENCH, bench_summary_read.BENCH, bench_refine.BENCH, bench_bot.BENCH)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=BENCHES, help="leave the others out")
    parser.add_argument("--report", type=Path, help="write the figures and budgets there, too")
    options = parser.parse_args()
    held = hold([BENCHES[options.only]] if options.only else BENCHES.values())
    told = report(held)
    if options.report:
        options.report.write_text(told + "\n")
    print("\n" + told)
    sys.exit(exit_code(held))


if __name__ == "__main__":
    main()
