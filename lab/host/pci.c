/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

#define DEVICES "/sys/bus/pci/devices"
#define MAX_VF 255

/* A driver's probe and its disks take this long at most. */
#define RESTORE_SECONDS 60

bool pci_parse_bdf(const char *text, char *bdf)
{
    unsigned domain = 0, bus, slot, function;
    char rest;

    if (sscanf(text, "%4x:%2x:%2x.%1x%c", &domain, &bus, &slot, &function, &rest) != 4) {
        domain = 0;
        if (sscanf(text, "%2x:%2x.%1x%c", &bus, &slot, &function, &rest) != 3) {
            return false;
        }
    }
    if (slot > 31 || function > 7) {
        return false;
    }
    snprintf(bdf, 16, "%04x:%02x:%02x.%x", domain, bus, slot, function);
    return true;
}

bool pci_parse_vf(const char *text, char *pf, unsigned *index)
{
    const char *slash = strchr(text, '/');
    g_autofree char *bdf = slash ? g_strndup(text, slash - text) : NULL;
    guint64 n;

    if (!slash || !g_str_has_prefix(slash, "/vf") ||
        !g_ascii_string_to_unsigned(slash + strlen("/vf"), 10, 0, MAX_VF, &n, NULL)) {
        return false;
    }
    *index = n;
    return pci_parse_bdf(bdf, pf);
}

static char *device_file(const char *bdf, const char *name)
{
    return g_build_filename(DEVICES, bdf, name, NULL);
}

static bool link_of(const char *bdf, const char *link, char *buf, size_t size)
{
    g_autofree char *path = device_file(bdf, link);

    return file_link_name(path, buf, size);
}

static bool write_to(const char *bdf, const char *name, const char *text)
{
    g_autofree char *path = device_file(bdf, name);

    return file_write(path, text);
}

bool pci_driver(const char *bdf, char *buf, size_t size)
{
    return link_of(bdf, "driver", buf, size);
}

bool pci_iommu(const char *bdf, char *buf, size_t size)
{
    return link_of(bdf, "iommu", buf, size);
}

/* Is the block device below the PCI device, and not a partition? */
static bool is_disk_of(const char *name, const char *bdf)
{
    g_autofree char *link = g_build_filename("/sys/class/block", name, NULL);
    g_autofree char *partition = g_build_filename(link, "partition", NULL);
    g_autofree char *part = g_strdup_printf("/%s/", bdf);
    g_autofree char *path = realpath(link, NULL);

    return path && strstr(path, part) && access(partition, F_OK);
}

static GPtrArray *list_disks(const char *bdf)
{
    GPtrArray *disks = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) names = file_names("/sys/class/block");

    for (char **name = names; *name; name++) {
        if (is_disk_of(*name, bdf)) {
            g_ptr_array_add(disks, g_strdup(*name));
        }
    }
    return disks;
}

bool pci_find(const char *name, struct pci_device *dev, char **err)
{
    g_autofree char *dir = NULL;

    *dev = (struct pci_device){ .bound = false };
    g_strlcpy(dev->bdf, name, sizeof(dev->bdf));
    if (pci_parse_vf(name, dev->pf, &dev->vf)) {
        strcpy(dev->bdf, dev->pf);
    }
    dir = device_file(dev->bdf, NULL);
    if (access(dir, F_OK)) {
        return text_fail(err, "no PCI device %s on this host: `lspci -D` lists them", dev->bdf);
    }
    pci_driver(dev->bdf, dev->driver, sizeof(dev->driver));
    dev->disks = list_disks(dev->bdf);
    return true;
}

static bool interface_is_up(const char *bdf, char **who)
{
    g_autofree char *dir = device_file(bdf, "net");
    g_auto(GStrv) names = file_names(dir);

    for (char **name = names; *name; name++) {
        g_autofree char *flags = g_build_filename(dir, *name, "flags", NULL);
        char value[32];

        if (file_read_line(flags, value, sizeof(value)) && strtoul(value, NULL, 16) & 1) {
            text_fail(who, "network interface %s is up", *name);
            return true;
        }
    }
    return false;
}

bool pci_in_use(const struct pci_device *dev, char **who)
{
    for (unsigned i = 0; i < dev->disks->len; i++) {
        g_autofree char *path = g_build_filename("/dev", g_ptr_array_index(dev->disks, i), NULL);
        /* exclusive: fails for mounts, swap, and what is stacked on the disk */
        int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);

        if (fd >= 0) {
            close(fd);
        } else if (errno == EBUSY) {
            text_fail(who, "disk %s is mounted or otherwise held", path);
            return true;
        }
    }
    return interface_is_up(dev->bdf, who);
}

char *pci_group_others(const char *bdf)
{
    g_autofree char *dir = device_file(bdf, "iommu_group/devices");
    g_auto(GStrv) names = file_names(dir);
    GString *others = NULL;

    for (char **name = names; *name; name++) {
        char driver[64];

        if (!strcmp(*name, bdf) || !pci_driver(*name, driver, sizeof(driver)) || !strcmp(driver, "vfio-pci") ||
            !strcmp(driver, "pcieport")) {
            continue;
        }
        others = others ? g_string_append(others, ", ") : g_string_new(NULL);
        g_string_append_printf(others, "%s (%s)", *name, driver);
    }
    return others ? g_string_free(others, FALSE) : NULL;
}

static bool unbind(const char *bdf)
{
    return write_to(bdf, "driver/unbind", bdf) || errno == ENOENT;
}

static bool probe(const char *bdf)
{
    return file_write("/sys/bus/pci/drivers_probe", bdf);
}

static bool set_number(const char *pf, const char *file, unsigned value)
{
    g_autofree char *text = g_strdup_printf("%u", value);

    return write_to(pf, file, text);
}

static bool get_number(const char *pf, const char *file, unsigned *value)
{
    g_autofree char *path = device_file(pf, file);
    char text[16];

    if (!file_read_line(path, text, sizeof(text))) {
        return false;
    }
    *value = strtoul(text, NULL, 10);
    return true;
}

static bool remove_vfs(const char *pf, char **err)
{
    return set_number(pf, "sriov_numvfs", 0) ||
           text_fail(err, "cannot remove the virtual functions of %s: %s", pf, strerror(errno));
}

/* Let the driver of the physical function create those up to the device, which no driver of the host binds. */
static bool create_vfs(const struct pci_device *dev, char **err)
{
    unsigned total = 0, now = 0;
    bool ok;

    if (!get_number(dev->pf, "sriov_totalvfs", &total) || !get_number(dev->pf, "sriov_numvfs", &now)) {
        return text_fail(err, "%s has no virtual functions (SR-IOV)", dev->pf);
    }
    if (dev->vf >= total) {
        return text_fail(err, "%s can have %u virtual functions: the last is vf%u", dev->pf, total, total - 1);
    }
    if (now) {
        return text_fail(err, "%s has %u virtual functions already: give one of them by its own address, or remove "
                         "them (echo 0 > " DEVICES "/%s/sriov_numvfs)", dev->pf, now, dev->pf);
    }
    set_number(dev->pf, "sriov_drivers_autoprobe", 0);
    ok = set_number(dev->pf, "sriov_numvfs", dev->vf + 1) ||
         text_fail(err, "the driver of %s does not create virtual functions: %s", dev->pf, strerror(errno));
    set_number(dev->pf, "sriov_drivers_autoprobe", 1);
    return ok;
}

static bool create_vf(struct pci_device *dev, char **err)
{
    g_autofree char *link = g_strdup_printf("virtfn%u", dev->vf);
    char name[32];

    if (!create_vfs(dev, err)) {
        return false;
    }
    if (link_of(dev->pf, link, name, sizeof(name)) && pci_parse_bdf(name, dev->bdf)) {
        return true;
    }
    text_fail(err, "%s has no virtual function %u", dev->pf, dev->vf);
    return remove_vfs(dev->pf, err) && false;
}

bool pci_bind_vfio(struct pci_device *dev, char **err)
{
    char now[64] = "none";

    if (*dev->pf && !create_vf(dev, err)) {
        return false;
    }
    dev->bound = true;
    if (!write_to(dev->bdf, "driver_override", "vfio-pci") || !unbind(dev->bdf) || !probe(dev->bdf)) {
        return text_fail(err, "cannot bind %s to vfio-pci: %s", dev->bdf, strerror(errno));
    }
    pci_driver(dev->bdf, now, sizeof(now));
    return !strcmp(now, "vfio-pci") ||
           text_fail(err, "%s has driver %s instead of vfio-pci; the kernel's log says why", dev->bdf, now);
}

char *pci_vfio_cdev(const char *bdf)
{
    g_autofree char *dir = device_file(bdf, "vfio-dev");
    g_auto(GStrv) names = file_names(dir);
    g_autofree char *cdev = names[0] ? g_build_filename("/dev/vfio/devices", names[0], NULL) : NULL;

    return cdev && !access(cdev, F_OK) ? g_steal_pointer(&cdev) : NULL;
}

/*
 * Returns: NULL if the device is as it was, else what is missing. Its disks may have other names now, as drivers count
 * in the order of their probes.
 */
static const char *what_is_missing(struct pci_device *dev)
{
    g_autoptr(GPtrArray) disks = NULL;
    char now[64] = "";
    unsigned n = 0;

    pci_driver(dev->bdf, now, sizeof(now));
    if (strcmp(now, dev->driver)) {
        return "its driver";
    }
    disks = list_disks(dev->bdf);
    for (unsigned i = 0; i < disks->len; i++) {
        g_autofree char *node = g_build_filename("/dev", g_ptr_array_index(disks, i), NULL);

        n += !access(node, F_OK);
    }
    if (n < dev->disks->len) {
        return "one of its disks";
    }
    g_ptr_array_unref(dev->disks);
    dev->disks = g_steal_pointer(&disks);
    return NULL;
}

bool pci_restore(struct pci_device *dev, char **err)
{
    double end = clock_seconds() + RESTORE_SECONDS;
    const char *missing;

    if (!dev->bound) {
        return true;
    }
    dev->bound = false;
    if (!unbind(dev->bdf) || !write_to(dev->bdf, "driver_override", "\n")) {
        return text_fail(err, "cannot unbind %s from vfio-pci: %s", dev->bdf, strerror(errno));
    }
    if (*dev->pf) {
        /* what must be there again is the physical function's driver */
        strcpy(dev->bdf, dev->pf);
        if (!remove_vfs(dev->pf, err)) {
            return false;
        }
    } else if (*dev->driver && !probe(dev->bdf)) {
        return text_fail(err, "cannot bind %s to %s again: %s", dev->bdf, dev->driver, strerror(errno));
    }
    while ((missing = what_is_missing(dev)) && clock_seconds() < end) {
        poll(NULL, 0, 50);
    }
    return !missing || text_fail(err, "%s is unbound from vfio-pci, but %s is missing", dev->bdf, missing);
}

void pci_clear(struct pci_device *dev)
{
    g_clear_pointer(&dev->disks, g_ptr_array_unref);
}
