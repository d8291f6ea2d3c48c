/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which doorbell of its MSI controller the virt machine sets in the SMMU,
 * before the SMMU is realized.
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qnum.h"
#include "machine.h"

#define BOTH "-device pxb-pcie,id=pcie.1,bus=pcie.0,bus_nr=8 " \
             "-device arm-smmuv3,primary-bus=pcie.1,id=smmu1,accel=on "

typedef struct Case {
    const char *name;
    const char *machine;
    uint64_t doorbell;
} Case;

static const Case cases[] = {
    { "its", "-machine gic-version=3,its=on", VIRT_ITS_DOORBELL },
    { "its-default", "-machine gic-version=3", VIRT_ITS_DOORBELL },
    { "gic-4", "-machine gic-version=4,virtualization=on -cpu max",
      VIRT_ITS_DOORBELL },
    { "gicv2m", "-machine gic-version=2", VIRT_V2M_DOORBELL },
    { "none", "-machine gic-version=3,its=off", 0 },
};

static uint64_t doorbell(QTestState *qts, const char *path)
{
    QDict *answer;
    uint64_t gpa;

    answer = qtest_qmp(qts, "{'execute': 'qom-get', 'arguments': {"
                       "'path': %s, 'property': 'msi-gpa'}}", path);
    g_assert_true(qdict_haskey(answer, "return"));
    gpa = qnum_get_uint(qobject_to(QNum, qdict_get(answer, "return")));
    qobject_unref(answer);
    return gpa;
}

static void test_doorbell(const void *data)
{
    const Case *c = data;
    QTestState *qts = machine_start("%s " BOTH ACCEL_SMMU, c->machine);

    g_assert_cmphex(doorbell(qts, "/machine/peripheral/smmu0"), ==,
                    c->doorbell);
    g_assert_cmphex(doorbell(qts, "/machine/peripheral/smmu1"), ==,
                    c->doorbell);
    qtest_quit(qts);
}

/* A doorbell from the command line does not replace the machine's */
static void test_not_the_users(void)
{
    QTestState *qts = machine_start(ACCEL_SMMU ",msi-gpa=0x40000000");

    g_assert_cmphex(doorbell(qts, "/machine/peripheral/smmu0"), ==,
                    VIRT_ITS_DOORBELL);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/doorbell/%s", cases[i].name);

        base_data_test(path, &cases[i], test_doorbell);
    }
    base_test("/doorbell/not-the-users", test_not_the_users);
    return g_test_run();
}
