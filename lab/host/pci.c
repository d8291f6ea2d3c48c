/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vf.h"

#define DEVICES "/sys/bus/pci/devices"

/* A driver's probe and its disks take this long at most. */
#define SECONDS_TO_COME_BACK 60

static bool exists(const char *fmt, ...) TEXT_PRINTF(1, 2);

static bool exists(const char *fmt, ...)
{
    char path[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    return !access(path, F_OK);
}

static bool link_of(const char *bdf, const char *link, char *buf, size_t size)
{
    char path[512];

    snprintf(path, sizeof(path), DEVICES "/%s/%s", bdf, link);
    return file_link_name(path, buf, size);
}

bool pci_driver(const char *bdf, char *buf, size_t size)
{
    return link_of(bdf, "driver", buf, size);
}

bool pci_iommu(const char *bdf, char *buf, size_t size)
{
    return link_of(bdf, "iommu", buf, size);
}

/* Is the block device below the PCI device, and no partition? */
static bool is_disk_of(const char *name, const char *bdf)
{
    char *link = text_printf("/sys/class/block/%s", name);
    char *path = realpath(link, NULL);
    char *part = text_printf("/%s/", bdf);
    bool hit = path && strstr(path, part) && !exists("%s/partition", link);

    free(part);
    free(path);
    free(link);
    return hit;
}

static void list_disks(const char *bdf, struct strlist *disks)
{
    DIR *dir = opendir("/sys/class/block");
    struct dirent *d;

    while (dir && (d = readdir(dir))) {
        if (d->d_name[0] != '.' && is_disk_of(d->d_name, bdf)) {
            strlist_add(disks, d->d_name);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

bool pci_find(const char *name, struct pci_device *dev, char **err)
{
    *dev = (struct pci_device){ .taken = false };
    snprintf(dev->bdf, sizeof(dev->bdf), "%s", name);
    if (vf_parse(name, dev->pf, &dev->vf)) {
        strcpy(dev->bdf, dev->pf);
    }
    if (!exists(DEVICES "/%s", dev->bdf)) {
        return text_fail(err, "no PCI device %s on this host: `lspci -D` "
                         "lists them", dev->bdf);
    }
    pci_driver(dev->bdf, dev->driver, sizeof(dev->driver));
    list_disks(dev->bdf, &dev->disks);
    return true;
}

static bool interface_is_up(const char *bdf, char **who)
{
    char *path = text_printf(DEVICES "/%s/net", bdf);
    DIR *dir = opendir(path);
    struct dirent *d;
    bool up = false;

    while (dir && !up && (d = readdir(dir))) {
        char *flags = text_printf("%s/%s/flags", path, d->d_name);
        char value[32];

        if (d->d_name[0] != '.' &&
            file_read_line(flags, value, sizeof(value)) &&
            strtoul(value, NULL, 16) & 1) {
            text_fail(who, "network interface %s is up", d->d_name);
            up = true;
        }
        free(flags);
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
    return up;
}

bool pci_in_use(const struct pci_device *dev, char **who)
{
    for (size_t i = 0; i < dev->disks.n; i++) {
        char *path = text_printf("/dev/%s", dev->disks.v[i]);
        /* exclusive: fails for mounts, swap, and what is stacked on the disk */
        int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
        bool busy = fd < 0 && errno == EBUSY;

        if (fd >= 0) {
            close(fd);
        }
        if (busy) {
            text_fail(who, "disk %s is mounted or otherwise held", path);
        }
        free(path);
        if (busy) {
            return true;
        }
    }
    return interface_is_up(dev->bdf, who);
}

char *pci_group_others(const char *bdf)
{
    char *path = text_printf(DEVICES "/%s/iommu_group/devices", bdf);
    DIR *dir = opendir(path);
    char *others = NULL;
    struct dirent *d;

    while (dir && (d = readdir(dir))) {
        char driver[64], *more;

        if (d->d_name[0] == '.' || !strcmp(d->d_name, bdf) ||
            !pci_driver(d->d_name, driver, sizeof(driver)) ||
            !strcmp(driver, "vfio-pci") || !strcmp(driver, "pcieport")) {
            continue;
        }
        more = text_printf("%s%s%s (%s)", others ? others : "",
                           others ? ", " : "", d->d_name, driver);
        free(others);
        others = more;
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
    return others;
}

static bool set_override(const char *bdf, const char *driver)
{
    char path[512];

    snprintf(path, sizeof(path), DEVICES "/%s/driver_override", bdf);
    return file_write(path, driver);
}

static bool unbind(const char *bdf)
{
    char path[512];

    snprintf(path, sizeof(path), DEVICES "/%s/driver/unbind", bdf);
    return file_write(path, bdf) || errno == ENOENT;
}

static bool probe(const char *bdf)
{
    return file_write("/sys/bus/pci/drivers_probe", bdf);
}

bool pci_take(struct pci_device *dev, char **err)
{
    char now[64] = "none";

    if (*dev->pf && !vf_create(dev->pf, dev->vf, dev->bdf, err)) {
        return false;
    }
    dev->taken = true;
    if (!set_override(dev->bdf, "vfio-pci") || !unbind(dev->bdf) ||
        !probe(dev->bdf)) {
        return text_fail(err, "cannot bind %s to vfio-pci: %s", dev->bdf,
                         strerror(errno));
    }
    pci_driver(dev->bdf, now, sizeof(now));
    return !strcmp(now, "vfio-pci") ||
           text_fail(err, "%s has driver %s instead of vfio-pci; the kernel's "
                     "log says why", dev->bdf, now);
}

char *pci_vfio_cdev(const char *bdf)
{
    char *path = text_printf(DEVICES "/%s/vfio-dev", bdf);
    DIR *dir = opendir(path);
    char *cdev = NULL;
    struct dirent *d;

    while (dir && !cdev && (d = readdir(dir))) {
        if (!strncmp(d->d_name, "vfio", 4)) {
            cdev = text_printf("/dev/vfio/devices/%s", d->d_name);
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
    if (cdev && access(cdev, F_OK)) {
        free(cdev);
        cdev = NULL;
    }
    return cdev;
}

/*
 * Returns: NULL if the device is as it was, else what is missing. Its disks
 * may have other names now, as drivers count in the order of their probes.
 */
static const char *what_is_missing(struct pci_device *dev)
{
    struct strlist disks = { 0 };
    char now[64] = "";
    size_t n = 0;

    pci_driver(dev->bdf, now, sizeof(now));
    if (strcmp(now, dev->driver)) {
        return "its driver";
    }
    list_disks(dev->bdf, &disks);
    for (size_t i = 0; i < disks.n; i++) {
        n += exists("/dev/%s", disks.v[i]);
    }
    if (n < dev->disks.n) {
        strlist_clear(&disks);
        return "a disk of it";
    }
    strlist_clear(&dev->disks);
    dev->disks = disks;
    return NULL;
}

bool pci_give_back(struct pci_device *dev, char **err)
{
    double start = clock_seconds();
    const char *missing;

    if (!dev->taken) {
        return true;
    }
    dev->taken = false;
    if (!unbind(dev->bdf) || !set_override(dev->bdf, "\n")) {
        return text_fail(err, "cannot take %s from vfio-pci: %s", dev->bdf,
                         strerror(errno));
    }
    if (*dev->pf) {
        /* what must be there again is the physical function's driver */
        strcpy(dev->bdf, dev->pf);
        if (!vf_remove(dev->pf, err)) {
            return false;
        }
    } else if (*dev->driver && !probe(dev->bdf)) {
        return text_fail(err, "cannot give %s back to %s: %s", dev->bdf,
                         dev->driver, strerror(errno));
    }
    while ((missing = what_is_missing(dev)) &&
           clock_seconds() - start < SECONDS_TO_COME_BACK) {
        poll(NULL, 0, 50);
    }
    return !missing ||
           text_fail(err, "%s is back at %s, but %s is missing", dev->bdf,
                     *dev->driver ? dev->driver : "no driver", missing);
}

void pci_free(struct pci_device *dev)
{
    strlist_clear(&dev->disks);
}
