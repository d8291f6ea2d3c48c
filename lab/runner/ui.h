/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ui: what the user sees. Colour and the heartbeat on a terminal only;
 * NO_COLOR is honoured.
 */
#ifndef RUNNER_UI_H
#define RUNNER_UI_H

#include "options.h"
#include "results.h"

typedef struct Ui {
    gboolean terminal;
    gboolean colour;
    gboolean heartbeat_shown;
} Ui;

void ui_init(Ui *ui);

/* One line that is overwritten; nothing when not on a terminal. */
void ui_heartbeat(Ui *ui, const char *name, double seconds,
                  const char *milestone);

/* Removes that line, before something else is printed. */
void ui_clear(Ui *ui);

/* `PASS smoke 32.1 s`, and after a failure all that helps to find out. */
void ui_outcome(Ui *ui, const Outcome *outcome, const Options *options);

/* Totals and the results directory. */
void ui_totals(Ui *ui, const GPtrArray *outcomes, const char *results);

#endif
