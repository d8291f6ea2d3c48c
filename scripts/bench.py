#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures QEMU by lab/scenarios/bench, this one and, with --peer, another one in turn.

Each round boots the emulated host once for each QEMU. A round that was measured before with the same files is not
measured again, so that an interrupted run goes on where it stopped. Writes bench-numbers.json, .md and .svg.
"""

import argparse
import hashlib
import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "lab/scenarios/bench"
KINDS = {"none": "no vIOMMU", "lazy": "lazy", "strict": "strict", "ril-off": "strict, ril=off"}
LAYERS = ("guest", "kernel", "user")
INSNS = tuple(layer + "-insns" for layer in LAYERS)
GOALS = (  # what, the value that is compared, at most
    ("strict unmap, 4 KiB, to the peer's", lambda n: n.between("map-strict-4k", "unmap-ns"), 0.7),
    ("strict read, 4 KiB, to no vIOMMU", lambda n: n.to_none("series", "read-strict-4k"), 1.7),
)


class Problem(Exception):
    """Something that the user has to know, and to change."""


def words(answer):
    """The numbers among the words KEY=VALUE of a step's answer."""
    return {key: int(value) for key, value in re.findall(r"(\S+)=(\d+)(?=\s|$)", answer)}


def sample(results):
    """What one run measured: step's key -> word -> number. Raises Problem unless its scenario passed."""
    values = {}
    for scenario in results["scenarios"]:
        if scenario["verdict"] != "pass":
            raise Problem(f"scenario {scenario['name']}: {scenario['verdict']}: {scenario['reason']}")
        for step in scenario["steps"]:
            key = step.get("key") or ""
            if key.startswith(("read-", "map-")):
                values[key] = words(step["answer"])
                if any(word not in values[key] for word in INSNS):
                    raise Problem(f"step {key} has no numbers of instructions: the emulated host's kernel cannot count "
                                  "them; `make kernel images` builds one that can")
    return values


def per_read(values, key):
    """What one read of step `key` takes: the difference to the step that reads few."""
    many, few = values[key], values[key + "-few"]
    result = {word: (many[word] - few[word]) / (many["ios"] - few["ios"]) for word in ("exits", *INSNS)}
    result["ns"] = sum(result[word] for word in INSNS)
    traced = values.get(key + "-traced", {})
    for word in ("ioctls", "cmds", "syncs"):
        if word in traced:
            result[word] = traced[word] / traced["ios"]
    return result


def per_map(values, key):
    """One map and unmap of dma_map_benchmark, which reports no count: instructions are shares of the two times."""
    values = values[key]
    threads = int(re.search(r"-(\d+)-threads|$", key).group(1) or 1)
    result = {word: values[word] for word in ("map-ns", "unmap-ns")}
    part = sum(result.values()) / threads / sum(values[word] for word in INSNS)
    return result | {word: values[word] * part for word in INSNS}


def reduce(values):
    """A sample's numbers, of one operation each: key -> word -> number."""
    return {key: per_map(values, key) if key.startswith("map-") else per_read(values, key)
            for key in values if not key.endswith(("-few", "-traced"))}


def spent(values):
    """Instructions of one map and strict unmap by who executes them. An exit is the difference to msi=off."""
    guest, kernel, user = (values["map-strict-4k"][word] for word in INSNS)
    kernel_exit, user_exit = (values["map-poll-4k"][word] - values["map-strict-4k"][word] for word in INSNS[1:])
    return {"guest: map, unmap, its SMMU driver": guest, "one exit: KVM": kernel_exit, "one exit: QEMU": user_exit,
            "the rest in QEMU: the command queue": user - user_exit,
            "the rest in the host's kernel: the ioctl, iommufd, its SMMU driver": kernel - kernel_exit}


class Numbers:
    """The samples of all rounds, QEMU -> list of what reduce() gives, and what follows from them."""

    def __init__(self, samples, spent=()):
        self.samples = samples
        self.spent = dict(spent)

    def keys(self, prefix):
        return [key for key in self.samples["series"][0] if key.startswith(prefix)]

    def values(self, qemu, key, word):
        return [sample[key][word] for sample in self.samples.get(qemu, []) if word in sample.get(key, {})]

    def median(self, qemu, key, word):
        values = self.values(qemu, key, word)
        return statistics.median(values) if values else None

    def furthest(self):
        """How far a round is from its median at most, as a part of it, and of what. Times only."""
        def distance(qemu, key, word):
            values, median = self.values(qemu, key, word), self.median(qemu, key, word)
            return max(abs(v - median) for v in values) / median
        return max((distance(q, key, word), f"{q}, {key.split('-')[0]} {label(key)}")
                   for q, samples in self.samples.items() for key in samples[0]
                   for word in samples[0][key] if word in ("ns", "unmap-ns"))

    @staticmethod
    def ratio(above, below):
        """The median of the ratios of pairs, and the lowest and the highest; None where there is no pair."""
        ratios = [a / b for a, b in zip(above, below) if b]
        return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None

    def between(self, key, word):
        """The series to the peer: the two runs of a round make a pair."""
        return self.ratio(self.values("series", key, word), self.values("peer", key, word))

    def to_none(self, qemu, key, word="ns"):
        """A read to one of the same size without a vIOMMU, in the same run."""
        none = re.sub(r"read-(.*)-(\d+k)", r"read-none-\2", key)
        return self.ratio(self.values(qemu, key, word), self.values(qemu, none, word))

    def json(self):
        return {"qemus": {qemu: {key: {word: {"median": self.median(qemu, key, word),
                                              "samples": self.values(qemu, key, word)}
                                       for word in samples[0][key]} for key in samples[0]}
                          for qemu, samples in self.samples.items()},
                "strict unmap": self.spent,
                "goals": [{"goal": text, "at_most": limit, "measured": value(self) and value(self)[0]}
                          for text, value, limit in GOALS]}


def digits(value, form=".1f"):
    return "-" if value is None else format(value, form)


def range_of(ratio):
    return "-" if ratio is None else f"{ratio[0]:.2f} ({ratio[1]:.2f} to {ratio[2]:.2f})"


def label(key):
    """read-ril-off-4k -> strict, ril=off, 4 KiB"""
    kind, size, more = re.fullmatch(r"\w+-([a-z-]+)-(\d+)k(.*)", key).groups()
    return f"{KINDS[kind]}, {size} KiB" + (f", {more.strip('-').replace('-', ' ')}" if more else "")


def table(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|---" + "|---:" * (len(head) - 1) + "|", *lines[1:]]) + "\n"


def goal_lines(numbers):
    for text, value, limit in GOALS:
        ratio = value(numbers)
        if ratio is None:
            yield f"- {text}: at most {limit}; not measured"
        else:
            verdict = "met" if ratio[0] <= limit else f"missed by {100 * (ratio[0] / limit - 1):.0f} %"
            yield f"- {text}: at most {limit}; measured {range_of(ratio)}, {verdict}"


def micro(numbers, qemu, key, word):
    value = numbers.median(qemu, key, word)
    return digits(value and value / 1000)


def maps(numbers):
    """The table of dma_map_benchmark."""
    columns = [(qemu, word) for word in ("map", "unmap") for qemu in numbers.samples]
    return table(["µs", *(f"{qemu} {word}" for qemu, word in columns), "unmap, series to peer"],
                 [[label(key), *(micro(numbers, qemu, key, word + "-ns") for qemu, word in columns),
                   range_of(numbers.between(key, "unmap-ns"))] for key in numbers.keys("map-")])


def reads(numbers):
    """The table of reads."""
    def columns(qemu, key):
        to_none = numbers.to_none(qemu, key)
        return (micro(numbers, qemu, key, "ns"), digits(to_none and to_none[0], ".2f"),
                *(digits(numbers.median(qemu, key, word), ".2f") for word in ("exits", "ioctls")))
    return table(["", *(f"{q} {word}" for q in numbers.samples for word in ("µs", "×none", "exits", "ioctls")),
                  "series to peer"],
                 [[label(key), *(text for q in numbers.samples for text in columns(q, key)),
                   range_of(numbers.between(key, "ns"))] for key in numbers.keys("read-")])


def layers(numbers):
    """The table of instructions by who executes them."""
    return table(["instructions", *(f"{q} {layer}" for q in numbers.samples for layer in LAYERS)],
                 [[key.split("-")[0] + " " + label(key),
                   *(digits(numbers.median(q, key, word), ".0f") for q in numbers.samples for word in INSNS)]
                  for key in numbers.keys("map-") + numbers.keys("read-")])


def markdown(numbers, run):
    """All of bench-numbers.md."""
    furthest, where = numbers.furthest()
    qemus = "; ".join(f"{name}: {version}" for name, version in run["qemus"].items())
    return f"""<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- Written by scripts/bench.py, see bench.md. -->
# Numbers

{qemus}. {run["rounds"]} round{"s"[:run["rounds"] > 1]}, {run["date"]}, revision {run["revision"]}. Medians of the
rounds, ratios with the lowest and the highest. The furthest that one round is from a median: {100 * furthest:.1f} % ({where}).

![unmap and read](bench-numbers.svg)

{chr(10).join(goal_lines(numbers))}

## dma_map_benchmark

{maps(numbers)}
## Reads

`×none` is the time to that of a read of this size without a vIOMMU in the same run; exits are those to QEMU.

{reads(numbers)}
## Where instructions are spent

Of one map and unmap, or one read: by the guest, by the host's kernel (KVM, iommufd, drivers), by QEMU (`user`).

{layers(numbers)}
Of one map and strict unmap of 4 KiB, the series; an exit is the difference to `msi=off`:

{table(["", "instructions"], [[what, digits(value, ".0f")] for what, value in numbers.spent.items()])}"""


CHART = (("unmap", "map-", "unmap-ns"), ("read", "read-", "ns"))
COLOURS = {"series": "#1f6fb4", "peer": "#b9c3cc"}


def chart(numbers):
    """Bars with the spread of the rounds, a scale for each kind of operation."""
    out, y = [], 20
    for verb, prefix, word in CHART:
        keys = numbers.keys(prefix)
        top = max(v for q in numbers.samples for key in keys for v in numbers.values(q, key, word))
        scale = 480 / top
        for key in keys:
            out.append(f'<text x="210" y="{y + 14}" text-anchor="end">{verb}, {label(key)}</text>')
            for qemu in numbers.samples:
                values = numbers.values(qemu, key, word)
                median = statistics.median(values)
                left, right = 220 + min(values) * scale, 220 + max(values) * scale
                out += [f'<rect x="220" y="{y}" width="{median * scale:.1f}" height="9" fill="{COLOURS[qemu]}"/>',
                        f'<path d="M{left:.1f} {y + 4.5}H{right:.1f}" stroke="#000"/>',
                        f'<text x="{right + 5:.1f}" y="{y + 9}">{median / 1000:.1f} µs</text>']
                y += 11
            y += 7
        y += 12
    for qemu in numbers.samples:
        out += [f'<rect x="220" y="{y}" width="20" height="9" fill="{COLOURS[qemu]}"/>',
                f'<text x="246" y="{y + 9}">{qemu}</text>']
        y += 13
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="780" height="{y + 8}" font-family="sans-serif" '
            f'font-size="11"><rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(out) + "\n</svg>\n")


def digest(*files):
    """Of all that a measurement depends on."""
    total = hashlib.sha256()
    for file in files:
        with open(file, "rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()[:16]


def measure(scenario, runner, qemu, directory, more):
    """One run of the scenario, unless `directory` has one that passed. Returns: its results.json."""
    file = directory / "latest/results.json"
    if not file.exists() or any(s["verdict"] != "pass" for s in json.loads(file.read_text())["scenarios"]):
        command = [runner, "run", scenario, "--scenario-dir", SCENARIOS, "--qemu", qemu, "--results", directory,
                   "--no-skip", *more]
        status = subprocess.run(list(map(str, command)), check=False).returncode
        if status not in (0, 1, 124) or not file.exists():
            raise Problem(f"`{' '.join(map(str, command))}` ended with status {status}")
    return json.loads(file.read_text())


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = ROOT / "build"
    parser.add_argument("--qemu", type=Path, default=build / "qemu-arm64/qemu-system-aarch64",
                        help="the series' arm64 QEMU (%(default)s)")
    parser.add_argument("--peer", type=Path, help="another arm64 QEMU to compare with, built with the same options")
    parser.add_argument("--rounds", type=int, default=3, help="boots for each QEMU (%(default)s)")
    parser.add_argument("--results", type=Path, default=ROOT / "results/bench", help="what each run leaves behind")
    parser.add_argument("--output", type=Path, help="where bench-numbers.json, .md and .svg go (--results)")
    parser.add_argument("--runner", type=Path, default=build / "lab/smmu-lab", help=argparse.SUPPRESS)
    parser.add_argument("--host-initrd", type=Path, default=build / "images/host.cpio",
                        help="the emulated host's initramfs (%(default)s)")
    parser.add_argument("--kernel", type=Path, default=build / "kernel/arch/arm64/boot/Image",
                        help="kernel of host and guest (%(default)s)")
    options = parser.parse_args(argv)
    for file in (options.qemu, options.peer, options.runner, options.host_initrd, options.kernel):
        if file and not file.is_file():
            raise Problem(f"'{file}' is not a file; `make images` builds what this measures, docs/bench.md says how "
                          "to build a peer")
    if options.rounds < 1:
        raise Problem(f"--rounds {options.rounds}: give 1 or more")
    return options


def main(argv):
    options = arguments(argv)
    qemus = {"series": options.qemu} | ({"peer": options.peer} if options.peer else {})
    scenarios = sorted(SCENARIOS.glob("*.scenario"))
    more = ["--host-initrd", options.host_initrd, "--kernel", options.kernel]
    states = {name: options.results / digest(qemu, options.host_initrd, options.kernel, *scenarios)
              for name, qemu in qemus.items()}
    samples, results = {name: [] for name in qemus}, {}
    for number in range(options.rounds):
        for name in sorted(qemus, reverse=number % 2 == 0):  # who was last begins the next round
            print(f"round {number + 1} of {options.rounds}: {name}", flush=True)
            results[name] = measure("bench", options.runner, qemus[name], states[name] / f"round-{number + 1}", more)
            samples[name].append(reduce(sample(results[name])))
    print("what an exit costs: series", flush=True)
    exits = measure("exit", options.runner, options.qemu, states["series"] / "exit", more)
    info = results["series"]["run"]
    run = {"date": info["started"][:10], "revision": info["versions"]["revision"], "rounds": options.rounds,
           "qemus": {name: results[name]["run"]["versions"]["qemu"] for name in qemus}}
    numbers = Numbers(samples, spent(reduce(sample(exits))))
    output = options.output or options.results
    output.mkdir(parents=True, exist_ok=True)
    (output / "bench-numbers.json").write_text(json.dumps({"run": run} | numbers.json(), indent=1) + "\n")
    (output / "bench-numbers.md").write_text(markdown(numbers, run))
    (output / "bench-numbers.svg").write_text(chart(numbers))
    print(*goal_lines(numbers), f"{output}/bench-numbers.md", sep="\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Problem as problem:
        sys.exit(f"bench.py: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
