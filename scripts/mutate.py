#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the qtests on mutants of the series: each has one line changed by universalmutator, and some qtest has to fail.

usage: mutate.py [--seed N] [--count N | --all | --again] [--file F]... [--jobs N]

  --count N  mutants to run, from a random sample (100); --all: every one
  --seed N   the sample; without it a new one, which is printed
  --again    only those that survived the last run without a reason: after a test was added
  --file F   lines of the series in this file of QEMU's tree, not in all of smmuv3-accel*.c, smmuv3.c and pci.c
  --jobs N   mutants at once (1)

A mutant is compiled as one object, linked with the objects of build/qemu-x86 and run with one qtest program after the
other until one fails. One that does not compile, and one whose object equals that of the original or of an earlier
mutant, is not counted. Lines that only trace are not mutated. Survivors that no qtest can kill are in
tests/mutation/equivalent, with a reason. Writes build/mutate/report.md and .json; exits 1 when more than 5 % survived
without a reason.
"""

import argparse
import concurrent.futures
import contextlib
import difflib
import fnmatch
import glob
import hashlib
import io
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

sys.dont_write_bytecode = True  # the checkout stays clean
import coverage  # noqa: E402
import instrument  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
BUILD = (ROOT / "build").resolve()
TREE, QEMU = BUILD / "qemu-lab", BUILD / "qemu-x86"
OUT = BUILD / "mutate"
REASONS = ROOT / "tests/mutation/equivalent"
TOOL = "universalmutator==1.14.1"
FILES = ("hw/arm/smmuv3-accel*.c", "hw/arm/smmuv3.c", "hw/pci/pci.c")
AT_MOST = 5     # percent
# For a mutant that allocates without end
MEMORY = 16 << 30


class Problem(Exception):
    """Something that the user has to know, and to change."""


def load_tool():
    """universalmutator's module, installed into build/tools the first time."""
    env = BUILD / "tools/mutate"
    if not (env / "complete").exists():
        print("installing", TOOL, flush=True)
        commands = (["/usr/bin/python3", "-m", "venv", "--clear", env],
                    [env / "bin/pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", TOOL])
        for command in commands:
            if subprocess.run(command).returncode:
                raise Problem(f"{TOOL} cannot be installed: is there a network?")
        (env / "complete").touch()
    sys.path += glob.glob(str(env / "lib/python3*/site-packages"))
    from universalmutator import mutator
    return mutator


def functions(source):
    """For each line the function that it is in, by QEMU's style: what begins and ends in the first column."""
    name, result = "-", []
    for line in source:
        found = re.match(r"[a-zA-Z_].*?(\w+)(\(| = |\[)", line)
        if found and not line.rstrip().endswith(";"):
            name = found[1]
        result.append(name)
    return result


def traces(source):
    """The lines that only trace: nothing that a qtest could see depends on them."""
    inside = False
    for number, line in enumerate(source, 1):
        inside = inside or line.lstrip().startswith("trace_")
        if inside:
            yield number
        inside = inside and not line.rstrip().endswith(";")


def mutants(mutator, file, lines):
    """All mutants of the file's LINES that the tool makes."""
    source = (TREE / file).read_text().splitlines(keepends=True)
    inside, skip = functions(source), set(traces(source))
    with contextlib.redirect_stdout(io.StringIO()):
        made = mutator.mutants_regexp(source, ["universal.rules", "c_like.rules"], ignorePatterns=[r"^\s*#"],
                                      ignoreStringOnly=True)
    for number, text, _, _ in made:
        if number in lines and number not in skip:
            # one line for one, so that no __LINE__ changes
            after = text.rstrip("\n").replace("\n", " ")
            before = source[number - 1].rstrip("\n")
            digest = hashlib.sha256(f"{file}:{number}:{before}:{after}".encode()).hexdigest()[:12]
            yield {"id": digest, "file": file, "line": number, "function": inside[number - 1], "before": before,
                   "after": after}


class Qtests:
    """The programs, and which of them to try first."""

    def __init__(self):
        listed = json.loads(subprocess.run(["meson", "introspect", "--tests", BUILD / "lab"], check=True,
                                           stdout=subprocess.PIPE).stdout)
        self.programs = {test["name"]: test for test in listed if "qtest" in " ".join(test["suite"])}
        if not self.programs:
            raise Problem(f"'{BUILD / 'lab'}' has no qtests: run `make lab`")
        self.seconds, self.killed, self.lock = {}, {}, threading.Lock()

    def run(self, name, qemu, limit):
        """What failed, or None"""
        test, last = self.programs[name], None
        process = subprocess.Popen([arg for arg in test["cmd"] if arg != "-k"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, start_new_session=True,
                                   text=True, errors="replace",
                                   env={**os.environ, **test["env"], "QTEST_QEMU_BINARY": str(qemu)})
        late = threading.Event()

        def kill():
            late.set()
            os.killpg(process.pid, signal.SIGKILL)
        timer = threading.Timer(limit, kill)
        timer.start()
        for line in process.stdout:
            if line.startswith(("not ok", "Bail out")):
                last = line.split(" - ")[0].strip()
        process.stdout.close()
        status = process.wait()
        timer.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        if late.is_set():
            return f"no end after {limit:.0f} s"
        return (last or f"status {status}") if status or last else None

    def measure(self, qemu, jobs):
        """How long they take without a mutant, as many at once as mutants will be"""
        def one(name):
            start = time.monotonic()
            failed = self.run(name, qemu, 180)
            if failed:
                raise Problem(f"{name} fails without a mutant: {failed}")
            self.seconds[name] = time.monotonic() - start
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, self.programs))

    def order(self, file):
        """Those first that most probably kill a mutant of FILE in a second."""
        return sorted(self.programs, key=lambda name: self.seconds[name] / (1 + 8 * self.killed.get((file, name), 0)))

    def kill(self, qemu, file):
        """(program, what failed), or None if all passed"""
        for name in self.order(file):
            failed = self.run(name, qemu, 20 + 5 * self.seconds[name])
            if failed:
                with self.lock:
                    self.killed[file, name] = self.killed.get((file, name), 0) + 1
                return name, failed
        return None


class Builder:
    """Compiles and links with what was there at the start: another build in build/qemu-x86 does no harm."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.compiled, self.linked = instrument.edges(str(QEMU))
        self.prepared = {}
        (self.directory / "qemu-bundle").symlink_to(QEMU / "qemu-bundle")

    def linked_object(self, file):
        return next((e for e in self.compiled.get(file, []) if e["output"] in self.linked), None)

    def prepare(self, file):
        """One object of all others"""
        rest = self.directory / (file.replace("/", "_") + ".rest.o")
        others = [w for w in self.linked if w.endswith(".o") and w != self.linked_object(file)["output"]]
        subprocess.run(["ld", "-r", "--strip-debug", "-o", rest, *others], cwd=QEMU, check=True)
        self.prepared[file] = rest

    def compile(self, file, text, place):
        """The object, without debug information; None if it does not compile"""
        edge, source, obj = self.linked_object(file), place / "mutant.c", place / "mutant.o"
        source.write_text(text)
        # what is not used any more may be, what is undefined may not
        cflags = f"-g0 -fmacro-prefix-map={place}=. -Wno-error -Werror=return-type -Werror=uninitialized"
        options = SimpleNamespace(cc="", out=str(place), cflags=cflags)
        command = instrument.recompile(edge["command"], options, str(obj), str(source), str(TREE / file))
        made = subprocess.run(command.replace("$$", "$"), shell=True, cwd=QEMU, stderr=subprocess.DEVNULL)
        return obj.read_bytes() if made.returncode == 0 else None

    def link(self, file, place):
        """The program, False if the linker refuses it"""
        qemu = place / "qemu-system-aarch64"
        words = [w for w in self.linked if not w.endswith(".o")]
        at = words.index("-o") + 1
        words[at:at + 1] = [str(qemu), str(self.prepared[file]), str(place / "mutant.o")]
        return subprocess.run(words, cwd=QEMU, stderr=subprocess.DEVNULL).returncode == 0 and qemu


class Run:
    def __init__(self, builder, qtests):
        self.builder, self.qtests = builder, qtests
        self.seen, self.results, self.lock = set(), [], threading.Lock()
        self.text = {}

    def place(self):
        place = self.builder.directory / threading.current_thread().name
        place.mkdir(exist_ok=True)
        if not (place / "qemu-bundle").exists():
            (place / "qemu-bundle").symlink_to(QEMU / "qemu-bundle")
        return place

    def original(self, file):
        """Adds the file; returns QEMU without a mutant, built in the same way."""
        place = self.place()
        self.text[file] = (TREE / file).read_text()
        self.builder.prepare(file)
        self.seen.add((file, self.builder.compile(file, self.text[file], place)))
        return self.builder.link(file, place)

    def mutant(self, mutant):
        """Appends it to the results if it is one."""
        start, file, place = time.monotonic(), mutant["file"], self.place()
        lines = self.text[file].split("\n")
        lines[mutant["line"] - 1] = mutant["after"]
        obj = self.builder.compile(file, "\n".join(lines), place)
        with self.lock:
            if obj is None or (file, obj) in self.seen:
                return False
            self.seen.add((file, obj))
        qemu = self.builder.link(file, place)
        if not qemu:
            return False
        by = self.qtests.kill(qemu, file)
        mutant = {**mutant, "killed": by, "seconds": round(time.monotonic() - start, 1)}
        with self.lock:
            self.results.append(mutant)
            print(f"{len(self.results):4} {'killed by ' + ': '.join(by) if by else 'SURVIVED'}  "
                  f"{file}:{mutant['line']}  {mutant['seconds']} s"
                  + ("" if by else f"\n-{mutant['before']}\n+{mutant['after']}"), flush=True)
        return True

    def all(self, todo, count, jobs):
        """Mutants of TODO, until COUNT of them were run"""
        todo, left, stop = iter(todo), [count], threading.Event()

        def work():
            while not stop.is_set():
                with self.lock:
                    mutant = next(todo, None) if left[0] > 0 else None
                    if mutant is None:
                        return
                    left[0] -= 1
                if not self.mutant(mutant):
                    with self.lock:
                        left[0] += 1
        with concurrent.futures.ThreadPoolExecutor(jobs, thread_name_prefix="mutant") as pool:
            workers = [pool.submit(work) for _ in range(jobs)]
            try:
                for worker in workers:
                    worker.result()
            finally:
                stop.set()


def read_reasons():
    """[(file, before, pattern of after, reason)]"""
    result = []
    for (file, change), reason in coverage.read_reasons(REASONS).items():
        before, _, after = change.partition(" ==> ")
        result.append((file, before, after or "*", reason))
    return result


def reason_of(mutant, reasons):
    for file, before, after, reason in reasons:
        if (file, before) == (mutant["file"], mutant["before"].strip()):
            if after == "*" or after == mutant["after"].strip():
                return reason
    return None


def report(results, head):
    """(Markdown, percent that survived without a reason)"""
    text, table = [head, ""], {}
    for mutant in results:
        row = table.setdefault((mutant["file"], mutant["function"]), [0, 0, 0])
        row[0] += 1
        row[1] += bool(mutant["killed"])
        row[2] += bool(mutant.get("reason"))
    total = [sum(row[i] for row in table.values()) for i in range(3)]
    table["all", ""] = total
    text += ["| file | function | mutants | killed | survive with a reason | survive |", "|---|---|---:|---:|---:|---:|"]
    for (file, function), (count, killed, explained) in table.items():
        text.append(f"| {file} | {function} | {count} | {killed} | {explained} | {count - killed - explained} |")
    for mutant in results:
        if not mutant["killed"]:
            text += ["", f"{mutant['file']}:{mutant['line']}, {mutant['function']}(): "
                     + (mutant.get("reason") or "no test"), "```diff", "-" + mutant["before"], "+" + mutant["after"],
                     "```"]
    return "\n".join(text) + "\n", 100 * (total[0] - total[1] - total[2]) / max(total[0], 1)


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 16))
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--count", type=int, default=100)
    which.add_argument("--all", action="store_true")
    which.add_argument("--again", action="store_true")
    parser.add_argument("--file", action="append")
    parser.add_argument("--jobs", type=int, default=1)
    return parser.parse_args()


def choose(options, files, lines):
    """(the mutants to try, in their order; results of an earlier run that stay)"""
    mutator, last = load_tool(), []
    todo = [mutant for file in files for mutant in mutants(mutator, file, lines[file])]
    if options.again:
        data, made = json.loads((OUT / "report.json").read_text()), {mutant["id"] for mutant in todo}
        options.seed, last = data["seed"], [mutant for mutant in data["mutants"] if mutant["id"] in made]
        reasons = read_reasons()
        ids = {mutant["id"] for mutant in last if not mutant["killed"] and not reason_of(mutant, reasons)}
        return [mutant for mutant in todo if mutant["id"] in ids], [m for m in last if m["id"] not in ids]
    random.Random(options.seed).shuffle(todo)
    return todo, last


def main():
    options = arguments()
    if not (QEMU / "qemu-system-aarch64").exists():
        raise Problem("QEMU is not built: run `make lab`")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # the lab's patches are the last commits of the tree: their lines are not the series'
    end = f"HEAD~{len(list((ROOT / 'patches/lab').glob('*.patch')))}"
    lines, lab = coverage.added(TREE, "base..HEAD"), coverage.added(TREE, f"{end}..HEAD")
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as directory:
        builder = Builder(directory)
        files = [file for file in sorted(lines) if builder.linked_object(file)
                 and any(fnmatch.fnmatch(file, pattern) for pattern in options.file or FILES)]
        if not files:
            raise Problem(f"QEMU for x86 has no lines of the series in {', '.join(options.file)}")
        todo, last = choose(options, files, {file: lines[file] - lab.get(file, set()) for file in files})
        run = Run(builder, Qtests())
        print(f"seed {options.seed}: of {len(todo)} mutants in {len(files)} files "
              + ("all" if options.all or options.again else str(options.count)), flush=True)
        for file in files:
            qemu = run.original(file)
        run.qtests.measure(qemu, options.jobs)
        try:
            run.all(todo, len(todo) if options.all or options.again else options.count, options.jobs)
        except KeyboardInterrupt:
            print("interrupted: the report has what was run")
    run.results += last
    reasons = read_reasons()
    for mutant in run.results:
        mutant["reason"] = None if mutant["killed"] else reason_of(mutant, reasons)
    run.results.sort(key=lambda mutant: (mutant["file"], mutant["line"]))
    text, percent = report(run.results, f"# Mutants\n\nSeed {options.seed}, {len(run.results)} mutants.")
    (OUT / "report.md").write_text(text)
    (OUT / "report.json").write_text(json.dumps({"seed": options.seed, "mutants": run.results}, indent=1) + "\n")
    killed = sum(bool(mutant["killed"]) for mutant in run.results)
    print(f"\n{len(run.results)} mutants: {killed} killed, {len(run.results) - killed} survived, {percent:.1f} % without "
          f"a reason (at most {AT_MOST})\n{OUT / 'report.md'}")
    return percent > AT_MOST


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as problem:
        sys.exit(f"mutate.py: error: {problem}")
