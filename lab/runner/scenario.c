/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <gio/gio.h>
#include <string.h>

G_DEFINE_QUARK(scenario-error-quark, scenario_error)

#define DEFAULT_TIMEOUT 180.0
#define DEFAULT_SILENCE 60.0
#define MAX_DEVICES 16

static const char *const groups[] = {
    "scenario", "host", "vm", "qemu-args", "steps", "expect", NULL
};

static const struct {
    const char *group;
    const char *keys[10];
} known_keys[] = {
    { "scenario", { "description", "like", "timeout", "silence" } },
    { "host", { "devices", "kernel", "profile", "cpus", "memory",
                "append", "qemu-args", "events" } },
    { "vm", { "qemu", "kernel", "machine", "accel", "cpu", "smp", "memory",
              "firmware", "append" } },
};

/* What is being read; for the messages. */
typedef struct Reader {
    const char *file;
    GKeyFile *keys;
} Reader;

static gboolean G_GNUC_PRINTF(5, 6)
bad(const Reader *r, GError **error, const char *group, const char *key,
    const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, SCENARIO_ERROR, SCENARIO_ERROR_INVALID,
                "%s: [%s] %s: %s", r->file, group, key, message);
    return FALSE;
}

/*
 * GKeyFile lets a repeated key replace the earlier one: a step or an
 * expectation would vanish without a word.
 */
static gboolean check_repeated(const Reader *r, const char *text,
                               GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash,
                                                       g_str_equal,
                                                       g_free, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *group = g_strdup("");

    for (char **line = lines; *line; line++) {
        const char *equals = strchr(*line, '=');
        g_autofree char *key = NULL;

        if (**line == '[') {
            g_free(group);
            group = g_strndup(*line + 1, strcspn(*line + 1, "]"));
        } else if (**line != '#' && equals) {
            key = g_strstrip(g_strndup(*line, equals - *line));
            if (!g_hash_table_add(seen, g_strconcat(group, "]", key,
                                                    NULL))) {
                return bad(r, error, group, key, "appears twice: give the "
                           "second one another key");
            }
        }
    }
    return TRUE;
}

static const char *const *keys_of(const char *group)
{
    for (guint i = 0; i < G_N_ELEMENTS(known_keys); i++) {
        if (!strcmp(known_keys[i].group, group)) {
            return known_keys[i].keys;
        }
    }
    return NULL;                /* any key */
}

static gboolean check_names(const Reader *r, GError **error)
{
    g_auto(GStrv) found = g_key_file_get_groups(r->keys, NULL);

    for (char **group = found; *group; group++) {
        g_auto(GStrv) keys = g_key_file_get_keys(r->keys, *group, NULL,
                                                 NULL);
        const char *const *allowed = keys_of(*group);

        if (!g_strv_contains(groups, *group)) {
            g_autofree char *all = g_strjoinv("], [", (char **)groups);

            g_set_error(error, SCENARIO_ERROR, SCENARIO_ERROR_INVALID,
                        "%s: [%s]: unknown group: there are [%s]",
                        r->file, *group, all);
            return FALSE;
        }
        for (char **key = keys; allowed && *key; key++) {
            if (!g_strv_contains(allowed, *key)) {
                g_autofree char *all = g_strjoinv(", ", (char **)allowed);

                return bad(r, error, *group, *key,
                           "unknown key: there are %s", all);
            }
        }
    }
    return TRUE;
}

/* The text as it stands: GKeyFile's escapes would spoil JSON. */
static char *get(const Reader *r, const char *group, const char *key)
{
    char *value = g_key_file_get_value(r->keys, group, key, NULL);

    if (value && !*g_strstrip(value)) {
        g_clear_pointer(&value, g_free);
    }
    return value;
}

static gboolean get_seconds(const Reader *r, const char *key,
                            double fallback, double *seconds,
                            GError **error)
{
    g_autofree char *value = get(r, "scenario", key);
    char *end = NULL;

    *seconds = value ? g_ascii_strtod(value, &end) : fallback;
    if (value && (*end || !(*seconds > 0) || *seconds > 86400)) {
        return bad(r, error, "scenario", key, "'%s' is no number of "
                   "seconds: write one, such as %s=%g", value, key,
                   fallback);
    }
    return TRUE;
}

static char **get_list(const Reader *r, const char *group, const char *key)
{
    g_autofree char *value = get(r, group, key);
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    g_auto(GStrv) parts = g_strsplit(value ? value : "", ";", -1);

    for (char **part = parts; *part; part++) {
        if (*g_strstrip(*part)) {
            g_strv_builder_add(list, *part);
        }
    }
    return g_strv_builder_end(list);
}

static gboolean get_words(const Reader *r, const char *group,
                          const char *key, GStrvBuilder *words,
                          GError **error)
{
    g_autofree char *value = get(r, group, key);
    g_autoptr(GError) problem = NULL;
    g_auto(GStrv) argv = NULL;

    if (!value) {
        return TRUE;
    }
    if (!g_shell_parse_argv(value, NULL, &argv, &problem)) {
        return bad(r, error, group, key, "%s: quote it as for a shell",
                   problem->message);
    }
    g_strv_builder_addv(words, (const char **)argv);
    return TRUE;
}

/* Each ${devN} must be one of [host] devices. */
static gboolean check_devices(const Reader *r, const char *group,
                              const char *key, const char *value,
                              guint devices, GError **error)
{
    const char *p = value;

    while ((p = strstr(p, "${")) != NULL) {
        guint64 n;
        const char *close = strchr(p, '}');
        g_autofree char *name = g_strndup(p + 2, strcspn(p + 2, "}"));

        if (close && g_str_has_prefix(name, "fd:")) {  /* a file, or ${devN} */
            p += 5;
            continue;
        }
        if (!close || !g_str_has_prefix(name, "dev") ||
            !g_ascii_string_to_unsigned(name + 3, 10, 0, G_MAXUINT - 1, &n,
                                        NULL)) {
            if (!strcmp(group, "steps")) {      /* may be the shell's */
                p += 2;
                continue;
            }
            return bad(r, error, group, key, "'${%s' is not replaced: only "
                       "${dev0}, ${dev1}, … and ${fd:FILE} are", name);
        }
        if (n >= devices) {
            return bad(r, error, group, key, "${%s} needs at least %u "
                       "entries in [host] devices, there are %u", name,
                       (guint)n + 1, devices);
        }
        p = close;
    }
    return TRUE;
}

static gboolean read_scenario(const Reader *r, Scenario *s, GError **error)
{
    s->description = get(r, "scenario", "description");
    if (!s->description) {
        return bad(r, error, "scenario", "description",
                   "is missing: say in one line what the scenario shows");
    }
    return get_seconds(r, "timeout", DEFAULT_TIMEOUT, &s->timeout, error) &&
           get_seconds(r, "silence", DEFAULT_SILENCE, &s->silence, error);
}

/* A directory of build/ begins with "kernel-", then comes @kernel. */
static gboolean get_kernel(const Reader *r, const char *group,
                           char **kernel, GError **error)
{
    *kernel = get(r, group, "kernel");
    return !*kernel ||
           !(*kernel)[strspn(*kernel, G_CSET_a_2_z G_CSET_DIGITS ".-")] ||
           bad(r, error, group, "kernel", "'%s': write what "
               "scripts/build-kernel.sh builds, such as 6.18, 64k or "
               "debian-6.1", *kernel);
}

static gboolean read_host(const Reader *r, Scenario *s, GError **error)
{
    g_autofree char *cpus = get(r, "host", "cpus");
    g_autofree char *events = get(r, "host", "events");
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    guint64 n = 2;

    s->devices = get_list(r, "host", "devices");
    if (!s->devices[0] || g_strv_length(s->devices) > MAX_DEVICES) {
        return bad(r, error, "host", "devices", "name 1 to %d devices, "
                   "such as devices=nvme", MAX_DEVICES);
    }
    if (cpus && !g_ascii_string_to_unsigned(cpus, 10, 1, 8, &n, NULL)) {
        return bad(r, error, "host", "cpus", "'%s': write a number from 1 "
                   "to 8", cpus);
    }
    s->host_cpus = n;
    s->host_memory = get(r, "host", "memory");
    if (!s->host_memory) {
        s->host_memory = g_strdup("3G");
    }
    if (!get_kernel(r, "host", &s->host_kernel, error)) {
        return FALSE;
    }
    s->host_profile = get(r, "host", "profile");
    if (s->host_profile && strchr(s->host_profile, '/')) {
        return bad(r, error, "host", "profile", "'%s': write the name of a "
                   "file in tests/qtest/data/hosts, without .ini",
                   s->host_profile);
    }
    s->host_append = get(r, "host", "append");
    if (events && strcmp(events, "yes") && strcmp(events, "no")) {
        return bad(r, error, "host", "events", "'%s': write yes or no",
                   events);
    }
    s->host_events = events && !strcmp(events, "yes");
    if (!get_words(r, "host", "qemu-args", words, error)) {
        return FALSE;
    }
    s->host_qemu_args = g_strv_builder_end(words);
    return TRUE;
}

static gboolean read_vm(const Reader *r, Scenario *s, GError **error)
{
    g_autofree char *firmware = get(r, "vm", "firmware");

    s->qemu = get(r, "vm", "qemu");
    if (!s->qemu) {
        s->qemu = g_strdup("series");
    }
    if (strchr(s->qemu, '/')) {
        return bad(r, error, "vm", "qemu", "'%s': write series or the name "
                   "of a variant; --qemu FILE takes a file", s->qemu);
    }
    if (firmware && strcmp(firmware, "yes") && strcmp(firmware, "no")) {
        return bad(r, error, "vm", "firmware", "'%s': write yes or no",
                   firmware);
    }
    if (!get_kernel(r, "vm", &s->kernel, error)) {
        return FALSE;
    }
    s->firmware = !firmware || !strcmp(firmware, "yes");
    s->machine = get(r, "vm", "machine");
    s->accel = get(r, "vm", "accel");
    s->cpu = get(r, "vm", "cpu");
    s->smp = get(r, "vm", "smp");
    s->memory = get(r, "vm", "memory");
    s->append = get(r, "vm", "append");
    return !s->smp ||
           g_ascii_string_to_unsigned(s->smp, 10, 1, 512, NULL, NULL) ||
           bad(r, error, "vm", "smp", "'%s': write a number of CPUs from 1 "
               "to 512", s->smp);
}

static gboolean read_qemu_args(const Reader *r, Scenario *s, GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(r->keys, "qemu-args", NULL,
                                             NULL);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    guint devices = g_strv_length(s->devices);

    for (char **key = keys; key && *key; key++) {
        g_autofree char *value = get(r, "qemu-args", *key);

        if (!value) {
            return bad(r, error, "qemu-args", *key, "is empty: write an "
                       "argument or remove the line");
        }
        if (!check_devices(r, "qemu-args", *key, value, devices, error) ||
            !get_words(r, "qemu-args", *key, words, error)) {
            return FALSE;
        }
    }
    s->qemu_args = g_strv_builder_end(words);
    return TRUE;
}

gboolean scenario_has_disk(const Scenario *s, guint n)
{
    const char *model = s->devices[n];

    return g_str_has_prefix(model, "nvme") &&
           (model[4] == '\0' || model[4] == ',') && !strstr(model, ",drive=");
}

/* The steps or expectations of the file, in its order. */
static gboolean read_all(const Reader *r, const char *group, gboolean steps,
                         Scenario *s, GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(r->keys, group, NULL, NULL);
    guint devices = g_strv_length(s->devices);

    for (char **key = keys; key && *key; key++) {
        g_autofree char *value = get(r, group, *key);
        g_autofree char *step = g_strdup_printf("%s=%s", *key,
                                                value ? value : "");
        g_autofree char *problem = NULL;

        if ((*key)[strspn(*key, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS
                          "-_")]) {
            return bad(r, error, group, *key, "write a key of letters, "
                       "digits, - and _");
        }
        if (!(steps ? plan_add_step(s->plan, step, &problem)
                    : plan_add_expect(s->plan, value ? value : "",
                                      &problem))) {
            return bad(r, error, group, *key, "%s", problem);
        }
        if (!check_devices(r, group, *key, value, devices, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean read_plan(const Reader *r, Scenario *s, GError **error)
{
    g_autofree char *problem = NULL;
    guint disks = 0;

    s->plan = plan_new();
    for (guint n = 0; s->devices[n]; n++) {
        disks += scenario_has_disk(s, n);
    }
    if (!read_all(r, "steps", TRUE, s, error) ||
        !read_all(r, "expect", FALSE, s, error)) {
        return FALSE;
    }
    if (!s->plan->steps->len) {
        return bad(r, error, "steps", "(any key)", "is missing: write what "
                   "is done, such as boot=boot");
    }
    return plan_complete(s->plan, disks, &problem) ||
           bad(r, error, "expect", "(any key)", "%s", problem);
}

static GKeyFile *load_keys(const char *file, GError **error)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autofree char *text = NULL;
    g_autoptr(GError) problem = NULL;
    const Reader r = { file, keys };

    if (!g_file_get_contents(file, &text, NULL, error)) {
        return NULL;
    }
    if (!g_key_file_load_from_data(keys, text, -1, G_KEY_FILE_NONE,
                                   &problem)) {
        g_set_error(error, SCENARIO_ERROR, SCENARIO_ERROR_INVALID,
                    "%s: %s; the format is in docs/lab.md", file,
                    problem->message);
        return NULL;
    }
    return check_repeated(&r, text, error) && check_names(&r, error)
        ? g_steal_pointer(&keys) : NULL;
}

/*
 * The keys of the scenario that @r is like; those of @r replace them, or
 * remove them if they are empty.
 */
static GKeyFile *load_base(const Reader *r, const char *like, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(r->file);
    g_autofree char *name = g_strconcat(like, SCENARIO_SUFFIX, NULL);
    g_autofree char *file = g_build_filename(dir, name, NULL);
    g_autoptr(GKeyFile) base = load_keys(file, error);
    g_auto(GStrv) named = g_key_file_get_groups(r->keys, NULL);

    if (!base) {
        g_prefix_error(error, "%s: [scenario] like: ", r->file);
        return NULL;
    }
    if (g_key_file_has_key(base, "scenario", "like", NULL)) {
        bad(r, error, "scenario", "like", "'%s' is itself like another: name "
            "that one", like);
        return NULL;
    }
    for (char **group = named; *group; group++) {
        g_auto(GStrv) keys = g_key_file_get_keys(r->keys, *group, NULL, NULL);

        for (char **key = keys; *key; key++) {
            g_autofree char *value = get(r, *group, *key);

            if (value) {
                g_key_file_set_value(base, *group, *key, value);
            } else {
                g_key_file_remove_key(base, *group, *key, NULL);
            }
        }
    }
    return g_steal_pointer(&base);
}

Scenario *scenario_load(const char *file, GError **error)
{
    g_autoptr(Scenario) s = g_new0(Scenario, 1);
    g_autoptr(GKeyFile) own = load_keys(file, error);
    g_autoptr(GKeyFile) base = NULL;
    g_autofree char *like = NULL;
    Reader r = { file, own };

    if (!own) {
        return NULL;
    }
    like = get(&r, "scenario", "like");
    if (like) {
        base = load_base(&r, like, error);
        if (!base) {
            return NULL;
        }
        r.keys = base;
    }
    s->file = g_strdup(file);
    s->name = g_path_get_basename(file);
    if (g_str_has_suffix(s->name, SCENARIO_SUFFIX)) {
        s->name[strlen(s->name) - strlen(SCENARIO_SUFFIX)] = '\0';
    }
    if (!read_scenario(&r, s, error) || !read_host(&r, s, error) ||
        !read_vm(&r, s, error) || !read_qemu_args(&r, s, error) ||
        !read_plan(&r, s, error)) {
        return NULL;
    }
    return g_steal_pointer(&s);
}

void scenario_free(Scenario *s)
{
    g_free(s->name);
    g_free(s->file);
    g_free(s->description);
    g_strfreev(s->devices);
    g_free(s->host_memory);
    g_free(s->host_kernel);
    g_free(s->host_profile);
    g_free(s->host_append);
    g_strfreev(s->host_qemu_args);
    g_free(s->qemu);
    g_free(s->kernel);
    g_free(s->machine);
    g_free(s->accel);
    g_free(s->cpu);
    g_free(s->smp);
    g_free(s->memory);
    g_free(s->append);
    g_strfreev(s->qemu_args);
    g_clear_pointer(&s->plan, plan_free);
    g_free(s);
}
