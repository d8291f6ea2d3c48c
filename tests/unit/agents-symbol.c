/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions found in an ELF file: this test's own. And interrupts of vfio's in
 * the host's table.
 */
#include <elf.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "firstirq.h"
#include "symbol.h"

int some_function(int n);
extern int some_variable;
int some_variable = 1;

G_GNUC_NO_INLINE int some_function(int n)
{
    return n * 3;
}

static void test_own(void)
{
    uint64_t address = 0;
    char *err = NULL;

    g_assert_true(symbol_in_process(getpid(), "some_function", &address,
                                    &err));
    g_assert_cmphex(address, ==, (uintptr_t)some_function);
    g_assert_false(symbol_in_process(getpid(), "no_function_at_all",
                                     &address, &err));
    g_assert_nonnull(strstr(err, "no symbol no_function_at_all"));
    free(err);
    err = NULL;
    /* a variable is none */
    g_assert_false(symbol_in_process(getpid(), "some_variable", &address,
                                     &err));
    free(err);
}

/* Any of its bytes may be wrong; only a crash is. */
static void test_damaged(void)
{
    g_autofree char *image = NULL;
    uint64_t address;
    gsize size;
    char *err = NULL;
    Elf64_Ehdr *head;

    g_assert_true(g_file_get_contents("/proc/self/exe", &image, &size,
                                      NULL));
    head = (Elf64_Ehdr *)image;
    g_assert_false(symbol_in_image(image, 10, "some_function", &address,
                                   &err));
    g_assert_false(symbol_in_image(image, head->e_shoff + 1, "some_function",
                                   &address, NULL));
    for (unsigned n = 0; n < 2000; n++) {
        gsize at = head->e_shoff + g_test_rand_int_range(0, size -
                                                         head->e_shoff);
        char old = image[at];

        image[at] = g_test_rand_int();
        symbol_in_image(image, size, "some_function", &address, NULL);
        image[at] = old;
    }
    free(err);
}

static void test_first_irq(void)
{
    static const char head[] =
        "           CPU0       CPU1\n"
        " 11:       9001       8001     GICv3  27 Level     arch_timer\n";
    static const struct {
        const char *line;
        bool seen;
    } cases[] = {
        { "", false },
        { " 45:  0  0  ITS-MSI 0 Edge  vfio-msix[0](0000:00:08.0)\n", false },
        { " 45:  0  2  ITS-MSI 0 Edge  vfio-msix[0](0000:00:08.0)\n", true },
        { " 45:  1  0  ITS-MSI 0 Edge  vfio-msi[0](0000:00:08.0)\n", true },
        { " 45:  0  0  ITS-MSI 0 Edge  vfio-msix[0](0000:00:08.0)\n"
          " 46:  0  7  ITS-MSI 1 Edge  vfio-msix[1](0000:00:08.0)", true },
        { " 46:  0  7  ITS-MSI 1 Edge  nvme0q0\n", false },
        { " 46:  0  7  ITS-MSI 1 Edge  nvme0q0\n"
          " 45:  0  0  ITS-MSI 0 Edge  vfio-msix[0](0000:00:08.0)\n", false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *table = g_strconcat(head, cases[i].line, NULL);

        g_assert_cmpint(firstirq_in(table), ==, cases[i].seen);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/symbol/own", test_own);
    g_test_add_func("/symbol/damaged", test_damaged);
    g_test_add_func("/first-irq", test_first_irq);
    return g_test_run();
}
