/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smmu-lab: runs the lab's scenarios on the developer's machine.
 */
#include "options.h"
#include "session.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(const Options *o, GError **error);
} commands[] = {
    { "run", session_run },
    { "list", session_list },
    { "shell", session_shell },
    { "doctor", session_doctor },
};

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Options) options = NULL;
    int code = -1;

    setlocale(LC_ALL, "");
    options = options_parse(argc, argv, &error);
    if (options && options->version) {
        printf("smmu-lab %s\n", RUNNER_VERSION);
        return EXIT_PASS;
    }
    for (guint i = 0; options && i < G_N_ELEMENTS(commands); i++) {
        if (!strcmp(options->command, commands[i].name)) {
            code = commands[i].run(options, &error);
        }
    }
    if (code < 0) {
        fprintf(stderr, "smmu-lab: %s\n", error->message);
        if (error->domain == G_OPTION_ERROR) {
            fprintf(stderr, "Try: smmu-lab --help\n");
        }
        return EXIT_USAGE;
    }
    return code;
}
