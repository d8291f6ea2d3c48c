/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

static bool inside(uint64_t offset, uint64_t bytes, size_t size)
{
    return offset <= size && bytes <= size - offset;
}

/* Returns: false if the section, a symbol table, does not name it. */
static bool find(const char *image, size_t size, const Elf64_Shdr *sections,
                 const Elf64_Shdr *table, const char *name, uint64_t *address)
{
    const Elf64_Shdr *strings = &sections[table->sh_link];
    const Elf64_Sym *symbols = (const void *)(image + table->sh_offset);

    if (!inside(table->sh_offset, table->sh_size, size) ||
        !inside(strings->sh_offset, strings->sh_size, size) ||
        !strings->sh_size ||
        image[strings->sh_offset + strings->sh_size - 1] != '\0') {
        return false;
    }
    for (size_t i = 0; i < table->sh_size / sizeof(*symbols); i++) {
        if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC &&
            symbols[i].st_shndx != SHN_UNDEF &&
            symbols[i].st_name < strings->sh_size &&
            !strcmp(image + strings->sh_offset + symbols[i].st_name, name)) {
            *address = symbols[i].st_value;
            return true;
        }
    }
    return false;
}

bool symbol_in_image(const void *image, size_t size, const char *name,
                     uint64_t *address, char **err)
{
    static const uint32_t kinds[] = { SHT_SYMTAB, SHT_DYNSYM };
    const Elf64_Ehdr *head = image;
    const Elf64_Shdr *sections;

    if (size < sizeof(*head) || memcmp(head->e_ident, ELFMAG, SELFMAG) ||
        head->e_ident[EI_CLASS] != ELFCLASS64 ||
        head->e_shentsize != sizeof(*sections) ||
        !inside(head->e_shoff, head->e_shnum * sizeof(*sections), size)) {
        return text_fail(err, "no 64-bit ELF file");
    }
    sections = (const void *)((const char *)image + head->e_shoff);
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < head->e_shnum; i++) {
            if (sections[i].sh_type == kinds[kind] &&
                sections[i].sh_link < head->e_shnum &&
                find(image, size, sections, &sections[i], name, address)) {
                return true;
            }
        }
    }
    return text_fail(err, "no symbol %s: was the program stripped?", name);
}

/* Where the start of the program's file is mapped, 0 if nowhere. */
static uint64_t load_address(pid_t pid)
{
    char *path = text_printf("/proc/%d/exe", pid);
    char *maps = text_printf("/proc/%d/maps", pid);
    struct stat exe;
    uint64_t start = 0;
    FILE *f = stat(path, &exe) ? NULL : fopen(maps, "re");
    char line[512];

    while (f && !start && fgets(line, sizeof(line), f)) {
        uint64_t begin, offset;
        unsigned long inode;

        if (sscanf(line, "%" SCNx64 "-%*x %*s %" SCNx64 " %*s %lu", &begin,
                   &offset, &inode) == 3 && !offset && inode == exe.st_ino) {
            start = begin;
        }
    }
    if (f) {
        fclose(f);
    }
    free(path);
    free(maps);
    return start;
}

bool symbol_in_process(pid_t pid, const char *name, uint64_t *address,
                       char **err)
{
    char *path = text_printf("/proc/%d/exe", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st = { 0 };
    void *image = MAP_FAILED;
    bool ok = false;

    if (fd >= 0 && !fstat(fd, &st) && st.st_size) {
        image = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (image == MAP_FAILED) {
        text_fail(err, "cannot read %s: %s", path, strerror(errno));
    } else {
        ok = symbol_in_image(image, st.st_size, name, address, err);
        if (ok && ((const Elf64_Ehdr *)image)->e_type == ET_DYN) {
            *address += load_address(pid);
        }
        munmap(image, st.st_size);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return ok;
}
