"""Defects found per hundred requests: this suite, and the schemathesis command line driven by the same contract.

    python -m benchmarks.against_schemathesis [--sample 24] [--keep] [DEFECT…]

Both ask the same defective reference servers, the suite in tier gate, schemathesis with its phases for coverage and random cases and
all of its checks. A defect counts as found by schemathesis when any check fails more often than on the conforming server, so that what
it holds against that one costs it nothing; and as found by the suite when a requirement fails, whatever its level. `--keep` puts what
is printed into docs/speed.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kept import keep, stamp
from benchmarks.speed import DOCUMENT, TITLE
from conformance.reference import defects, launch

HEADING = "Beside the command line of schemathesis"
COMMAND = "python -m benchmarks.against_schemathesis --keep"
WORDS = (
    "Both are driven by the same contract and ask the same servers, each with one defect. What schemathesis holds against the conforming "
    "server as well is not counted as found."
)

EXAMPLES = 100
"""Random cases of schemathesis, its own default."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tool made of a server."""

    requests: int
    failures: Counter[str]


def ours(server: launch.Embedded, base_url: str, folder: Path) -> Seen:
    """Run the suite; failing requirements, each once."""
    command = [sys.executable, "-m", "conformance", "run", "--base-url", base_url, "--model", server.model, "--output", str(folder)]
    subprocess.run(command, env={**os.environ, "CONFORMANCE_API_KEY": server.key}, capture_output=True, check=False)
    summary = json.loads(next(folder.glob("*/summary.json")).read_text("utf-8"))
    failed = (each["id"] for each in summary["verdicts"] if each["outcome"] == "FAIL")
    return Seen(summary["requests"]["sent"], Counter(failed))


def theirs(server: launch.Embedded, base_url: str, folder: Path, contract: Path) -> Seen:
    """Run schemathesis; failing checks by name, as often as they fail."""
    command = ["run", str(contract), "--url", base_url, "-H", f"Authorization: Bearer {server.key}", "--seed", "1", "--no-color"]
    phases = ["--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES), "--continue-on-failure"]
    report = ["--report", "ndjson", "--report-dir", str(folder)]
    program = str(Path(sys.executable).with_name("schemathesis"))
    subprocess.run([program, *command, *phases, *report], cwd=folder, capture_output=True, check=False)
    requests, failures = 0, Counter[str]()
    for line in next(folder.glob("*.ndjson")).read_text("utf-8").splitlines():
        finished = json.loads(line).get("ScenarioFinished")
        if finished is not None:
            requests += len(finished["recorder"]["interactions"])
            checks = (check for each in finished["recorder"]["checks"].values() for check in each)
            failures.update(check["name"] for check in checks if check["status"] != "success")
    return Seen(requests, failures)


def main() -> None:
    """Ask both tools about a sample of defects, and print what each found and what that took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=24, metavar="N", help="How many defects, taken evenly from all.")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("defects", nargs="*", metavar="DEFECT")
    arguments = parser.parse_args()
    began, printed = time.time(), list[str]()

    def say(line: str) -> None:
        printed.append(line)
        print(line, flush=True)

    shown = [name for name, each in defects.ALL.items() if not each.dialect and each.tier == "gate"]
    names = arguments.defects or shown[:: max(len(shown) // arguments.sample, 1)][: arguments.sample]
    found, requests = Counter[str](), Counter[str]()
    with launch.Embedded(launch.Options(all_defects=True)) as server, tempfile.TemporaryDirectory() as scratch:
        contract = Path(scratch) / "contract.yaml"
        shown_contract = subprocess.run([sys.executable, "-m", "conformance", "contract", "show"], capture_output=True, check=True)
        contract.write_bytes(shown_contract.stdout)
        conforming = theirs(server, server.base_url, _folder(scratch, "conforming"), contract)
        say(f"on the conforming server: schemathesis {conforming.failures.total()} failures in {conforming.requests} requests")
        for name in names:
            base_url = server.base_url_of(name)
            one, other = (
                ours(server, base_url, _folder(scratch, f"o-{name}")),
                theirs(server, base_url, _folder(scratch, f"t-{name}"), contract),
            )
            verdicts = {"suite": bool(one.failures), "schemathesis": bool(other.failures - conforming.failures)}
            found.update(tool for tool, yes in verdicts.items() if yes)
            requests.update({"suite": one.requests, "schemathesis": other.requests})
            say(f"{name:40} suite {'found' if verdicts['suite'] else '-':6} schemathesis {'found' if verdicts['schemathesis'] else '-'}")
    for tool in ("suite", "schemathesis"):
        rate = 100 * found[tool] / requests[tool]
        say(f"{tool:13} found {found[tool]} of {len(names)} defects in {requests[tool]} requests: {rate:.3f} defects per 100 requests")
    if arguments.keep:
        text = "\n".join(printed)
        keep(DOCUMENT, TITLE, HEADING, f"{stamp(COMMAND, began)}\n\n{WORDS}\n\n```text\n{text}\n```")


def _folder(scratch: str, name: str) -> Path:
    folder = Path(scratch) / name
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
