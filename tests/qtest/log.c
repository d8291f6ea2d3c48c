/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "log.h"

uint64_t log_now(const Dut *dut)
{
    return dut->model->control->log_head;
}

GArray *log_batches(const Dut *dut, uint64_t from)
{
    GArray *batches = g_array_new(false, true, sizeof(LogBatch));
    struct km_log_entry entry;

    while ((from = km_log_find(dut->model, from, KM_LOG_BATCH, &entry)) !=
           UINT64_MAX) {
        LogBatch batch = { from++, entry.arg[1], entry.arg[2], entry.arg[3] };

        g_array_append_val(batches, batch);
    }
    return batches;
}

GArray *log_commands(const Dut *dut, uint64_t from)
{
    GArray *commands = g_array_new(false, true, sizeof(LogCommand));
    struct km_log_entry entry;

    while ((from = km_log_find(dut->model, from, KM_LOG_COMMAND, &entry)) !=
           UINT64_MAX) {
        LogCommand command = { { entry.arg[0], entry.arg[1] } };

        from++;
        g_array_append_val(commands, command);
    }
    return commands;
}

unsigned log_count(const Dut *dut, uint64_t from, uint64_t dword0,
                   uint64_t dword1)
{
    g_autoptr(GArray) commands = log_commands(dut, from);
    unsigned count = 0;

    for (guint i = 0; i < commands->len; i++) {
        const LogCommand *c = &g_array_index(commands, LogCommand, i);

        count += c->dword[0] == dword0 && c->dword[1] == dword1;
    }
    return count;
}
