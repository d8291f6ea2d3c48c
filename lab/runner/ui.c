/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEARTBEAT_WIDTH 78

static const struct {
    const char *word;
    const char *colour;
} looks[VERDICT_LAST] = {
    [VERDICT_PASS] = { "PASS", "\033[32m" },
    [VERDICT_FAIL] = { "FAIL", "\033[31m" },
    [VERDICT_SKIP] = { "SKIP", "\033[33m" },
    [VERDICT_TIMEOUT] = { "TIMEOUT", "\033[31m" },
    [VERDICT_INTERRUPTED] = { "INTERRUPTED", "\033[33m" },
};

void ui_init(Ui *ui)
{
    const char *no_colour = g_getenv("NO_COLOR");

    ui->terminal = isatty(STDOUT_FILENO) &&
                   g_strcmp0(g_getenv("TERM"), "dumb");
    ui->colour = ui->terminal && !(no_colour && *no_colour);
    ui->heartbeat_shown = FALSE;
}

void ui_clear(Ui *ui)
{
    if (ui->heartbeat_shown) {
        fputs("\r\033[K", stdout);
        ui->heartbeat_shown = FALSE;
    }
}

void ui_heartbeat(Ui *ui, const char *name, double seconds,
                  const char *milestone)
{
    g_autofree char *line = NULL;

    if (!ui->terminal) {
        return;
    }
    line = g_strdup_printf("  %s %3.0f s  %s", name, seconds, milestone);
    if (g_utf8_strlen(line, -1) > HEARTBEAT_WIDTH) {
        *g_utf8_offset_to_pointer(line, HEARTBEAT_WIDTH) = '\0';
    }
    printf("\r%s\033[K", line);
    fflush(stdout);
    ui->heartbeat_shown = TRUE;
}

static void print_failure(const Outcome *o, const Options *options)
{
    g_auto(GStrv) again = options_command_line(options, o->name);
    g_autofree char *command = command_quote_line(again);

    if (o->tail[0]) {
        puts("  last lines of the emulated host's console:");
        for (char **line = o->tail; *line; line++) {
            printf("    %s\n", *line);
        }
    }
    if (o->files) {
        printf("  console:   %s\n", o->files->console);
        printf("  all files: %s\n", o->files->dir);
    }
    printf("  again:     %s\n", command);
}

void ui_outcome(Ui *ui, const Outcome *o, const Options *options)
{
    const char *on = ui->colour ? looks[o->verdict].colour : "";
    const char *off = ui->colour ? "\033[0m" : "";
    g_autofree char *tests = outcome_tests(o);

    ui_clear(ui);
    printf("%s%s%s %s %.1f s\n", on, looks[o->verdict].word, off, o->name,
           o->seconds);
    if (tests) {
        printf("  %s\n", tests);
    }
    if (o->reason) {
        printf("  %s\n", o->reason);
    }
    if (o->verdict == VERDICT_FAIL || o->verdict == VERDICT_TIMEOUT) {
        print_failure(o, options);
    }
    fflush(stdout);
}

void ui_totals(Ui *ui, const GPtrArray *outcomes, const char *results)
{
    guint totals[VERDICT_LAST];

    ui_clear(ui);
    outcome_totals(outcomes, totals);
    printf("%u passed, %u failed, %u skipped", totals[VERDICT_PASS],
           totals[VERDICT_FAIL] + totals[VERDICT_TIMEOUT],
           totals[VERDICT_SKIP]);
    if (totals[VERDICT_INTERRUPTED]) {
        printf(", %u interrupted", totals[VERDICT_INTERRUPTED]);
    }
    printf("\nresults: %s\n", results);
    fflush(stdout);
}
