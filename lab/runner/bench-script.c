/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-plan.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* QEMU comes from memory: pages of the share would be read while it runs. */
static const char script_head[] =
    "# Made by smmu-lab bench; run by the emulated host's init.\n"
    "agent() { # ARGUMENTS OUTPUT QEMU\n"
    "    args=/lab/runs/$1 output=/lab/out/$2 qemu=$3\n"
    "    set --\n"
    "    while IFS= read -r arg; do\n"
    "        set -- \"$@\" \"$arg\"\n"
    "    done < \"$args\"\n"
    "    rm -f /tmp/routes.* /tmp/qemu.pid\n"
    "    smmu-lab-host --qemu \"$qemu\" --kernel /boot/Image \\\n"
    "        --initrd /boot/guest.cpio.gz --output \"$output\" \"$@\"\n"
    "    echo \"lab: smmu-lab-host exit $?\"\n"
    "    for f in /tmp/routes.*; do\n"
    "        [ ! -f \"$f\" ] || cp \"$f\" \"$output/\"\n"
    "    done\n"
    "}\n"
    "prepare() { # QEMU\n"
    "    cp /lab/$1 /tmp/$1 && chmod 755 /tmp/$1\n"
    "    /tmp/$1 -machine none -device arm-smmuv3,help \\\n"
    "        > /lab/out/$1.properties 2>&1\n"
    "}\n"
    "reads() { # QEMU\n"
    "    if grep -q '^ *msi=' /lab/out/$1.properties; then\n"
    "        echo reads\n"
    "    else\n"
    "        echo reads-old\n"
    "    fi\n"
    "}\n";

static const struct {
    BenchGuest guest;
    const char *file;
} kinds[BENCH_GUESTS] = {
    { BENCH_READS, "reads" }, { BENCH_READS_OLD, "reads-old" },
    { BENCH_BOOT_NONE, "boot-none" }, { BENCH_BOOT_SMMU, "boot-smmu" },
    { BENCH_ROUTES, "routes" },
};

static gboolean write_args(const BenchPlan *plan, const Options *o,
                           BenchGuest kind, guint round, const char *file,
                           GError **error)
{
    g_autoptr(Scenario) s = bench_guest(plan, kind, round);
    Options own = *o;
    g_auto(GStrv) args = NULL;
    g_autofree char *lines = NULL;
    g_autofree char *text = NULL;

    /* the script says which QEMU */
    own.qemu = NULL;
    args = command_host_args(s, &own, RUN_SCENARIO);
    lines = g_strjoinv("\n", args);
    /* a trace costs time: off, until a step switches an event on */
    text = g_strconcat(lines, "\n--trace\n-*\n", NULL);
    return g_file_set_contents(file, text, -1, error);
}

static void add_run(GString *script, const BenchGuestRun *run)
{
    g_autofree char *name = bench_run_name(run);

    if (strcmp(run->kind, "reads")) {
        g_string_append_printf(script, "agent %s %s /tmp/qemu%u\n",
                               run->kind, name, run->qemu);
    } else {
        g_string_append_printf(script, "agent $(reads qemu%u)-%u %s "
                               "/tmp/qemu%u\n", run->qemu, run->round, name,
                               run->qemu);
    }
}

static char *make_script(const BenchPlan *plan)
{
    g_autoptr(GString) script = g_string_new(script_head);
    g_autoptr(GArray) runs = bench_runs(plan);

    for (guint q = 0; q < plan->qemus; q++) {
        g_string_append_printf(script, "prepare qemu%u\n", q);
    }
    for (guint n = 0; n < runs->len; n++) {
        add_run(script, &g_array_index(runs, BenchGuestRun, n));
    }
    return g_string_free(g_steal_pointer(&script), FALSE);
}

gboolean bench_write(const BenchPlan *plan, const Options *o,
                     const char *share, GError **error)
{
    g_autofree char *dir = g_build_filename(share, "runs", NULL);
    g_autofree char *out = g_build_filename(share, "out", NULL);
    g_autofree char *file = g_build_filename(share, "script", NULL);
    g_autofree char *script = make_script(plan);

    if (g_mkdir_with_parents(dir, 0755) || g_mkdir_with_parents(out, 0755)) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot make %s: %s", dir, g_strerror(errno));
        return FALSE;
    }
    for (guint n = 0; n < BENCH_GUESTS; n++) {
        gboolean reads = kinds[n].guest == BENCH_READS ||
                         kinds[n].guest == BENCH_READS_OLD;

        for (guint round = 1; round <= (reads ? plan->rounds : 1); round++) {
            g_autofree char *name = reads
                ? g_strdup_printf("%s-%u", kinds[n].file, round)
                : g_strdup(kinds[n].file);
            g_autofree char *path = g_build_filename(dir, name, NULL);

            if (!write_args(plan, o, kinds[n].guest, round, path, error)) {
                return FALSE;
            }
        }
    }
    return g_file_set_contents(file, script, -1, error);
}
