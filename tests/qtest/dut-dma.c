/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "dut.h"
#include "edu-registers.h"

#define PATTERN_SIZE 64

static void start(Dut *dut, uint64_t src, uint64_t dst, uint32_t size,
                  uint64_t command)
{
    qtest_writeq(dut->qts, dut->bar + EDU_DMA_SRC, src);
    qtest_writeq(dut->qts, dut->bar + EDU_DMA_DST, dst);
    qtest_writeq(dut->qts, dut->bar + EDU_DMA_COUNT, size);
    qtest_writeq(dut->qts, dut->bar + EDU_DMA_CMD, command | EDU_DMA_RUN);
}

void edu_wait(Dut *dut)
{
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;

    while (qtest_readq(dut->qts, dut->bar + EDU_DMA_CMD) & EDU_DMA_RUN) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        dut_pause(dut);
    }
}

void edu_read(Dut *dut, uint64_t iova, uint32_t size)
{
    start(dut, iova, EDU_MEMORY, size, 0);
    edu_wait(dut);
}

void edu_start_write(Dut *dut, uint64_t iova, uint32_t size, bool interrupt)
{
    start(dut, EDU_MEMORY, iova, size,
          EDU_DMA_TO_BUS | (interrupt ? EDU_DMA_IRQ : 0));
}

void edu_write(Dut *dut, uint64_t iova, uint32_t size)
{
    edu_start_write(dut, iova, size, false);
    edu_wait(dut);
}

void edu_raise(Dut *dut, uint32_t bits)
{
    qtest_writel(dut->qts, dut->bar + EDU_IRQ_RAISE, bits);
}

void edu_lower(Dut *dut, uint32_t bits)
{
    qtest_writel(dut->qts, dut->bar + EDU_IRQ_ACK, bits);
}

static void make_pattern(Dut *dut, uint8_t pattern[PATTERN_SIZE])
{
    dut->pattern++;
    for (unsigned i = 0; i < PATTERN_SIZE; i++) {
        pattern[i] = 1 + (dut->pattern * 31 + i * 7) % 255;
    }
}

void edu_load(Dut *dut)
{
    uint8_t pattern[PATTERN_SIZE];

    make_pattern(dut, pattern);
    qtest_memwrite(dut->qts, dut->buffer, pattern, sizeof(pattern));
    edu_read(dut, dut->buffer, sizeof(pattern));
}

/* Is the pattern at @address, or nothing at all? Anything else is wrong. */
static bool has_pattern(Dut *dut, uint64_t address)
{
    uint8_t expected[PATTERN_SIZE], found[PATTERN_SIZE];
    static const uint8_t zeros[PATTERN_SIZE];

    dut->pattern--;
    make_pattern(dut, expected);
    qtest_memread(dut->qts, address, found, sizeof(found));
    if (!memcmp(found, zeros, sizeof(found))) {
        return false;
    }
    for (unsigned i = 0; i < PATTERN_SIZE; i += sizeof(uint64_t)) {
        g_assert_cmphex(ldq_he_p(found + i), ==, ldq_he_p(expected + i));
    }
    return true;
}

uint64_t edu_where(Dut *dut, uint64_t iova, uint64_t one, uint64_t other)
{
    bool in_one, in_other;

    qtest_memset(dut->qts, one, 0, PATTERN_SIZE);
    qtest_memset(dut->qts, other, 0, PATTERN_SIZE);
    edu_write(dut, iova, PATTERN_SIZE);
    in_one = has_pattern(dut, one);
    in_other = one != other && has_pattern(dut, other);
    g_assert_false(in_one && in_other);
    return in_one ? one : in_other ? other : 0;
}

bool edu_reads(Dut *dut, uint64_t iova, uint64_t address)
{
    uint8_t pattern[PATTERN_SIZE], found[PATTERN_SIZE];

    edu_load(dut);
    make_pattern(dut, pattern);
    qtest_memwrite(dut->qts, address, pattern, sizeof(pattern));
    edu_read(dut, iova, sizeof(pattern));
    qtest_memset(dut->qts, dut->buffer, 0, sizeof(found));
    edu_write(dut, dut->buffer, sizeof(found));
    qtest_memread(dut->qts, dut->buffer, found, sizeof(found));
    return !memcmp(found, pattern, sizeof(pattern));
}

Stale stale_new(Dut *dut, uint64_t iova)
{
    Stale stale = { .iova = iova, .old = dut_map_new(dut, iova) };

    stale.now = dut_map_new(dut, iova);
    pt_map(&dut->pt, iova, stale.old);
    return stale;
}

uint64_t stale_where(Dut *dut, const Stale *stale)
{
    return edu_where(dut, stale->iova, stale->old, stale->now);
}

void stale_make(Dut *dut, const Stale *stale)
{
    pt_map(&dut->pt, stale->iova, stale->old);
    dut_command(dut, CMD_TLBI_NSNH_ALL, 0);
    g_assert_cmphex(stale_where(dut, stale), ==, stale->old);
    pt_map(&dut->pt, stale->iova, stale->now);
    g_assert_cmphex(stale_where(dut, stale), ==, stale->old);
}
