/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smmu-lab-host's comparison of what the guest read with what is there. */
#include <glib.h>

#include "reference.h"

static void add(struct references *refs, const char *disk, guint64 offset,
                guint64 bytes, const char *sha)
{
    struct reference ref = { .offset = offset, .bytes = bytes };

    if (!refs->v) {
        refs->v = g_array_new(FALSE, FALSE, sizeof(ref));
    }
    g_strlcpy(ref.disk, disk, sizeof(ref.disk));
    g_strlcpy(ref.sha256, sha, sizeof(ref.sha256));
    g_array_append_val(refs->v, ref);
}

static void test_read(void)
{
    struct references refs = { 0 };

    add(&refs, "nvme0n1", 0, 262144, "aa");
    references_guest_read(&refs, "read dev=x bs=4096 count=64",
                          "ios=64 sha256=aa");
    g_assert_cmpuint(refs.checked, ==, 1);
    g_assert_cmpuint(refs.wrong, ==, 0);
    references_guest_read(&refs, "read dev=x bs=4K count=64", "sha256=ab");
    g_assert_cmpuint(refs.checked, ==, 2);
    g_assert_cmpuint(refs.wrong, ==, 1);
    /* nothing to compare with: neither right nor wrong */
    references_guest_read(&refs, "read dev=x bs=4096 count=1", "sha256=aa");
    references_guest_read(&refs, "read dev=x bs=4096 count=64 offset=512",
                          "sha256=aa");
    references_guest_read(&refs, "read dev=x bs=4096 count=64", "ios=64");
    g_assert_cmpuint(refs.checked, ==, 2);
    references_free(&refs);
}

static void test_two_disks(void)
{
    struct references refs = { 0 };

    add(&refs, "nvme0n1", 0, 4096, "aa");
    add(&refs, "nvme1n1", 0, 4096, "bb");
    references_guest_read(&refs, "read dev=x", "sha256=bb");
    references_guest_read(&refs, "read dev=x", "sha256=aa");
    g_assert_cmpuint(refs.wrong, ==, 0);
    references_guest_read(&refs, "read dev=x", "sha256=cc");
    g_assert_cmpuint(refs.checked, ==, 3);
    g_assert_cmpuint(refs.wrong, ==, 1);
    references_free(&refs);
}

static void test_write(void)
{
    struct references refs = { 0 };

    add(&refs, "nvme0n1", 0, 8192, "aa");
    add(&refs, "nvme0n1", 8192, 4096, "bb");
    references_guest_wrote(&refs, "write dev=x bs=4096 count=1 offset=4096",
                           "sha256=cc", 1);
    /* what was written counts from now on, what it overlaps no more */
    references_guest_read(&refs, "read dev=x bs=4096 offset=4096",
                          "sha256=cc");
    g_assert_cmpuint(refs.checked, ==, 1);
    references_guest_read(&refs, "read dev=x bs=4096 count=2", "sha256=aa");
    g_assert_cmpuint(refs.checked, ==, 1);
    references_guest_read(&refs, "read dev=x bs=4096 offset=8192",
                          "sha256=bb");
    g_assert_cmpuint(refs.checked, ==, 2);
    g_assert_cmpuint(refs.wrong, ==, 0);
    references_free(&refs);
}

static void test_verify_without_disk(void)
{
    struct references refs = { 0 };
    char *err = NULL;

    g_assert_true(references_verify(&refs, NULL, 0, &err));
    add(&refs, "nvme7n1", 512, 4096, "aa");
    g_assert_false(references_verify(&refs, NULL, 0, &err));
    g_assert_nonnull(strstr(err, "nvme7n1"));
    free(err);
    references_free(&refs);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agents/reference/read", test_read);
    g_test_add_func("/agents/reference/two-disks", test_two_disks);
    g_test_add_func("/agents/reference/write", test_write);
    g_test_add_func("/agents/reference/no-disk", test_verify_without_disk);
    return g_test_run();
}
