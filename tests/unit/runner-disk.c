/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disk images, the comparison with them, versions. */
#include "disk.h"
#include "environment.h"
#include "util.h"

#include <glib/gstdio.h>
#include <string.h>

#define SMALL (256 * 1024)

static char *devices[] = { (char *)"nvme", (char *)"edu",
                           (char *)"nvme,serial=b", NULL };
static const Scenario scenario = { .devices = devices };

typedef struct Fixture {
    char *dir;
    RunFiles *files;
    char *disks[3];
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    f->dir = g_dir_make_tmp("data-XXXXXX", NULL);
    f->files = run_files_new(f->dir);
    for (guint n = 0; n < 3; n += 2) {
        f->disks[n] = command_disk_file(f->files, n);
        g_assert_true(disk_create(f->disks[n], SMALL, &error));
        g_assert_no_error(error);
    }
}

static void tear_down(Fixture *f, gconstpointer data)
{
    for (guint n = 0; n < 3; n += 2) {
        g_unlink(f->disks[n]);
        g_free(f->disks[n]);
    }
    g_rmdir(f->dir);
    run_files_free(f->files);
    g_free(f->dir);
}

static void test_disk(Fixture *f, gconstpointer data)
{
    g_autofree char *text = NULL;
    g_autofree char *whole = file_hash(f->disks[0], 0, SMALL);
    g_autofree char *other = file_hash(f->disks[2], 0, SMALL);
    g_autofree char *part = file_hash(f->disks[0], 8192, 4096);
    g_autofree char *expected = NULL;
    g_autoptr(GError) error = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(f->disks[0], &text, &length, NULL));
    g_assert_cmpuint(length, ==, SMALL);
    expected = g_compute_checksum_for_data(G_CHECKSUM_SHA256,
                                           (guchar *)text + 8192, 4096);
    g_assert_cmpstr(part, ==, expected);
    g_assert_cmpstr(whole, !=, other);
    g_assert_null(file_hash(f->disks[0], SMALL - 10, 11));
    g_assert_null(file_hash("/nowhere", 0, 1));
    g_assert_false(disk_create("/nowhere/disk", 8, &error));
    g_assert_nonnull(strstr(error->message, "/nowhere/disk"));
}

static char *read_record(const char *step, const char *hash)
{
    return g_strdup_printf("step ok=1 text=\"%s\" answer=\"ios=1 "
                           "sha256=%s\"\n", step, hash);
}

static void test_reads(Fixture *f, gconstpointer data)
{
    g_autofree char *a = file_hash(f->disks[0], 65536, 8192);
    g_autofree char *b = file_hash(f->disks[2], 0, 4096);
    g_autofree char *first = read_record(
        "guest read dev=nvme0n1 bs=4K count=2 offset=64K", a);
    g_autofree char *second = read_record("guest? read dev=nvme1n1", b);
    g_autofree char *wrong = read_record(
        "guest read dev=nvme0n1 bs=4096 count=2", a);
    g_autofree char *third = read_record(
        "guest finish read dev=nvme0n1 bs=4K count=2 offset=64K", a);
    g_autofree char *good = g_strconcat(first, second, third, NULL);
    g_autofree char *bad = g_strconcat(first, wrong, NULL);
    g_autoptr(Report) good_report = report_parse(good);
    g_autoptr(Report) bad_report = report_parse(bad);
    DiskCheck check = disk_check(&scenario, f->files, good_report);

    g_assert_cmpuint(check.reads, ==, 3);
    g_assert_cmpuint(check.disks_read, ==, 2);
    g_assert_null(check.problem);
    check = disk_check(&scenario, f->files, bad_report);
    g_assert_cmpuint(check.disks_read, ==, 1);
    g_assert_nonnull(strstr(check.problem, "count=2"));
    g_free(check.problem);
}

/* What was overwritten is no longer the image's. */
static void test_written(Fixture *f, gconstpointer data)
{
    g_autoptr(Report) report = report_parse(
        "step text=\"guest write dev=nvme0n1 bs=4096 count=2 offset=4096\" "
        "answer=\"sha256=1\"\n"
        "step text=\"guest read dev=nvme0n1 bs=4096 count=2\" "
        "answer=\"sha256=2\"\n"
        "step text=\"guest read dev=nvme0n1 bs=4096 offset=12288\" "
        "answer=\"sha256=3\"\n");
    DiskCheck check = disk_check(&scenario, f->files, report);

    g_assert_cmpuint(check.reads, ==, 1);
    g_assert_nonnull(strstr(check.problem, "offset=12288"));
    g_free(check.problem);
}

static void test_banner(void)
{
    static const char image[] = "\0\1Linux version %s (%s)\n\0junk"
        "Linux version 7.2.0 (gcc 12.2.0) #1 SMP\n\0tail";
    g_autofree char *banner = versions_banner(image, sizeof(image));
    g_autofree char *cut = versions_banner(image, 40);

    g_assert_cmpstr(banner, ==, "Linux version 7.2.0 (gcc 12.2.0) #1 SMP");
    g_assert_null(cut);
    g_assert_null(versions_banner("", 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/disk/disk", Fixture, NULL, set_up, test_disk, tear_down);
    g_test_add("/disk/reads", Fixture, NULL, set_up, test_reads, tear_down);
    g_test_add("/disk/written", Fixture, NULL, set_up, test_written,
               tear_down);
    g_test_add_func("/versions/banner", test_banner);
    return g_test_run();
}
