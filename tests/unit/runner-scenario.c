/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenario files: what is read, and what each mistake is told. */
#include "scenario.h"

#include <glib/gstdio.h>

#define HEAD "[scenario]\ndescription=x\n[host]\ndevices=nvme\n"
#define WHOLE HEAD "[steps]\na=boot\n"

static char *write_file(const char *text)
{
    g_autofree char *dir = g_dir_make_tmp("scenario-XXXXXX", NULL);
    char *file = g_build_filename(dir, "some.scenario", NULL);

    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    return file;
}

static void remove_file(const char *file)
{
    g_autofree char *dir = g_path_get_dirname(file);

    g_unlink(file);
    g_rmdir(dir);
}

static Scenario *load(const char *text, GError **error)
{
    g_autofree char *file = write_file(text);
    Scenario *scenario = scenario_load(file, error);

    remove_file(file);
    return scenario;
}

static void test_whole(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) s = load(
        "# comment\n[scenario]\ndescription=all of it\ntimeout=90\n"
        "silence=7.5\n"
        "[host]\ndevices=nvme;edu,dma_mask=0xff\nkernel=6.18\nprofile=grace\n"
        "cpus=1\nmemory=2G\n"
        "append=quiet\nqemu-args=-name 'a b'\nevents=yes\n"
        "[vm]\nqemu=no-doorbell\nsmp=2\nfirmware=no\nappend=x=1 y\n"
        "kernel=debian-6.1\n"
        "[qemu-args]\nb=-device vfio-pci,host=${dev1}\na=-object x\n"
        "[steps]\nz=boot\na=qmp {\"execute\":\"stop\"}\n"
        "[expect]\none=irqs >= ios\n", &error);
    const Step *step;

    g_assert_no_error(error);
    g_assert_cmpstr(s->name, ==, "some");
    g_assert_cmpfloat(s->timeout, ==, 90);
    g_assert_cmpfloat(s->silence, ==, 7.5);
    g_assert_cmpstr(s->devices[1], ==, "edu,dma_mask=0xff");
    g_assert_cmpstr(s->host_kernel, ==, "6.18");
    g_assert_cmpstr(s->host_profile, ==, "grace");
    g_assert_cmpstr(s->kernel, ==, "debian-6.1");
    g_assert_cmpuint(s->host_cpus, ==, 1);
    g_assert_cmpstr(s->host_qemu_args[1], ==, "a b");
    g_assert_true(s->host_events);
    g_assert_cmpstr(s->qemu, ==, "no-doorbell");
    g_assert_false(s->firmware);
    g_assert_cmpstr(s->append, ==, "x=1 y");
    g_assert_null(s->machine);
    /* file order, not the keys' */
    g_assert_cmpuint(g_strv_length(s->qemu_args), ==, 4);
    g_assert_cmpstr(s->qemu_args[1], ==, "vfio-pci,host=${dev1}");
    step = g_ptr_array_index(s->plan->steps, 1);
    g_assert_cmpstr(step->key, ==, "a");
    g_assert_cmpstr(step->text, ==, "qmp {\"execute\":\"stop\"}");
}

static void test_defaults(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) s = load(WHOLE, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(s->qemu, ==, "series");
    g_assert_true(s->firmware);
    g_assert_null(s->host_kernel);
    g_assert_cmpuint(s->host_cpus, ==, 2);
    g_assert_cmpstr(s->host_memory, ==, "3G");
    g_assert_false(s->host_events);
    g_assert_cmpuint(s->plan->steps->len, ==, 1);
}

/* All of another scenario, but for what is named again or new. */
static void test_like(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = write_file(
        "[scenario]\ndescription=x\nlike=base\n[vm]\nappend=new\nsmp=\n"
        "[steps]\nc=guest iommu\na=start\nd=\n[expect]\nd=walks == 1\n");
    g_autofree char *dir = g_path_get_dirname(file);
    g_autofree char *base = g_build_filename(dir, "base.scenario", NULL);
    g_autoptr(Scenario) s = NULL;
    const char *texts[] = { "start", "sleep 1", "guest iommu" };

    g_assert_true(g_file_set_contents(
        base, HEAD "[scenario]\ntimeout=7\n[vm]\nappend=old\nsmp=2\nqemu=other\n"
        "[steps]\na=boot\nd=sleep 2\nb=sleep 1\n", -1, NULL));
    s = scenario_load(file, &error);
    g_unlink(base);
    remove_file(file);
    g_assert_no_error(error);
    g_assert_cmpstr(s->name, ==, "some");
    g_assert_cmpstr(s->description, ==, "x");
    g_assert_cmpfloat(s->timeout, ==, 7);
    g_assert_cmpstr(s->devices[0], ==, "nvme");
    g_assert_cmpstr(s->append, ==, "new");
    g_assert_null(s->smp);
    g_assert_cmpstr(s->qemu, ==, "other");
    g_assert_cmpuint(s->plan->steps->len, ==, G_N_ELEMENTS(texts));
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        const Step *step = g_ptr_array_index(s->plan->steps, i);

        g_assert_cmpstr(step->text, ==, texts[i]);
    }
}

static const struct {
    const char *text;
    const char *says[3];        /* all of these are in the message */
} mistakes[] = {
    { "description=x\n", { "some.scenario" } },
    { "[scenario]\nname=x\n", { "[scenario] name", "unknown key",
                                "description" } },
    { "[scenaro]\nname=x\n", { "[scenaro]", "unknown group", "[steps]" } },
    { "[host]\ndevices=nvme\n", { "[scenario] description", "missing" } },
    { "[scenario]\ndescription=x\n", { "[host] devices", "name 1 to" } },
    { "[scenario]\ndescription=x\ntimeout=soon\n",
      { "[scenario] timeout", "'soon'", "timeout=180" } },
    { "[scenario]\ndescription=x\nsilence=0\n", { "[scenario] silence" } },
    { HEAD "cpus=none\n", { "[host] cpus", "'none'", "1 to 8" } },
    { HEAD "profile=/grace\n", { "[host] profile", "'/grace'", "hosts" } },
    { HEAD "kernel=../7.2\n", { "[host] kernel", "'../7.2'", "6.18" } },
    { "[scenario]\ndescription=x\nlike=none\n",
      { "[scenario] like", "none.scenario", "No such file" } },
    { "[scenario]\ndescription=x\nlike=some\n",
      { "[scenario] like", "'some' is itself like another" } },
    { HEAD "[vm]\nkernel=a/b\n", { "[vm] kernel", "'a/b'", "debian-6.1" } },
    { HEAD "events=some\n", { "[host] events", "'some'", "yes or no" } },
    { HEAD "qemu-args=-name 'open\n", { "[host] qemu-args", "quote" } },
    { HEAD "[vm]\nfirmware=maybe\n", { "[vm] firmware", "yes or no" } },
    { HEAD "[vm]\nsmp=0\n", { "[vm] smp", "'0'", "1 to 512" } },
    { HEAD "[vm]\nqemu=/bin/qemu\n", { "[vm] qemu", "--qemu FILE" } },
    { HEAD "[qemu-args]\na=-device x,host=${dev1}\n",
      { "[qemu-args] a", "${dev1}", "there are 1" } },
    { HEAD "[qemu-args]\na=-device ${disk}\n",
      { "[qemu-args] a", "only ${dev0}" } },
    { HEAD "[qemu-args]\na=\n", { "[qemu-args] a", "empty" } },
    { HEAD "[steps]\na=bot\n[expect]\nb=irqs >= 1\n",
      { "[steps] a", "unknown step 'bot'" } },
    { HEAD "[steps]\na=\n", { "[steps] a", "unknown step" } },
    { HEAD "[steps]\na=qmp {\"execute\":\"x\",\"arguments\":"
      "{\"host\":\"${dev3}\"}}\n", { "[steps] a", "${dev3}" } },
    { HEAD, { "[steps]", "is missing" } },
    { HEAD "[steps]\na=guest read ofset=1\n", { "[steps] a", "'ofset=1'" } },
    { HEAD "[steps]\na b=boot\n", { "[steps] a b", "a key of letters" } },
    { HEAD "[steps]\na=boot\na=start\n", { "[steps] a", "twice" } },
    { HEAD "[steps]\na=boot\n[expect]\nb=irks == 0\n",
      { "[expect] b", "unknown counter 'irks'" } },
    { HEAD "[steps]\na=boot\n[expect]\nb=answer.c ~ x\n",
      { "[expect]", "no step has the key 'c'" } },
};

static void test_mistakes(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(load(mistakes[i].text, &error));
        g_assert_nonnull(error);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, "some.scenario"));
        for (guint j = 0; j < 3 && mistakes[i].says[j]; j++) {
            g_assert_nonnull(strstr(error->message, mistakes[i].says[j]));
        }
    }
}

/* A shell's own variables may stand in a host step. */
static void test_shell_variable(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Scenario) s = load(HEAD "[steps]\na=host echo ${HOME}\n"
                                 "[expect]\nb=host_bad == 0\n", &error);

    g_assert_no_error(error);
    g_assert_nonnull(s);
}

static void test_find(void)
{
    g_autofree char *file = write_file(WHOLE);
    g_autofree char *dir = g_path_get_dirname(file);
    char *none[] = { NULL }, *glob[] = { (char *)"so*", NULL };
    char *wrong[] = { (char *)"some", (char *)"other*", NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = scenario_find(dir, none, &error);
    g_autoptr(GPtrArray) some = scenario_find(dir, glob, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(all->len, ==, 1);
    g_assert_cmpuint(some->len, ==, 1);
    g_assert_null(scenario_find(dir, wrong, &error));
    g_assert_error(error, SCENARIO_ERROR, SCENARIO_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "'other*'"));
    g_assert_nonnull(strstr(error->message, "there are: some"));
    remove_file(file);
    g_clear_error(&error);
    g_assert_null(scenario_find(dir, none, &error));
    g_assert_nonnull(error);
}

/* Those of the project itself must all be good. */
static void test_own(void)
{
    char *none[] = { NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = scenario_find(SCENARIO_DIR, none, &error);
    g_autoptr(GPtrArray) bench = scenario_find(SCENARIO_DIR "/bench", none,
                                               &error);
    g_autoptr(GPtrArray) pages = scenario_find(SCENARIO_DIR "/64k", none,
                                               &error);

    g_assert_no_error(error);
    g_assert_cmpuint(bench->len, ==, 2);
    g_assert_cmpuint(pages->len, ==, 9);
    g_assert_cmpuint(all->len, >=, 14);
    for (guint i = 0; i < all->len; i++) {
        const Scenario *s = g_ptr_array_index(all, i);

        g_assert_cmpuint(s->plan->expects->len, >, 5);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario/whole", test_whole);
    g_test_add_func("/scenario/like", test_like);
    g_test_add_func("/scenario/defaults", test_defaults);
    g_test_add_func("/scenario/mistakes", test_mistakes);
    g_test_add_func("/scenario/shell-variable", test_shell_variable);
    g_test_add_func("/scenario/find", test_find);
    g_test_add_func("/scenario/own", test_own);
    return g_test_run();
}
