#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: acpi-tables.py QEMU NEWER

Programs of others check the ACPI tables of machines with one and two accelerated SMMUs: fwts and iasl, from packages
unpacked in the directory NEWER. They have complaints about QEMU's own tables: those must be all, so the same machine
without an SMMU is checked as well. QEMU runs with the qtest accelerator; what firmware does with the tables, placing
and linking them, is done here. Prints TAP.
"""
import glob
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile

FW_CFG = 0x9020000
SCRATCH = 0x40100000  # in the guest's RAM
TABLES = 0x47000000   # where the tables are said to be
FIRMWARE = '/usr/share/qemu-efi-aarch64/QEMU_EFI.fd'

ONE_BUS = ['-device', 'pcie-root-port,id=rp0,bus=pcie.0,chassis=1']
TWO_BUSES = ['-device', 'pxb-pcie,id=pxb1,bus_nr=0x20,bus=pcie.0', '-device', 'pxb-pcie,id=pxb2,bus_nr=0x40,bus=pcie.0',
             '-device', 'pcie-root-port,id=rp1,bus=pxb1,chassis=1',
             '-device', 'pcie-root-port,id=rp2,bus=pxb2,chassis=2']
MACHINES = {
    'one SMMU': (ONE_BUS, ['-device', 'arm-smmuv3,primary-bus=pcie.0,accel=on']),
    'one SMMU with ATS': (ONE_BUS, ['-device', 'arm-smmuv3,primary-bus=pcie.0,accel=on,ats=on']),
    'two SMMUs': (TWO_BUSES, ['-device', 'arm-smmuv3,primary-bus=pxb1,accel=on',
                              '-device', 'arm-smmuv3,primary-bus=pxb2,accel=on']),
}
FWTS_TESTS = ['iort', 'mcfg', 'method', 'acpitables', 'apicinstance', 'checksum', 'dbg2', 'fadt', 'gtdt', 'madt',
              'pptt', 'rsdp', 'spcr', 'syntaxcheck', 'xsdt']


class Machine:
    def __init__(self, qemu, arguments):
        self.dir = tempfile.TemporaryDirectory()
        path = os.path.join(self.dir.name, 'qtest')
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        listener.settimeout(60)
        self.process = subprocess.Popen([
            qemu, '-accel', 'qtest', '-qtest', f'unix:{path}', '-qtest-log', 'none', '-nodefaults', '-display', 'none',
            '-machine', 'virt,gic-version=3', '-cpu', 'cortex-a57', '-m', '128', '-bios', FIRMWARE, *arguments])
        self.file = listener.accept()[0].makefile('rw', newline='\n')

    def command(self, *words):
        print(*words, file=self.file, flush=True)
        answer = self.file.readline().split()
        if answer[:1] != ['OK']:
            sys.exit(f'qtest: {words[0]}: {answer}')
        return answer[1:]

    def read(self, select, size):
        """fw_cfg's item, by DMA: control (select, read), length, address"""
        descriptor = struct.pack('>IIQ', select << 16 | 8 | 2, size, SCRATCH + 16)
        self.command('write', hex(SCRATCH), 16, '0x' + descriptor.hex())
        self.command('writeq', hex(FW_CFG + 16), hex(int.from_bytes(struct.pack('>Q', SCRATCH), 'little')))
        return bytearray.fromhex(self.command('read', hex(SCRATCH + 16), size)[0][2:])

    def files(self):
        count, = struct.unpack('>I', self.read(0x19, 4))
        directory = self.read(0x19, 4 + 64 * count)
        for n in range(count):
            size, select, _, name = struct.unpack_from('>IHH56s', directory, 4 + 64 * n)
            yield name.rstrip(b'\0').decode(), (select, size)

    def end(self):
        self.process.kill()
        self.process.wait()


def name_of(raw):
    return raw.rstrip(b'\0').decode()


def link(machine):
    """Execute QEMU's script for the firmware. Returns: its blobs, and their addresses."""
    files = dict(machine.files())
    script = machine.read(*files['etc/table-loader'])
    blobs, where, free = {}, {}, TABLES
    for at in range(0, len(script), 128):
        kind, = struct.unpack_from('<I', script, at)
        if kind == 1:    # allocate
            name, align, _ = struct.unpack_from('<56sIB', script, at + 4)
            name = name_of(name)
            blobs[name] = machine.read(*files[name])
            where[name] = free = (free + align - 1) // align * align
            free += len(blobs[name])
        elif kind == 2:  # add pointer
            to, of, offset, size = struct.unpack_from('<56s56sIB', script, at + 4)
            blob = blobs[name_of(to)]
            value = int.from_bytes(blob[offset:offset + size], 'little') + where[name_of(of)]
            blob[offset:offset + size] = value.to_bytes(size, 'little')
        elif kind == 3:  # add checksum
            name, offset, start, length = struct.unpack_from('<56sIII', script, at + 4)
            blob = blobs[name_of(name)]
            blob[offset] = 0
            blob[offset] = -sum(blob[start:start + length]) & 0xff
    return blobs, where


def tables(blobs, where):
    """Returns: address and bytes of each by its signature."""
    found = {'RSDP': (where['etc/acpi/rsdp'], blobs['etc/acpi/rsdp'])}
    blob, base = blobs['etc/acpi/tables'], where['etc/acpi/tables']
    at = 0
    while at + 36 <= len(blob):
        length, = struct.unpack_from('<I', blob, at + 4)
        if blob[at:at + 1].isalpha() and 36 <= length <= len(blob) - at:
            found[blob[at:at + 4].decode()] = base + at, blob[at:at + length]
            at += length
        else:
            at += 1
    return found


def dump(found, out):
    """In acpidump's format"""
    for signature, (address, data) in found.items():
        print(f'{signature} @ 0x{address:016x}', file=out)
        for at in range(0, len(data), 16):
            print(f'    {at:04X}: {data[at:at + 16].hex(" ").upper():<47}  .', file=out)
        print(file=out)


class Checkers:
    def __init__(self, newer):
        lib = os.path.dirname(glob.glob(os.path.join(newer, 'usr/lib/*/libc.so.6'))[0])
        loader = glob.glob(os.path.join(lib, 'ld-linux-*.so.*'))[0]
        self.loader = [loader, '--library-path', f'{lib}:{lib}/fwts']
        self.newer = newer

    def run(self, where, program, *arguments):
        result = subprocess.run([*self.loader, os.path.join(self.newer, 'usr/bin', program), *arguments], cwd=where,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                encoding='utf-8', errors='replace')
        return result.stdout

    def fwts(self, where, found, tests):
        """Returns: its complaints, and how many checks passed by test."""
        with open(os.path.join(where, 'acpidump.log'), 'w') as out:
            dump(found, out)
        self.run(where, 'fwts', '-j', os.path.join(self.newer, 'usr/share/fwts'), '--arch=aarch64',
                 '--dumpfile=acpidump.log', '--log-width=400', '--force-clean', '--results-output=fwts', *tests)
        with open(os.path.join(where, 'fwts.log'), encoding='utf-8', errors='replace') as log:
            text = log.read()
        passed = {test: int(count or 0) for test, count in re.findall(r'^(\w+) +\| +(\d*)\|', text, re.M)}
        return re.findall(r'^(?:FAILED|WARNING).*', text, re.M), passed

    def iasl(self, where, found):
        """Complaints of the disassembler and of the compiler about its output, and tables that are not the same"""
        complaints, changed = [], []
        for signature, (_, data) in found.items():
            path = os.path.join(where, signature)
            if signature == 'RSDP':  # has no header
                continue
            with open(path + '.dat', 'wb') as out:
                out.write(data)
            text = self.run(where, 'iasl', '-d', signature + '.dat') + self.run(where, 'iasl', signature + '.dsl')
            complaints += [f'{signature}: {line}' for line in
                           re.findall(r'^(?:Error|Warning|Remark) +\d+ - *\^? *(.*\w.*)', text, re.M)]
            if signature != 'DSDT' and not self.same(data, path + '.aml'):
                changed.append(signature)
        return complaints, changed

    @staticmethod
    def same(data, path):
        """but for the checksum and the compiler's name"""
        if not os.path.exists(path):
            return False
        with open(path, 'rb') as compiled:
            other = compiled.read()
        return [data[:9], data[10:28], data[36:]] == [other[:9], other[10:28], other[36:]]


class Tap:
    number = failures = 0

    def ok(self, good, what, *comments):
        self.number += 1
        self.failures += not good
        for comment in [] if good else comments:
            print('#', comment)
        print(f'{"" if good else "not "}ok {self.number} - {what}', flush=True)


def read_tables(qemu, arguments):
    machine = Machine(qemu, arguments)
    try:
        return tables(*link(machine))
    finally:
        machine.end()


def check(tap, checkers, where, qemu):
    for name, (buses, smmus) in MACHINES.items():
        plain, found = read_tables(qemu, buses), read_tables(qemu, buses + smmus)
        known, before = checkers.fwts(where, plain, FWTS_TESTS)
        complaints, passed = checkers.fwts(where, found, FWTS_TESTS)
        new = sorted(set(complaints) - set(known))
        tap.ok(not new and set(passed) >= set(FWTS_TESTS) and passed['iort'] == 1
               and passed['method'] >= before['method'] > 0,
               f'fwts, {name}: nothing but the {len(known)} complaints about QEMU\'s own tables', *new, passed)
        known, _ = checkers.iasl(where, plain)
        complaints, changed = checkers.iasl(where, found)
        new = [c for c in complaints if complaints.count(c) > known.count(c)]
        tap.ok(not new and 'IORT' not in changed,
               f'iasl, {name}: nothing but the {len(known)} about QEMU\'s own, and each byte of the IORT',
               *new, *changed)
    # fwts does look: bit 10 of the flags, and an array beyond the end
    for name, offset, value in ('a reserved flag', 17, 4), ('too many ranges', 20, 0x40):
        address, iort = found['IORT']
        broken = bytearray(iort)
        broken[rmr_node(iort) + offset] = value
        complaints, _ = checkers.fwts(where, {**found, 'IORT': (address, broken)}, ['iort'])
        tap.ok(complaints, f'fwts notices {name} in an RMR node')


def rmr_node(iort):
    """Returns: the offset of the first one."""
    at, = struct.unpack_from('<I', iort, 40)
    while iort[at] != 6:
        at += struct.unpack_from('<H', iort, at + 1)[0]
    return at


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    qemu, newer = map(os.path.abspath, sys.argv[1:])
    if not os.path.isdir(newer):
        print(f'1..0 # SKIP {newer} is missing: scripts/fetch-sources.sh {os.path.basename(newer)}')
        return 0
    tap = Tap()
    with tempfile.TemporaryDirectory() as where:
        check(tap, Checkers(newer), where, qemu)
    print(f'1..{tap.number}')
    return min(tap.failures, 1)


sys.exit(main())
