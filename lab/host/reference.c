/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reference.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "words.h"

#define CHUNK (256 * 1024)

/* Returns: false if the range cannot be read in full. */
static bool hash_range(const char *disk, uint64_t offset, uint64_t bytes,
                       char hex[SHA256_HEX])
{
    char *path = text_printf("/dev/%s", disk);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *buf = malloc(CHUNK);
    struct sha256 sha;
    ssize_t n = 1;

    sha256_init(&sha);
    while (fd >= 0 && buf && bytes && n > 0) {
        n = pread(fd, buf, bytes < CHUNK ? bytes : CHUNK, offset);
        if (n > 0) {
            sha256_add(&sha, buf, n);
            offset += n;
            bytes -= n;
        }
    }
    sha256_hex(&sha, hex);
    if (fd >= 0) {
        close(fd);
    }
    free(buf);
    free(path);
    return fd >= 0 && !bytes;
}

static struct reference *find(const struct references *refs, const char *disk,
                              uint64_t offset, uint64_t bytes)
{
    for (size_t i = 0; i < refs->n; i++) {
        struct reference *ref = &refs->v[i];

        if (ref->offset == offset && ref->bytes == bytes &&
            !strcmp(ref->disk, disk)) {
            return ref;
        }
    }
    return NULL;
}

static void add(struct references *refs, const struct reference *ref)
{
    refs->v = realloc(refs->v, (refs->n + 1) * sizeof(*refs->v));
    if (!refs->v) {
        abort();
    }
    refs->v[refs->n++] = *ref;
}

/* A name for the n-th disk of a device that stays when its driver changes */
static void disk_label(char *label, size_t size, const struct pci_device *dev,
                       size_t n)
{
    snprintf(label, size, "%s#%zu", dev->bdf, n);
}

static void take_one(struct references *refs, const char *command,
                     const struct pci_device *dev)
{
    for (size_t i = 0; i < dev->disks.n; i++) {
        struct reference ref;

        disk_label(ref.disk, sizeof(ref.disk), dev, i);
        if (guest_command_range(command, &ref.offset, &ref.bytes) &&
            !find(refs, ref.disk, ref.offset, ref.bytes) &&
            hash_range(dev->disks.v[i], ref.offset, ref.bytes, ref.sha256)) {
            add(refs, &ref);
        }
    }
}

void references_take(struct references *refs, const GPtrArray *steps,
                     const struct pci_device *devices, size_t n_devices)
{
    for (unsigned i = 0; steps && i < steps->len; i++) {
        const Step *step = g_ptr_array_index(steps, i);

        references_take(refs, step->children, devices, n_devices);
        for (size_t d = 0; step->guest == GUEST_READ && d < n_devices; d++) {
            take_one(refs, step->guest_args, &devices[d]);
        }
    }
}

void references_guest_read(struct references *refs, const char *command,
                           const char *answer)
{
    uint64_t offset, bytes;
    bool known = false, same = false;
    char sha[SHA256_HEX];

    if (!guest_command_range(command, &offset, &bytes) ||
        !words_value(answer, "sha256", sha, sizeof(sha))) {
        return;
    }
    for (size_t i = 0; i < refs->n; i++) {
        const struct reference *ref = &refs->v[i];

        if (ref->offset == offset && ref->bytes == bytes) {
            known = true;
            same = same || !strcmp(ref->sha256, sha);
        }
    }
    refs->checked += known ? 1 : 0;
    refs->wrong += known && !same ? 1 : 0;
}

void references_guest_wrote(struct references *refs, const char *command,
                            const char *answer, size_t n_devices)
{
    struct reference new = { .disk = "" };
    size_t kept = 0;

    if (!guest_command_range(command, &new.offset, &new.bytes) ||
        !words_value(answer, "sha256", new.sha256, sizeof(new.sha256))) {
        return;
    }
    for (size_t i = 0; i < refs->n; i++) {
        const struct reference *ref = &refs->v[i];
        bool overlaps = ref->offset < new.offset + new.bytes &&
                        new.offset < ref->offset + ref->bytes;

        /* among several disks, which one was written is not known here */
        if (!overlaps || (n_devices > 1 && *ref->disk)) {
            refs->v[kept++] = *ref;
        }
    }
    refs->n = kept;
    add(refs, &new);
}

static bool some_disk_has(const struct reference *ref,
                          const struct pci_device *devices, size_t n_devices)
{
    char hex[SHA256_HEX];
    char label[sizeof(ref->disk)];

    for (size_t d = 0; d < n_devices; d++) {
        for (size_t i = 0; i < devices[d].disks.n; i++) {
            disk_label(label, sizeof(label), &devices[d], i);
            if ((!*ref->disk || !strcmp(ref->disk, label)) &&
                hash_range(devices[d].disks.v[i], ref->offset, ref->bytes, hex) &&
                !strcmp(hex, ref->sha256)) {
                return true;
            }
        }
    }
    return false;
}

static bool was_overwritten(const struct references *refs,
                            const struct reference *ref)
{
    for (size_t i = 0; i < refs->n; i++) {
        const struct reference *other = &refs->v[i];

        if (!*other->disk && *ref->disk &&
            other->offset < ref->offset + ref->bytes &&
            ref->offset < other->offset + other->bytes) {
            return true;
        }
    }
    return false;
}

bool references_verify(const struct references *refs,
                       const struct pci_device *devices, size_t n_devices,
                       char **err)
{
    for (size_t i = 0; i < refs->n; i++) {
        const struct reference *ref = &refs->v[i];

        if (!was_overwritten(refs, ref) &&
            !some_disk_has(ref, devices, n_devices)) {
            return text_fail(err, "%s, %" PRIu64 " bytes at %" PRIu64
                             ": the host reads other data than %s",
                             *ref->disk ? ref->disk : "disk", ref->bytes,
                             ref->offset, *ref->disk ? "before"
                                                     : "the guest wrote");
        }
    }
    return true;
}

void references_free(struct references *refs)
{
    free(refs->v);
    *refs = (struct references){ 0 };
}
