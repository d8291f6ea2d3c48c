#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/bench.py: its statistics, its output, and runs with a program in the place of smmu-lab."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True
import bench  # noqa: E402

# Stands for smmu-lab: a read without a vIOMMU takes as many instructions as the QEMU's file says, others two times.
FAKE = """#!/usr/bin/env python3
import json, pathlib, re, sys
args = dict(zip(sys.argv[3::2], sys.argv[4::2]))
args["--qemu"] = sys.argv[sys.argv.index("--qemu") + 1]
home = pathlib.Path(__file__).parent
log = home / "log"
log.write_text((log.read_text() if log.exists() else "") + args["--qemu"] + "\\n")
text = pathlib.Path(args["--qemu"]).read_text().split()
if text[0] == "crash":
    sys.exit(2)
text = text[-1] if (home / "mended").exists() else text[0]
ns = int(text) if text != "fail" else 0
steps = []
for line in (pathlib.Path(args["--scenario-dir"]) / (sys.argv[2] + ".scenario")).read_text().splitlines():
    key, _, step = line.partition("=")
    if step.startswith("guest read"):
        loops = int(re.search("loops=(\\\\d+)|$", step).group(1) or 1)
        insns = 5000 + loops * ns * (1 if "none" in key else 2)
        answer = f"ios={loops} bdf=0000:21:00.0 exits={100 + loops} guest-insns={insns} kernel-insns=9 user-insns=7"
        steps.append({"key": key, "answer": f"{answer} ioctls={loops}"})
    elif step.startswith("guest dma-map"):
        exits = 2 if "poll" in key else 1
        steps.append({"key": key, "answer": f"map-ns={ns} unmap-ns={ns * (2 + exits)} guest-insns=10 "
                      f"kernel-insns={10 * exits + 20} user-insns=0"})
out = pathlib.Path(args["--results"]) / "latest"
out.mkdir(parents=True, exist_ok=True)
bad = text == "fail"
(out / "results.json").write_text(json.dumps({
    "run": {"started": "2026-11-25T08:00:00Z", "versions": {"qemu": "QEMU " + text, "revision": "abc"}},
    "scenarios": [{"name": sys.argv[2], "verdict": "fail" if bad else "pass", "reason": "no disk" if bad else None,
                   "steps": steps}]}))
sys.exit(1 if bad else 0)
"""


class Statistics(unittest.TestCase):
    def test_words(self):
        self.assertEqual(bench.words('ios=16 usec=7 bdf=0000:21:00.0 sha256=12ab out="x" exits=3'),
                         {"ios": 16, "usec": 7, "exits": 3})

    def test_read_is_a_difference(self):
        insns = lambda *values: dict(zip(bench.INSNS, values))
        values = {"read-strict-4k": {"ios": 110, "exits": 320} | insns(1100, 310, 7),
                  "read-strict-4k-few": {"ios": 10, "exits": 120} | insns(100, 10, 7),
                  "read-strict-4k-traced": {"ios": 10, "ioctls": 5}}
        self.assertEqual(bench.reduce(values),
                         {"read-strict-4k": {"ns": 13, "exits": 2, "ioctls": 0.5} | insns(10, 3, 0)})

    def test_map_has_shares(self):
        reduced = bench.reduce({"map-lazy-64k": {"map-ns": 100, "unmap-ns": 300} | dict(zip(bench.INSNS, (60, 0, 20)))})
        self.assertEqual(reduced["map-lazy-64k"],
                         {"map-ns": 100, "unmap-ns": 300} | dict(zip(bench.INSNS, (300, 0, 100))))

        reduced = bench.reduce({"map-lazy-4k-2-threads": {"map-ns": 20, "unmap-ns": 60} | dict.fromkeys(bench.INSNS, 1)})
        self.assertAlmostEqual(sum(reduced["map-lazy-4k-2-threads"][word] for word in bench.INSNS), 40)

    def numbers(self):
        samples = lambda *values: [{"read-none-4k": {"ns": 10}, "read-strict-4k": {"ns": v}} for v in values]
        return bench.Numbers({"series": samples(20, 30, 12), "peer": samples(40, 40, 40)})

    def test_medians_and_pairs(self):
        numbers = self.numbers()
        self.assertEqual(numbers.median("series", "read-strict-4k", "ns"), 20)
        self.assertEqual(numbers.furthest(), (0.5, "series, read strict, 4 KiB"))
        self.assertEqual(numbers.between("read-strict-4k", "ns"), (0.5, 0.3, 0.75))
        self.assertEqual(numbers.to_none("peer", "read-strict-4k"), (4, 4, 4))
        self.assertIsNone(numbers.between("read-strict-4k", "exits"))

    def test_labels(self):
        self.assertEqual(bench.label("read-ril-off-128k"), "strict, ril=off, 128 KiB")
        self.assertEqual(bench.label("map-strict-4k-4-threads"), "strict, 4 KiB, 4 threads")


class Runs(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.home = Path(directory.name)
        for name, text in {"smmu-lab": FAKE, "a": "10", "b": "20", "host.cpio": "", "Image": ""}.items():
            (self.home / name).write_text(text)
        os.chmod(self.home / "smmu-lab", 0o755)

    def run_bench(self, *more):
        home = self.home
        command = [sys.executable, SCRIPTS / "bench.py", "--runner", home / "smmu-lab", "--qemu", home / "a",
                   "--host-initrd", home / "host.cpio", "--kernel", home / "Image", "--results", home / "results",
                   "--output", home / "out", *more]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)

    def log(self):
        log = self.home / "log"
        return [Path(line).name for line in log.read_text().split()] if log.exists() else []

    def test_two_in_turn(self):
        done = self.run_bench("--peer", self.home / "b", "--rounds", "3")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.log(), ["a", "b", "b", "a", "a", "b", "a"])
        numbers = json.loads((self.home / "out/bench-numbers.json").read_text())
        self.assertEqual(numbers["qemus"]["peer"]["read-strict-4k"]["ns"], {"median": 40, "samples": [40] * 3})
        self.assertEqual([goal["measured"] for goal in numbers["goals"]], [0.5, 2])
        self.assertEqual(list(numbers["strict unmap"].values()), [10, 10, 0, 0, 20])
        text = (self.home / "out/bench-numbers.md").read_text()
        self.assertIn("at most 0.7; measured 0.50 (0.50 to 0.50), met", text)
        self.assertIn("at most 1.7; measured 2.00 (2.00 to 2.00), missed by 18 %", text)
        columns = {line.count("|") for line in text.split("## Reads")[1].split("## ")[0].splitlines() if "|" in line}
        self.assertEqual(columns, {11})
        chart = xml.etree.ElementTree.parse(self.home / "out/bench-numbers.svg")
        self.assertGreater(len(chart.findall("{*}rect")), 2 * 16)

    def test_alone(self):
        done = self.run_bench("--rounds", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("at most 0.7; not measured", (self.home / "out/bench-numbers.md").read_text())

    def test_failure_is_named_and_repeated(self):
        (self.home / "b").write_text("fail 20")
        done = self.run_bench("--peer", self.home / "b", "--rounds", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("scenario bench: fail: no disk", done.stderr)
        (self.home / "mended").touch()
        done = self.run_bench("--peer", self.home / "b", "--rounds", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.log(), ["a", "b", "b", "a"], "what passed is not measured again")
        (self.home / "a").write_text("11")
        self.assertEqual(self.run_bench("--peer", self.home / "b", "--rounds", "1").returncode, 0)
        self.assertEqual(self.log()[4:], ["a", "a"], "another QEMU is")

    def test_errors(self):
        done = self.run_bench("--peer", self.home / "missing")
        self.assertEqual((done.returncode, self.log()), (1, []))
        self.assertIn("missing' is not a file", done.stderr)
        self.assertIn("--rounds 0", self.run_bench("--rounds", "0").stderr)
        (self.home / "smmu-lab").write_text(FAKE.replace("user-insns", "x"))
        self.assertIn("has no numbers of instructions", self.run_bench().stderr)
        (self.home / "a").write_text("crash")
        done = self.run_bench()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "smmu-lab run .* ended with status 2")


if __name__ == "__main__":
    unittest.main()
