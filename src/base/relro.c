/*
 * relro.c - makes relocated data read-only before main() runs (PT_GNU_RELRO, elf(5)).
 *
 * A dynamic loader does this for the programs it loads. A static PIE relocates itself, and
 * musl's start code leaves that memory writable. There is no header: nothing calls this.
 */
#include "base/error.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Where the file's first byte lies; made by the linker. Of unknown length: as an object of one header, the program
 * headers behind it would be out of bounds, which gcc 14's UBSan reports.
 */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's name */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/*
 * The lowest priority that is not the compiler's runs before all other constructors. Where a
 * loader has done it already, this changes nothing.
 */
static void __attribute__((constructor(101))) protect_relocated_data(void)
{
	const ElfW(Ehdr) *file = (const void *)__ehdr_start;
	const ElfW(Phdr) *segment = (const void *)(__ehdr_start + file->e_phoff);
	/* The kernel's page: on arm64 it has 4, 16 or 64 KiB, whatever the linker assumed. */
	uintptr_t page_mask = ~((uintptr_t)getauxval(AT_PAGESZ) - 1);
	struct error err = {0};

	for (size_t i = 0; i < file->e_phnum; i++, segment++) {
		/* In a PIE the file's first byte has the address 0. */
		uintptr_t start = (file->e_type == ET_DYN ? (uintptr_t)file : 0) + segment->p_vaddr;
		/* Rounded up: other data begins in another page (deps/static-pie.ld). */
		uintptr_t end = (start + segment->p_memsz + ~page_mask) & page_mask;

		start &= page_mask;
		/* NOLINTBEGIN(performance-no-int-to-ptr): the file has addresses as numbers */
		if (segment->p_type != PT_GNU_RELRO ||
			mprotect((void *)start, end - start, PROT_READ) == 0)
			continue;
		/* NOLINTEND(performance-no-int-to-ptr) */
		error_set(&err, errno, "relocated data", NULL, "can't be made read-only", NULL);
		error_print(STDERR_FILENO, &err);
		_exit(1);
	}
}
