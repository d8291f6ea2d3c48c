/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run-fixture.h"

#include <glib/gstdio.h>

#include "util.h"

void fixture_set_up(Fixture *f, const char *name)
{
    g_autofree char *template = g_strdup_printf("%s-XXXXXX", name);
    char *err = NULL;

    f->dir = g_dir_make_tmp(template, NULL);
    g_assert_nonnull(f->dir);
    f->config = (struct config){
        .output = g_strdup(f->dir), .timeout = 20, .silence = 20,
        .plan = plan_new(), .devices = g_ptr_array_new_with_free_func(g_free),
        .qemu_args = g_new0(char *, 1),
    };
    f->run.config = &f->config;
    g_assert_true(vm_init(&f->run.vm, &err));
}

void fixture_tear_down(Fixture *f)
{
    g_autoptr(GDir) dir = g_dir_open(f->dir, 0, NULL);
    const char *name;

    vm_end(&f->run.vm, false);
    g_clear_pointer(&f->run.answers, g_hash_table_unref);
    g_free(f->run.reason);
    references_free(&f->run.refs);
    trace_free(&f->run.trace);
    report_close(&f->run.report);
    args_clear(&f->config);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(f->dir, name, NULL);

        g_remove(path);
    }
    g_rmdir(f->dir);
    g_free(f->dir);
}

bool fixture_run(Fixture *f, const char *const *steps)
{
    bool ok;

    f->run.deadline = clock_seconds() + f->config.timeout;
    for (; *steps; steps++) {
        char *err = NULL;

        plan_add_step(f->config.plan, *steps, &err);
        g_assert_cmpstr(err, ==, NULL);
    }
    ok = run_steps(&f->run);
    if (!ok) {
        g_test_message("%s", f->run.reason);
        g_assert_nonnull(f->run.reason);
        g_assert_cmpint(f->run.code, !=, EXIT_PASS);
    }
    vm_kill(&f->run.vm);
    return ok;
}
