#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a ninja file that builds qemu-system-aarch64 with some files compiled in another way.

usage: instrument.py --build DIR --out DIR [--files REGEX]... [--cc CC] [--cflags FLAGS] [--ldflags FLAGS]
                     [--replace FILE=COPY] [--add COPY=LIKE]... [--drop FILE]... [--program NAME]

  --build DIR        a build of QEMU: its commands are taken, its other objects are linked
  --out DIR          gets build.ninja, obj/ and the program
  --files REGEX      these source files (names in QEMU's tree, whole name) are compiled again
  --replace F=COPY   compile COPY in place of QEMU's file F
  --add COPY=LIKE    compile COPY, too, with the command of QEMU's file LIKE
  --drop FILE        leave QEMU's file out of the program
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys

# what gcc knows and clang 14 does not
GCC_ONLY = re.compile(r"-W.*|-fzero-call-used-regs=.*|-ftrivial-auto-var-init=.*")


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    for name in ("build", "out"):
        parser.add_argument("--" + name, required=True, type=os.path.abspath)
    for name in ("files", "replace", "add", "drop"):
        parser.add_argument("--" + name, action="append", default=[])
    for name in ("cc", "cflags", "ldflags"):
        parser.add_argument("--" + name, default="")
    parser.add_argument("--program", default="qemu-system-aarch64")
    return parser.parse_args()


def edges(build):
    """(compile commands by source file in QEMU's tree, the program's link command)"""
    out = subprocess.run(["ninja", "-C", build, "-t", "compdb", "-x"], check=True, stdout=subprocess.PIPE, text=True)
    source = os.path.realpath(os.path.join(build, "Makefile")).rsplit("/", 1)[0]
    compiled, linked = {}, None
    for edge in json.loads(out.stdout[out.stdout.index("["):]):
        if edge["output"] == "qemu-system-aarch64":
            linked = shlex.split(edge["command"])
        elif edge["output"].endswith(".c.o") and "/tests/" not in edge["output"]:
            file = os.path.realpath(os.path.join(build, edge["file"]))
            if file.startswith(source + "/"):
                compiled.setdefault(os.path.relpath(file, source), []).append(edge)
    if not linked:
        sys.exit("instrument.py: '%s' has no command that links qemu-system-aarch64" % build)
    return compiled, linked


def quoted(words):
    # the one character that is special to ninja in commands of QEMU
    return shlex.join(words).replace("$", "$$")


def recompile(command, options, obj, source, original):
    """The command that compiles SOURCE to OBJ as ORIGINAL was compiled"""
    words, skip = [], False
    for word in shlex.split(command):
        if skip or word in ("-o", "-c", "-MF", "-MQ"):
            skip = not skip
        elif not (options.cc and GCC_ONLY.fullmatch(word)):
            words.append(word)
    if options.cc:
        words[0] = options.cc
    # headers of our own come before those of QEMU's build
    words[1:1] = ["-iquote", os.path.join(options.out, "include")]
    words += shlex.split(options.cflags)
    if source != original:
        words += ["-iquote", os.path.dirname(original)]
    return quoted(words + ["-MQ", obj, "-MF", obj + ".d", "-o", obj, "-c", source])


def main():
    options = arguments()
    compiled, linked = edges(options.build)
    replace = dict(item.split("=", 1) for item in options.replace)
    archive = [word for word in linked if word.endswith(".o")]
    rules = ["ninja_required_version = 1.10", "builddir = " + options.out,
             "rule cc\n command = $cmd\n deps = gcc\n depfile = $out.d\n description = $out",
             "rule link\n command = $cmd\n description = $out"]
    objects, substitute = [], {}

    def rule(command, file, source, original):
        obj = os.path.join(options.out, "obj", re.sub(r"[^\w.-]", "_", file) + ".o")
        rules.append("build %s: cc %s\n cmd = %s" % (
            obj, source, recompile(command, options, obj, source, original)))
        objects.append(obj)
        return obj

    wanted = re.compile("|".join(options.files) or "$^")
    for file in sorted(compiled):
        used = [e for e in compiled[file] if e["output"] in archive or e["output"].startswith("libqemuutil.a.p/")]
        if used and (wanted.fullmatch(file) or file in replace):
            edge = used[0]
            original = os.path.realpath(os.path.join(options.build, edge["file"]))
            source = os.path.abspath(replace.pop(file)) if file in replace else original
            substitute[edge["output"]] = rule(edge["command"], file, source, original)
        elif file in options.drop:
            substitute.update((e["output"], "") for e in used)
    for item in options.add:
        source, like = item.split("=", 1)
        edge = compiled[like][0]
        rule(edge["command"], "add_" + os.path.basename(source), os.path.abspath(source),
             os.path.realpath(os.path.join(options.build, edge["file"])))
    if replace or not objects:
        sys.exit("instrument.py: no object of QEMU is made from " + (", ".join(replace) or "such files"))

    program = os.path.join(options.out, options.program)
    link = [options.cc or linked[0]] + [substitute.get(word, word) for word in linked[1:]]
    link[link.index("-o") + 1] = program
    link = [word for word in link if word] + shlex.split(options.ldflags)
    # what replaces members of QEMU's archive goes into one that is looked at before
    members = [substitute[name] for name in substitute if name.startswith("libqemuutil.a.p/")]
    archive = os.path.join(options.out, "util.a")
    at = link.index("libqemuutil.a")
    link[at:at] = [obj for obj in objects if obj not in link and obj not in members]
    if members:
        rules.append("build %s: link %s\n cmd = rm -f %s && ar rcs %s %s" % (
            archive, " ".join(members), archive, archive, " ".join(members)))
        objects.append(archive)
        link.insert(link.index("libqemuutil.a"), archive)
    rules.append("build %s: link %s\n cmd = %s\ndefault %s" % (
        program, " ".join(objects + ["qemu-system-aarch64"]), quoted(link), program))
    text = "\n".join(rules) + "\n"
    path = os.path.join(options.out, "build.ninja")
    os.makedirs(options.out, exist_ok=True)
    if not os.path.exists(path) or open(path).read() != text:
        with open(path, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
