/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "account.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "words.h"

#define KVM_MMIO_EXITS "/sys/kernel/debug/kvm/mmio_exit_user"

uint64_t account_exits(void)
{
    char text[32];
    uint64_t value;

    return file_read_line(KVM_MMIO_EXITS, text, sizeof(text)) &&
           words_parse_number(text, &value) ? value : UINT64_MAX;
}

static void add_word(const char *answer, const char *key, uint64_t *sum)
{
    uint64_t value;

    if (words_number(answer, key, 0, &value)) {
        *sum += value;
    }
}

static bool begins_with(const char *command, const char *verb)
{
    size_t len = strlen(verb);

    return !strncmp(command, verb, len) && command[len] == ' ';
}

bool account_is_io(const char *command)
{
    return begins_with(command, "read") || begins_with(command, "write") ||
           begins_with(command, "edu");
}

void account_io(struct run *run, const char *command, char **answer,
                uint64_t exits_before)
{
    uint64_t exits = account_exits();

    add_word(*answer, "irqs", &run->irqs);
    add_word(*answer, "ios", &run->ios);
    add_word(*answer, "bytes", &run->bytes);
    if (begins_with(command, "read")) {
        references_guest_read(&run->refs, command, *answer);
    } else if (begins_with(command, "write")) {
        references_guest_wrote(&run->refs, command, *answer, run->n_devices);
    }
    if (exits_before != UINT64_MAX && exits != UINT64_MAX) {
        char *more = text_printf("%s exits=%" PRIu64, *answer,
                                 exits - exits_before);

        run->mmio_exits += exits - exits_before;
        run->mmio_known = true;
        free(*answer);
        *answer = more;
    }
}
