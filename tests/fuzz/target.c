/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pci_host.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "system/address-spaces.h"
#include "system/runstate.h"
#include "tests/qtest/fuzz/fuzz.h"
#include "guest.h"
#include "host.h"

/*
 * The target `smmuv3-accel` of QEMU's fuzzing framework: QEMU and the fuzzer
 * are one process, and so is the model of the host's kernel that is preloaded.
 * FUZZ_QEMU_ARGS has the SMMU and the devices, so that both come from one place
 * (scripts/fuzz.sh), and FUZZ_FIRMWARE a file that never runs.
 */

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);

    if (!value) {
        fprintf(stderr, "%s is not set; scripts/fuzz.sh sets it\n", name);
        exit(2);
    }
    return value;
}

static GString *command_line(FuzzTarget *target)
{
    GString *args = g_string_new(TARGET_NAME);

    g_string_append_printf(
        args, " -accel qtest -machine virt,gic-version=3 -cpu cortex-a57"
        " -m %d -nodefaults -display none -audio none -bios '%s' %s",
        GUEST_RAM_MIB, from_environment("FUZZ_FIRMWARE"),
        from_environment("FUZZ_QEMU_ARGS"));
    return args;
}

void guest_write(uint64_t address, uint64_t value, unsigned size)
{
    value = GUINT64_TO_LE(value);
    address_space_write(&address_space_memory, address,
                        MEMTXATTRS_UNSPECIFIED, &value, size);
}

uint64_t guest_read(uint64_t address, unsigned size)
{
    uint64_t value = 0;

    address_space_read(&address_space_memory, address, MEMTXATTRS_UNSPECIFIED,
                       &value, size);
    return GUINT64_FROM_LE(value);
}

void guest_write_memory(uint64_t address, const void *data, size_t size)
{
    address_space_write(&address_space_memory, address,
                        MEMTXATTRS_UNSPECIFIED, data, size);
}

void guest_clear_memory(uint64_t address, size_t size)
{
    address_space_set(&address_space_memory, address, 0, size,
                      MEMTXATTRS_UNSPECIFIED);
}

void guest_write_config(unsigned n, unsigned offset, uint32_t value,
                        unsigned size)
{
    PCIDevice *dev = NULL;

    pci_qdev_find_device(n ? "dev1" : "dev0", &dev);
    if (dev) {
        pci_host_config_write_common(dev, offset, pci_config_size(dev), value,
                                     size);
    }
}

void guest_reset(void)
{
    qemu_system_reset(SHUTDOWN_CAUSE_GUEST_RESET);
}

void guest_run_main_loop(void)
{
    flush_events(NULL);
}

/* The framework's other way to reach the machine, which is not used here */
void fuzz_qtest_set_serialize(bool option)
{
}

static void fuzz(QTestState *qts, const unsigned char *data, size_t size)
{
    static unsigned inputs;

    if (inputs == 0) {
        guest_reset();
        host_check(true);
    }
    guest_execute(data, size);
    guest_reset();
    host_check(false);
    /* Memory is freed by a thread that needs the BQL */
    if (++inputs % 64 == 0) {
        drain_call_rcu();
    }
}

static void register_target(void)
{
    fuzz_add_target(&(FuzzTarget) {
        .name = "smmuv3-accel",
        .description = "accelerated SMMUv3 with assigned devices",
        .get_init_cmdline = command_line,
        .pre_vm_init = host_start,
        .fuzz = fuzz,
    });
}

fuzz_target_init(register_target);
