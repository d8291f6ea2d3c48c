/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reference.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util.h"
#include "words.h"

static char *hash_disk(const char *disk, const struct reference *ref)
{
    g_autofree char *path = g_build_filename("/dev", disk, NULL);

    return file_hash(path, ref->offset, ref->bytes);
}

static struct reference *at(const struct references *refs, unsigned i)
{
    return refs->v && i < refs->v->len ? &g_array_index(refs->v, struct reference, i) : NULL;
}

static struct reference *find(const struct references *refs, const char *disk, uint64_t offset, uint64_t bytes)
{
    struct reference *ref;

    for (unsigned i = 0; (ref = at(refs, i)); i++) {
        if (ref->offset == offset && ref->bytes == bytes && !strcmp(ref->disk, disk)) {
            return ref;
        }
    }
    return NULL;
}

static void add(struct references *refs, const struct reference *ref)
{
    if (!refs->v) {
        refs->v = g_array_new(FALSE, FALSE, sizeof(*ref));
    }
    g_array_append_vals(refs->v, ref, 1);
}

static bool overlap(const struct reference *a, const struct reference *b)
{
    return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

/* A name for the n-th disk of a device that stays when its driver changes */
static void disk_label(char *label, size_t size, const struct pci_device *dev,
                       size_t n)
{
    snprintf(label, size, "%s#%zu", dev->bdf, n);
}

static void take_one(struct references *refs, const char *command, const struct pci_device *dev)
{
    for (unsigned i = 0; i < dev->disks->len; i++) {
        g_autofree char *hash = NULL;
        struct reference ref;

        disk_label(ref.disk, sizeof(ref.disk), dev, i);
        if (!guest_command_range(command, &ref.offset, &ref.bytes) || find(refs, ref.disk, ref.offset, ref.bytes)) {
            continue;
        }
        hash = hash_disk(g_ptr_array_index(dev->disks, i), &ref);
        if (hash) {
            g_strlcpy(ref.sha256, hash, sizeof(ref.sha256));
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

void references_guest_read(struct references *refs, const char *command, const char *answer)
{
    g_autofree char *sha = words_get(answer, "sha256");
    bool known = false, same = false;
    const struct reference *ref;
    uint64_t offset, bytes;

    if (!sha || !guest_command_range(command, &offset, &bytes)) {
        return;
    }
    for (unsigned i = 0; (ref = at(refs, i)); i++) {
        if (ref->offset == offset && ref->bytes == bytes) {
            known = true;
            same = same || !strcmp(ref->sha256, sha);
        }
    }
    refs->checked += known;
    refs->wrong += known && !same;
}

void references_guest_wrote(struct references *refs, const char *command, const char *answer, size_t n_devices)
{
    struct reference new = { .disk = "" };
    const struct reference *ref;

    if (!guest_command_range(command, &new.offset, &new.bytes) ||
        !words_value(answer, "sha256", new.sha256, sizeof(new.sha256))) {
        return;
    }
    for (unsigned i = 0; (ref = at(refs, i));) {
        /* among several disks, which one was written is not known here */
        if (overlap(ref, &new) && (n_devices <= 1 || !*ref->disk)) {
            g_array_remove_index(refs->v, i);
        } else {
            i++;
        }
    }
    add(refs, &new);
}

static bool some_disk_has(const struct reference *ref, const struct pci_device *devices, size_t n_devices)
{
    char label[sizeof(ref->disk)];

    for (size_t d = 0; d < n_devices; d++) {
        for (unsigned i = 0; i < devices[d].disks->len; i++) {
            g_autofree char *hash = NULL;

            disk_label(label, sizeof(label), &devices[d], i);
            if (*ref->disk && strcmp(ref->disk, label)) {
                continue;
            }
            hash = hash_disk(g_ptr_array_index(devices[d].disks, i), ref);
            if (!g_strcmp0(hash, ref->sha256)) {
                return true;
            }
        }
    }
    return false;
}

static bool was_overwritten(const struct references *refs, const struct reference *ref)
{
    const struct reference *other;

    for (unsigned i = 0; (other = at(refs, i)); i++) {
        if (!*other->disk && *ref->disk && overlap(other, ref)) {
            return true;
        }
    }
    return false;
}

bool references_verify(const struct references *refs, const struct pci_device *devices, size_t n_devices, char **err)
{
    const struct reference *ref;

    for (unsigned i = 0; (ref = at(refs, i)); i++) {
        if (!was_overwritten(refs, ref) && !some_disk_has(ref, devices, n_devices)) {
            return text_fail(err, "%s, %" PRIu64 " bytes at %" PRIu64 ": the host reads other data than %s",
                             *ref->disk ? ref->disk : "disk", ref->bytes, ref->offset,
                             *ref->disk ? "before" : "the guest wrote");
        }
    }
    return true;
}

void references_free(struct references *refs)
{
    g_clear_pointer(&refs->v, g_array_unref);
    *refs = (struct references){ 0 };
}
