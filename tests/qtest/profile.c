/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "profile.h"

#define SUFFIX ".ini"

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **profile_names(void)
{
    g_autofree char *path = machine_data("hosts");
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    GDir *dir = g_dir_open(path, 0, &error);
    const char *file;

    g_assert_no_error(error);
    while ((file = g_dir_read_name(dir))) {
        if (g_str_has_suffix(file, SUFFIX)) {
            g_ptr_array_add(names, g_strndup(file, strlen(file) -
                                             strlen(SUFFIX)));
        }
    }
    g_dir_close(dir);
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_steal(names, NULL);
}

/* @required: a missing key is an error, else it is 0 */
static uint32_t read_number(GKeyFile *file, const char *group,
                            const char *key, bool required)
{
    g_autofree char *text = g_key_file_get_string(file, group, key, NULL);
    uint64_t value = 0;
    char *end;

    g_assert_true(text || !required);
    if (text) {
        value = g_ascii_strtoull(text, &end, 0);
        g_assert_true(end != text && !*end && value <= UINT32_MAX);
    }
    return value;
}

/* Bits of the addresses that the kernel's stage 2 translates with 4K pages */
static unsigned stage2_bits(uint32_t idr5)
{
    static const uint8_t bits[8] = { 32, 36, 40, 42, 44, 48, 48, 48 };

    return bits[idr5 & IDR5_OAS];
}

HostProfile *profile_load(const char *name)
{
    g_autofree char *relative = g_strdup_printf("hosts/%s" SUFFIX, name);
    g_autofree char *path = machine_data(relative);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    HostProfile *profile = g_new0(HostProfile, 1);

    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error);
    g_assert_no_error(error);
    profile->name = g_strdup(name);
    for (unsigned i = 0; i < 6; i++) {
        char key[] = { 'i', 'd', 'r', '0' + i, 0 };

        profile->smmu.idr[i] = read_number(file, "smmu", key, true);
    }
    profile->smmu.iidr = read_number(file, "smmu", "iidr", true);
    profile->smmu.aidr = read_number(file, "smmu", "aidr", true);
    profile->smmu.s2_bits = stage2_bits(profile->smmu.idr[5]);
    profile->smmu.coherent = 1;
    profile->canwbs = g_key_file_get_boolean(file, "host", "canwbs", &error);
    g_assert_no_error(error);
    profile->features = read_number(file, "host", "features", false);
    profile->reported = read_number(file, "host", "reported", false);
    return profile;
}

void profile_free(HostProfile *profile)
{
    g_free(profile->name);
    g_free(profile);
}

void profile_apply(const HostProfile *profile, struct km *model)
{
    model->control->smmu[0] = profile->smmu;
    for (unsigned i = 0; i < KM_MAX_DEVICES; i++) {
        struct km_device_config *device = &model->control->device[i];

        if (device->bdf[0] && device->smmu == 0 && profile->canwbs) {
            device->flags |= KM_DEV_CANWBS;
        }
    }
}
