/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-output.h"

#include <gio/gio.h>
#include <math.h>

/*
 * Three charts in one picture: times against no vIOMMU, exits and ioctls for
 * each read.
 */
static const char head[] =
    "set terminal svg size 1000,1000 font 'sans-serif,13' background 'white'\n"
    "set output '%s'\n"
    "set style data histograms\n"
    "set style histogram clustered gap 1\n"
    "set style fill solid 0.9 noborder\n"
    "set boxwidth 0.9\n"
    "set grid ytics lc rgb '#dddddd'\n"
    "set border 3 lc rgb '#888888'\n"
    "set tics nomirror\n"
    "set xtics scale 0\n"
    "set yrange [0:*]\n"
    "set key outside right center vertical Left reverse samplen 1\n"
    "set xrange [-0.5:3.5]\n"
    "set datafile missing '?'\n";

/* Dark and light of each configuration: the first QEMU and the second. */
static const char *const colours[BENCH_CONFIGS][BENCH_MOST_QEMUS] = {
    [BENCH_NONE] = { "#888888", "#cccccc" },
    [BENCH_LAZY] = { "#2ca02c", "#a6dba6" },
    [BENCH_STRICT] = { "#1f77b4", "#aec7e8" },
    [BENCH_RIL_OFF] = { "#d95f02", "#fdbf8f" },
    [BENCH_MSI_OFF] = { "#7b3294", "#cda8d9" },
};

static void add_cell(GString *out, double value)
{
    if (isnan(value)) {
        g_string_append(out, " ?");
    } else {
        char text[G_ASCII_DTOSTR_BUF_SIZE];

        g_ascii_formatd(text, sizeof(text), "%.3f", value);
        g_string_append_printf(out, " %s", text);
    }
}

typedef double (*Value)(const BenchResults *r, guint q, guint c, guint w);

static double time_ratio(const BenchResults *r, guint q, guint c, guint w)
{
    return bench_ratio(r, q, c, w, q, BENCH_NONE);
}

static double exits(const BenchResults *r, guint q, guint c, guint w)
{
    return bench_per_read(r, q, c, w, BENCH_EXITS);
}

static double ioctls(const BenchResults *r, guint q, guint c, guint w)
{
    return bench_per_read(r, q, c, w, BENCH_IOCTLS);
}

static gboolean was_measured(const BenchResults *r, guint q, guint c)
{
    g_autoptr(GArray) times = bench_times(r, q, c, BENCH_4K_1);

    return times->len;
}

/* A row each workload, a column each configuration and QEMU. */
static void add_data(GString *out, const BenchResults *r, const char *name,
                     Value value)
{
    g_string_append_printf(out, "$%s << EOD\n", name);
    for (guint w = 0; w < BENCH_WORKLOADS; w++) {
        g_string_append_printf(out, "\"%s\"", bench_workloads[w].title);
        for (guint c = 0; c < BENCH_CONFIGS; c++) {
            for (guint q = 0; q < r->qemus; q++) {
                add_cell(out, value(r, q, c, w));
            }
        }
        g_string_append_c(out, '\n');
    }
    g_string_append(out, "EOD\n");
}

static void add_plot(GString *out, const BenchResults *r, const char *data,
                     const char *title)
{
    const char *comma = "plot ";
    guint column = 1;

    g_string_append_printf(out, "set title '%s'\n", title);
    for (guint c = 0; c < BENCH_CONFIGS; c++) {
        for (guint q = 0; q < r->qemus; q++) {
            column++;
            if (!was_measured(r, q, c)) {
                continue;
            }
            g_string_append_printf(out, "%s$%s using %u:xtic(1) lc rgb '%s' "
                                   "title '", comma, data, column,
                                   colours[c][q]);
            if (r->qemus > 1) {
                g_string_append_printf(out, "%c: ", bench_letter(q));
            }
            g_string_append_printf(out, "%s'", bench_configs[c].title);
            comma = ", \\\n     ";
        }
    }
    g_string_append_c(out, '\n');
}

/* As gnuplot takes it between single quotes; caller owns. */
static char *quote(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "'", -1);

    return g_strjoinv("''", parts);
}

/* Which QEMU is which; an underscore would be a subscript. */
static void add_names(GString *out, const BenchResults *r)
{
    g_string_append(out, "set multiplot layout 3,1 title '");
    for (guint q = 0; q < r->qemus; q++) {
        const char *version = r->qemu[q].version;
        g_autofree char *name = quote(version ? version : "unknown");

        g_string_append_printf(out, "%s%c: %s", q ? ",  " : "",
                               bench_letter(q), name);
    }
    g_string_append(out, "' noenhanced\n");
}

char *bench_chart(const BenchResults *r, const char *svg)
{
    GString *out = g_string_new(NULL);
    g_autofree char *quoted = quote(svg);

    g_string_append_printf(out, head, quoted);
    add_data(out, r, "times", time_ratio);
    add_data(out, r, "exits", exits);
    add_data(out, r, "ioctls", ioctls);
    add_names(out, r);
    add_plot(out, r, "times", "time of a read; no vIOMMU in the same pass is "
             "1");
    add_plot(out, r, "exits", "exits to QEMU for each read");
    add_plot(out, r, "ioctls", "ioctls for invalidation for each read");
    g_string_append(out, "unset multiplot\n");
    return g_string_free(out, FALSE);
}

gboolean bench_draw(const BenchResults *r, const char *dir, GError **error)
{
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    g_autofree char *svg = g_build_filename(dir, "bench.svg", NULL);
    g_autofree char *file = g_build_filename(dir, "bench.gnuplot", NULL);
    g_autofree char *program = bench_chart(r, svg);
    g_autoptr(GSubprocess) process = NULL;

    if (!g_file_set_contents(file, program, -1, error)) {
        return FALSE;
    }
    if (!gnuplot) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    "no chart: gnuplot is not installed (apt-get install "
                    "gnuplot-nox); later: gnuplot %s", file);
        return FALSE;
    }
    process = g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, error, gnuplot, file,
                               NULL);
    return process && g_subprocess_wait_check(process, NULL, error);
}
