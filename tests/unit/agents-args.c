/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smmu-lab-host's command line, and QEMU's that it makes of it. */
#include <glib.h>

#include "args.h"
#include "command.h"
#include "pci.h"

#define COMPLETE "--device 1:0.0 --qemu q --kernel k --initrd i --firmware f "

static enum args_result parse(const char *line, struct config *config,
                              char **err)
{
    g_auto(GStrv) argv = NULL;
    g_autofree char *all = g_strconcat("smmu-lab-host ", line, NULL);
    enum args_result result;
    int argc;

    *err = NULL;
    g_assert_true(g_shell_parse_argv(all, &argc, &argv, NULL));
    result = args_parse(argc, argv, config, err);
    if (result != ARGS_RUN) {
        args_clear(config);
    }
    return result;
}

static struct config complete(const char *more)
{
    g_autofree char *line = g_strconcat(COMPLETE, more, NULL);
    struct config config;
    char *err;

    if (parse(line, &config, &err) != ARGS_RUN) {
        g_test_message("%s", err);
        g_assert_not_reached();
    }
    return config;
}

static void refuse(const char *line, const char *named)
{
    struct config config;
    char *err;

    g_test_message("%s", line);
    g_assert_cmpint(parse(line, &config, &err), ==, ARGS_WRONG);
    g_test_message("%s", err);
    g_assert_nonnull(strstr(err, named));
    free(err);
}

static void test_bdf(void)
{
    char bdf[16];

    g_assert_true(pci_parse_bdf("1:0.0", bdf));
    g_assert_cmpstr(bdf, ==, "0000:01:00.0");
    g_assert_true(pci_parse_bdf("0002:af:1f.7", bdf));
    g_assert_cmpstr(bdf, ==, "0002:af:1f.7");
    g_assert_false(pci_parse_bdf("0000:01:20.0", bdf));
    g_assert_false(pci_parse_bdf("0000:01:00.8", bdf));
    g_assert_false(pci_parse_bdf("0000:01:00.0x", bdf));
    g_assert_false(pci_parse_bdf("nvme0", bdf));
}

static void test_virtual_functions(void)
{
    struct config config = complete("");
    unsigned index = 99;
    char pf[16];

    g_assert_true(pci_parse_vf("1:0.0/vf3", pf, &index));
    g_assert_cmpstr(pf, ==, "0000:01:00.0");
    g_assert_cmpuint(index, ==, 3);
    g_assert_false(pci_parse_vf("0000:01:00.0", pf, &index));
    g_assert_false(pci_parse_vf("0000:01:00.0/3", pf, &index));
    g_assert_false(pci_parse_vf("0000:01:00.0/vf", pf, &index));
    g_assert_false(pci_parse_vf("0000:01:00.0/vf0x", pf, &index));
    g_assert_false(pci_parse_vf("0000:01:00.0/vf999", pf, &index));
    g_assert_false(pci_parse_vf("nvme0/vf0", pf, &index));

    args_clear(&config);
    config = complete("--device 2:0.0/vf0 --device 2:0.0/vf1");
    g_assert_cmpstr(g_ptr_array_index(config.devices, 1), ==, "0000:02:00.0/vf0");
    g_assert_cmpstr(g_ptr_array_index(config.devices, 2), ==, "0000:02:00.0/vf1");
    args_clear(&config);
}

static void test_defaults(void)
{
    struct config config = complete("");

    g_assert_cmpstr(g_ptr_array_index(config.devices, 0), ==, "0000:01:00.0");
    g_assert_cmpstr(config.accel, ==, "kvm");
    g_assert_cmpint(config.smp, ==, 1);
    g_assert_cmpuint(g_strv_length(config.qemu_args), ==, 6);
    g_assert_cmpuint(config.plan->steps->len, ==, 4);
    g_assert_cmpuint(config.plan->expects->len, >, 5);
    args_clear(&config);
    config = complete("--expect 'boots == 2' --step boot");
    g_assert_cmpuint(config.plan->steps->len, ==, 1);
    args_clear(&config);
}

static void test_last_wins(void)
{
    struct config config = complete("--qemu q2 --firmware none --timeout 2.5");

    g_assert_cmpstr(config.qemu, ==, "q2");
    g_assert_null(config.firmware);
    g_assert_cmpfloat(config.timeout, ==, 2.5);
    args_clear(&config);
}

static void test_refused(void)
{
    refuse("--qemu q --kernel k --initrd i", "--device");
    refuse("--device 1:0.0 --kernel k --initrd i", "--qemu");
    refuse("--device 1:0.0 --qemu q --initrd i", "--kernel");
    refuse("--device 1:0.0 --qemu q --kernel k", "--initrd");
    refuse("--device x", "x");
    refuse("--device 1:0.0 --device 0000:01:00.0", "0000:01:00.0");
    refuse("--fly", "--fly");
    refuse("--timeout", "--timeout");
    refuse("--timeout soon", "soon");
    refuse(COMPLETE "--timeout 0", "--timeout 0");
    refuse("--smp many", "many");
    refuse(COMPLETE "--smp 0", "--smp 0");
    refuse("stray", "stray");
    refuse("--step fly", "--step 'fly': unknown step");
    refuse("--expect 'irks == 0'", "--expect 'irks == 0': unknown counter");
    refuse(COMPLETE "--step a=boot --expect 'answer.b ~ x'", "no step has the key 'b'");
}

static void test_no_device(void)
{
    struct config config;
    char *err;

    g_assert_cmpint(parse("--qemu q --kernel k --initrd i --firmware none "
                          "--qemu-arg -S", &config, &err), ==, ARGS_RUN);
    args_clear(&config);
}

/* Test programs take no guest */
static void test_qtests(void)
{
    struct config config;
    char *err;

    g_assert_cmpint(parse("--device 1:0.0 --qemu q --qtests d "
                          "--step 'qtest a' --step 'qtest b'", &config, &err),
                    ==, ARGS_RUN);
    g_assert_cmpstr(config.qtests, ==, "d");
    refuse("--device 1:0.0 --qemu q --step 'qtest a'", "--qtests");
    refuse("--device 1:0.0 --qemu q --qtests d --step 'qtest a' --step boot",
           "--kernel");
    args_clear(&config);
}

static char *joined(const struct config *config, const char *dir)
{
    char *err = NULL;
    g_auto(GStrv) argv = command_build(config, dir, &err);

    g_assert_cmpstr(err, ==, NULL);
    return g_strjoinv("\n", argv);
}

static void test_command(void)
{
    struct config config = complete("--append x=y --smp 3 --trace my_event");
    g_autofree char *line = joined(&config, "/tmp/dir");

    g_assert_true(g_str_has_prefix(line, "q\n-nodefaults\n"));
    g_assert_nonnull(strstr(line, "\n-smp\n3\n"));
    g_assert_nonnull(strstr(line, "\n-bios\nf\n"));
    g_assert_nonnull(strstr(line, " panic=-1 x=y\n"));
    g_assert_nonnull(strstr(line, "\n-trace\nmy_event\n"));
    g_assert_nonnull(strstr(line, "path=/tmp/dir/qmp\n"));
    g_assert_nonnull(strstr(line, ",host=0000:01:00.0,"));
    g_assert_null(strstr(line, "${dev"));
    args_clear(&config);
}

static void test_shell_command(void)
{
    struct config config = complete("--shell --firmware none");
    g_autofree char *line = joined(&config, NULL);

    g_assert_nonnull(strstr(line, " lab.shell=guest\n-serial\nmon:stdio\n"));
    g_assert_null(strstr(line, "-bios"));
    args_clear(&config);
}

static void test_unknown_device(void)
{
    struct config config = complete("--qemu-arg host=${dev1}");
    char *err = NULL;

    g_assert_null(command_build(&config, "/tmp", &err));
    g_assert_nonnull(strstr(err, "${dev1}"));
    g_free(err);
    args_clear(&config);
}

static void test_eleven_devices(void)
{
    g_autoptr(GString) more = g_string_new("");
    struct config config;
    char *err = NULL, *text;

    for (int i = 1; i < 12; i++) {
        g_string_append_printf(more, "--device 2:%x.0 ", i);
    }
    config = complete(more->str);
    text = command_replace(&config, "${dev1} ${dev11}", &err);
    g_assert_cmpstr(text, ==, "0000:02:01.0 0000:02:0b.0");
    free(text);
    args_clear(&config);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agents/args/bdf", test_bdf);
    g_test_add_func("/agents/args/defaults", test_defaults);
    g_test_add_func("/agents/args/last-wins", test_last_wins);
    g_test_add_func("/agents/args/refused", test_refused);
    g_test_add_func("/agents/args/no-device", test_no_device);
    g_test_add_func("/agents/args/qtests", test_qtests);
    g_test_add_func("/agents/command/build", test_command);
    g_test_add_func("/agents/command/shell", test_shell_command);
    g_test_add_func("/agents/command/unknown-device", test_unknown_device);
    g_test_add_func("/agents/args/virtual-functions", test_virtual_functions);
    g_test_add_func("/agents/command/eleven-devices", test_eleven_devices);
    return g_test_run();
}
