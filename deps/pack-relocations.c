/*
 * pack-relocations.c - completes a static PIE that ld laid out by deps/static-pie.ld: packs its
 * relocations (DT_RELR) and names the segment that is to be read-only (PT_GNU_RELRO).
 *
 * usage: pack-relocations FILE
 *
 * A static PIE needs one kind of relocation: add the load address to a word. Each has 24 bytes in
 * DT_RELA. In DT_RELR (ELF gABI, "Relative Relocation Table") the word holds the addend, and the
 * table is a bitmap of the words: about a bit each. ld does that with -z pack-relative-relocs, but
 * not for arm64 before binutils 2.43.
 *
 * deps/static-pie.ld puts the table at the end of the last segment's file content. So only what no
 * segment contains moves: section headers and symbols.
 *
 * Exit 1 when the file is not such a binary, 2 on wrong usage.
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *file;
static size_t file_size;

static void fail(const char *why)
{
	fprintf(stderr, "pack-relocations: %s\n", why);
	exit(1);
}

static void *at(uint64_t offset, uint64_t size)
{
	if (offset > file_size || size > file_size - offset)
		fail("an offset is outside the file");
	return file + offset;
}

static Elf64_Ehdr *header(void)
{
	return at(0, sizeof(Elf64_Ehdr));
}

static Elf64_Phdr *segments(void)
{
	return at(header()->e_phoff, header()->e_phnum * sizeof(Elf64_Phdr));
}

/* Returns: where the bytes of an address are in the file. */
static void *at_address(uint64_t address, uint64_t size)
{
	for (int i = 0; i < header()->e_phnum; i++) {
		const Elf64_Phdr *segment = &segments()[i];

		if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
			size <= segment->p_filesz &&
			address - segment->p_vaddr <= segment->p_filesz - size)
			return at(segment->p_offset + (address - segment->p_vaddr), size);
	}
	fail("an address is outside the segments");
	return NULL;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = ((const Elf64_Rela *)left)->r_offset;
	uint64_t b = ((const Elf64_Rela *)right)->r_offset;

	return (a > b) - (a < b);
}

/* Writes the addends to their words, and the table. Returns: the table's number of entries. */
static size_t pack(const Elf64_Rela *relocations, size_t count, uint64_t *table)
{
	const uint32_t relative =
		header()->e_machine == EM_AARCH64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE;
	size_t entries = 0;
	size_t i = 0;

	for (i = 0; i < count; i++) {
		if (ELF64_R_TYPE(relocations[i].r_info) != relative ||
			relocations[i].r_offset % 8 != 0)
			fail("there is a relocation that has no packed form");
		memcpy(at_address(relocations[i].r_offset, 8), &relocations[i].r_addend, 8);
	}
	for (i = 0; i < count;) {
		/* An address; then bitmaps of the 63 words that follow, the lowest bit set. */
		uint64_t next = relocations[i].r_offset + 8;

		table[entries++] = relocations[i++].r_offset;
		for (;; next += UINT64_C(63) * 8) {
			uint64_t bitmap = 0;

			for (; i < count && relocations[i].r_offset - next < UINT64_C(63) * 8; i++)
				bitmap |= UINT64_C(2) << (relocations[i].r_offset - next) / 8;
			if (bitmap == 0)
				break;
			table[entries++] = bitmap | 1;
		}
	}
	return entries;
}

/*
 * The segment ends with a page of 4 KiB in memory: who rounds its end down protects all of it
 * where pages are that small. Where they are larger its end must be rounded up.
 */
static void name_relro(Elf64_Phdr *relro)
{
	relro->p_type = PT_GNU_RELRO;
	for (int i = 0; i < header()->e_phnum; i++) {
		Elf64_Phdr *segment = &segments()[i];

		if (segment->p_vaddr == relro->p_vaddr &&
			(segment->p_type == PT_LOAD || segment->p_type == PT_GNU_RELRO))
			segment->p_memsz =
				((segment->p_vaddr + segment->p_filesz + 4095) & ~UINT64_C(4095)) -
				segment->p_vaddr;
	}
}

static Elf64_Dyn *dynamic_entry(Elf64_Dyn *entry, int64_t tag)
{
	while (entry->d_tag != tag && entry->d_tag != DT_NULL)
		entry++;
	return entry->d_tag == tag ? entry : NULL;
}

static void replace_tag(Elf64_Dyn *dynamic, int64_t from, int64_t to, uint64_t value)
{
	Elf64_Dyn *entry = dynamic_entry(dynamic, from);

	if (entry == NULL)
		fail("DT_RELA is incomplete");
	entry->d_tag = to;
	entry->d_un.d_val = value;
}

/* Cuts bytes out of the file, and moves what follows them. */
static void cut(uint64_t offset, uint64_t bytes, uint64_t table, uint64_t table_size)
{
	Elf64_Shdr *sections = at(header()->e_shoff, header()->e_shnum * sizeof(Elf64_Shdr));
	char *names = at(
		sections[header()->e_shstrndx].sh_offset, sections[header()->e_shstrndx].sh_size);

	for (int i = 0; i < header()->e_shnum; i++) {
		if (sections[i].sh_type == SHT_RELA && sections[i].sh_offset == table) {
			sections[i].sh_type = SHT_RELR;
			sections[i].sh_size = table_size;
			sections[i].sh_entsize = 8;
			if (strcmp(names + sections[i].sh_name, ".rela.dyn") == 0)
				names[sections[i].sh_name + 4] = 'r';
		}
		if (sections[i].sh_offset >= offset + bytes)
			sections[i].sh_offset -= bytes;
	}
	header()->e_shoff -= bytes;
	memmove(file + offset, file + offset + bytes, file_size - offset - bytes);
	file_size -= bytes;
}

static void pack_file(void)
{
	Elf64_Phdr *last = NULL;
	Elf64_Dyn *dynamic = NULL;
	Elf64_Dyn *rela;
	Elf64_Dyn *count;
	Elf64_Rela *relocations;
	uint64_t *table;
	uint64_t offset;
	size_t old_size;
	size_t new_size;

	if (memcmp(at(0, EI_NIDENT), ELFMAG "\2\1", SELFMAG + 2) != 0)
		fail("it is not a little-endian ELF file of 64 bits");
	for (int i = 0; i < header()->e_phnum; i++) {
		if (segments()[i].p_type == PT_LOAD)
			last = &segments()[i];
		if (segments()[i].p_type == PT_DYNAMIC)
			dynamic = at(segments()[i].p_offset, segments()[i].p_filesz);
		if (segments()[i].p_type == PT_NULL)
			name_relro(&segments()[i]);
	}
	if (last == NULL || dynamic == NULL)
		fail("it is not a PIE");
	rela = dynamic_entry(dynamic, DT_RELA);
	count = dynamic_entry(dynamic, DT_RELASZ);
	if (rela == NULL || count == NULL)
		fail("it has no DT_RELA");
	old_size = count->d_un.d_val;
	relocations = at_address(rela->d_un.d_ptr, old_size);
	offset = (uint64_t)((unsigned char *)relocations - file);
	if (offset + old_size != last->p_offset + last->p_filesz)
		fail("the relocations are not at the end; link with deps/static-pie.ld");
	qsort(relocations, old_size / sizeof(Elf64_Rela), sizeof(Elf64_Rela), compare);
	table = calloc(old_size / sizeof(Elf64_Rela) + 1, 2 * sizeof(*table));
	if (table == NULL)
		fail("out of memory");
	new_size = 8 * pack(relocations, old_size / sizeof(Elf64_Rela), table);
	if (new_size > old_size)
		fail("the packed form is longer");
	memcpy(relocations, table, new_size);
	free(table);
	replace_tag(dynamic, DT_RELA, DT_RELR, rela->d_un.d_ptr);
	replace_tag(dynamic, DT_RELASZ, DT_RELRSZ, new_size);
	replace_tag(dynamic, DT_RELAENT, DT_RELRENT, 8);
	/* The number of DT_RELA's relative relocations: it has none. */
	for (count = dynamic_entry(dynamic, DT_RELACOUNT); count != NULL && count->d_tag != DT_NULL;
		count++)
		count[0] = count[1];
	last->p_filesz -= old_size - new_size;
	cut(offset + new_size, old_size - new_size, offset, new_size);
}

int main(int argc, char **argv)
{
	FILE *stream;
	long size;

	if (argc != 2) {
		fputs("usage: pack-relocations FILE\n", stderr);
		return 2;
	}
	stream = fopen(argv[1], "rb");
	if (stream == NULL || fseek(stream, 0, SEEK_END) != 0 || (size = ftell(stream)) < 0 ||
		fseek(stream, 0, SEEK_SET) != 0)
		fail("it can't be read");
	file_size = (size_t)size;
	file = malloc(file_size + 1);
	if (file == NULL || fread(file, 1, file_size, stream) != file_size)
		fail("it can't be read");
	fclose(stream);
	pack_file();
	/* Written in place, so that it keeps its mode. */
	stream = fopen(argv[1], "wb");
	if (stream == NULL || fwrite(file, 1, file_size, stream) != file_size ||
		fclose(stream) != 0)
		fail("it can't be written");
	free(file);
	return 0;
}
