/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "standard-headers/linux/pci_regs.h"
#include "hotplug.h"

#define EDU_DMA_MASK 0xffffffffffll

char *hotplug_add(Dut *dut, unsigned n, const char *host)
{
    g_autofree char *id = g_strdup_printf("dev%u", n);
    char *message = NULL;
    QDict *answer, *error;

    if (dut_backend() == DUT_EMULATED) {
        answer = qtest_qmp(dut->qts, "{'execute': 'device_add', 'arguments': {"
                           "'driver': 'edu', 'id': %s, 'bus': 'rp0', "
                           "'dma_mask': %lld}}", id, EDU_DMA_MASK);
    } else {
        /* a refused device has to give its acpi-index back */
        answer = qtest_qmp(dut->qts, "{'execute': 'device_add', 'arguments': {"
                           "'driver': 'vfio-pci', 'id': %s, 'bus': 'rp0', "
                           "'host': %s, 'iommufd': 'iommufd0', "
                           "'acpi-index': %u}}", id,
                           host ? host : dut_host(n), n + 1);
    }
    error = qdict_get_qdict(answer, "error");
    if (error) {
        message = g_strdup(qdict_get_str(error, "desc"));
        g_test_message("device_add: %s", message);
    }
    qobject_unref(answer);
    return message;
}

/* Writes the slot's power controller and indicator, as guests do it */
static void set_power(Dut *dut, uint16_t value)
{
    unsigned cap = pci_capability(&dut->port, PCI_CAP_ID_EXP);
    uint16_t control = pci_readw(&dut->port, cap + PCI_EXP_SLTCTL);

    control &= ~(PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PIC);
    pci_writew(&dut->port, cap + PCI_EXP_SLTCTL, control | value);
    /* events so far have been seen */
    pci_writew(&dut->port, cap + PCI_EXP_SLTSTA,
               pci_readw(&dut->port, cap + PCI_EXP_SLTSTA));
}

void hotplug_power_on(Dut *dut)
{
    set_power(dut, PCI_EXP_SLTCTL_PWR_ON | PCI_EXP_SLTCTL_PWR_IND_ON);
    g_assert_cmphex(pci_readw(&dut->edu, PCI_VENDOR_ID), !=, 0xffff);
    dut_enumerate(dut);
}

void hotplug(Dut *dut)
{
    g_autofree char *message = hotplug_add(dut, 0, NULL);

    g_assert_cmpstr(message, ==, NULL);
    hotplug_power_on(dut);
}

void hotplug_remove(Dut *dut, unsigned n)
{
    g_autofree char *id = g_strdup_printf("dev%u", n);
    QDict *answer;

    answer = qtest_qmp(dut->qts, "{'execute': 'device_del', 'arguments': {"
                       "'id': %s}}", id);
    g_assert_null(qdict_get_qdict(answer, "error"));
    qobject_unref(answer);
    set_power(dut, PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF);
    qtest_qmp_eventwait(dut->qts, "DEVICE_DELETED");
    g_assert_cmphex(pci_readw(&dut->edu, PCI_VENDOR_ID), ==, 0xffff);
}
