# musl: the C library inside the binaries, as a static archive. Headers, start files and
# musl.specs, with which gcc compiles against it and links static PIEs, come from deps/musl-prefix.
#
# Debian's musl-gcc would not do: it knows no static PIE, its libc is made for speed, and its
# headers hide the kernel's.
#
# A quarter of musl's files is compiled: those that the programs of this project link. A call of
# anything else is an undefined reference when the program is linked: add the file that defines it
# to musl_LINKED. tests/deps/test_musl.py links the release with a libc of all files and compares
# the bytes.
musl_VERSION := 1.2.6
musl_ROOT := musl-$(musl_VERSION)
musl_PATHS := VERSION include src crt ldso arch/generic arch/x86_64 arch/aarch64 tools

musl_LINKED := \
	$(addprefix conf/,sysconf) \
	$(addprefix ctype/,isalnum tolower) \
	$(addprefix dirent/,closedir fdopendir readdir) \
	$(addprefix env/,__environ __init_tls __libc_start_main __stack_chk_fail getenv) \
	$(addprefix errno/,__errno_location strerror) \
	$(addprefix exit/,_Exit abort abort_lock exit) \
	$(addprefix fcntl/,fcntl open openat) \
	$(addprefix internal/,defsysinfo floatscan intscan libc procfdname shgetc syscall_ret vdso \
		version) \
	$(addprefix linux/,clone epoll eventfd getrandom prctl prlimit process_vm ptrace sysinfo) \
	$(addprefix locale/,__lctrans langinfo) \
	$(addprefix malloc/,calloc free lite_malloc realloc replaced) \
	$(addprefix malloc/mallocng/,free malloc realloc) \
	$(addprefix math/,__fpclassifyl __signbitl copysignl fabsl fmodl frexpl scalbn scalbnl) \
	$(addprefix misc/,getauxval getrlimit ioctl realpath setrlimit syscall uname) \
	$(addprefix mman/,mmap mprotect mremap munmap) \
	$(addprefix multibyte/,internal mbrtowc mbsinit mbsrtowcs mbstowcs wcrtomb wctomb) \
	$(addprefix network/,accept accept4 bind connect dn_expand dns_parse freeaddrinfo \
		gai_strerror getaddrinfo getsockname getsockopt htonl htons if_nametoindex inet_aton \
		inet_ntop inet_pton listen lookup_ipliteral lookup_name lookup_serv ntohs recv recvfrom \
		recvmsg res_mkquery res_msend resolvconf send sendmsg sendto setsockopt shutdown socket) \
	$(addprefix process/,_Fork execv execve fork waitpid) \
	$(addprefix sched/,affinity sched_cpucount) \
	$(addprefix search/,tdelete tfind tsearch) \
	$(addprefix select/,poll select) \
	$(addprefix signal/,block kill raise restore setitimer sigaction sigaddset sigemptyset \
		sigfillset signal sigprocmask sigtimedwait) \
	$(addprefix stat/,fchmod fstat fstatat lstat stat statvfs umask) \
	$(addprefix stdio/,__fclose_ca __fopen_rb_ca __lockfile __overflow __stdio_close \
		__stdio_exit __stdio_read __stdio_seek __stdio_write __stdout_write __toread __towrite \
		__uflow fgets fprintf fputc fputs fwrite getc ofl perror printf rename snprintf sscanf \
		stderr stdout vfprintf vfscanf vsnprintf vsscanf) \
	$(addprefix stdlib/,qsort qsort_nr strtol) \
	$(addprefix string/,memchr memcmp memcpy memmem memmove memrchr memset stpcpy stpncpy strchr \
		strchrnul strcmp strcpy strcspn strdup strlen strncasecmp strncmp strncpy strndup strnlen \
		strrchr strspn strstr) \
	$(addprefix temp/,__randname mkostemp mkostemps) \
	$(addprefix thread/,__lock __set_thread_area __syscall_cp __timedwait __unmapself __wait \
		clone default_attr lock_ptc pthread_attr_destroy pthread_attr_init pthread_attr_setstacksize \
		pthread_cleanup_push pthread_create pthread_detach pthread_join pthread_key_create \
		pthread_mutex_destroy pthread_mutex_init pthread_mutex_lock pthread_mutex_timedlock \
		pthread_mutex_trylock pthread_mutex_unlock pthread_once pthread_rwlock_rdlock pthread_rwlock_timedrdlock \
		pthread_rwlock_timedwrlock pthread_rwlock_tryrdlock pthread_rwlock_trywrlock \
		pthread_rwlock_unlock pthread_rwlock_wrlock pthread_self pthread_setcancelstate \
		pthread_setspecific pthread_sigmask pthread_testcancel sem_destroy sem_init sem_post sem_timedwait sem_trywait \
		sem_wait synccall vmlock) \
	$(addprefix time/,__map_file __month_to_secs __secs_to_tm __tm_to_secs __tz __utc \
		__year_to_secs clock_gettime clock_nanosleep gmtime_r localtime_r nanosleep strftime time \
		timespec_get) \
	$(addprefix unistd/,_exit close faccessat getcwd getegid geteuid getgid gethostname getuid \
		lseek pipe pipe2 pread read readlink unlink write)

# What an architecture writes in another way takes the place of the file of that name.
musl_x86_64 := math/x86_64/fabsl.c math/x86_64/fmodl.c \
	signal/x86_64/restore.s string/x86_64/memcpy.s string/x86_64/memmove.s string/x86_64/memset.s \
	thread/x86_64/__set_thread_area.s thread/x86_64/__unmapself.s thread/x86_64/clone.s
musl_aarch64 := signal/aarch64/restore.s string/aarch64/memcpy.S \
	string/aarch64/memset.S thread/aarch64/__set_thread_area.c thread/aarch64/__unmapself.s \
	thread/aarch64/clone.s

musl_ARCH := $(machine)
musl_REPLACED := $(musl_$(musl_ARCH))
# Sorted by path, as musl's own Makefile has them in its archive.
musl_FILES := $(sort $(musl_REPLACED) $(addsuffix .c,$(filter-out \
	$(subst /$(musl_ARCH)/,/,$(basename $(musl_REPLACED))),$(musl_LINKED))))
musl_objects := $(patsubst %,$(BUILD)/musl/deps/musl/%.o,$(basename $(musl_FILES)))
musl_START := rcrt1.o crti.o crtn.o

# What musl's configure finds with this compiler, but for warnings. -fPIC, because its objects
# assume it where the compiler makes position-independent programs by default.
musl_FLAGS := -std=c99 -nostdinc -ffreestanding -fexcess-precision=standard -frounding-math \
	-fno-strict-aliasing -Wa,--noexecstack -D_XOPEN_SOURCE=700 \
	-I$(musl_DIR)/arch/$(musl_ARCH) -I$(musl_DIR)/arch/generic -I$(BUILD)/musl/deps/musl \
	-I$(musl_DIR)/src/include -I$(musl_DIR)/src/internal -I$(BUILD)/musl/deps/include \
	-pipe -fomit-frame-pointer -w -Werror=implicit-function-declaration \
	-Werror=implicit-int -Werror=pointer-sign -Werror=pointer-arith
# The first functions that run set up the stack protector, or are called by those that do.
musl_UNPROTECTED := env/__libc_start_main env/__init_tls env/__stack_chk_fail \
	thread/__set_thread_area thread/$(musl_ARCH)/__set_thread_area \
	string/memset string/memcpy string/$(musl_ARCH)/memset string/$(musl_ARCH)/memcpy
# Functions that a compiler would otherwise turn into calls of themselves.
musl_MEMORY := string/memcpy string/memmove string/memcmp string/memset
musl_flags = $(if $(filter $(1),$(musl_MEMORY)),-fno-tree-loop-distribute-patterns) \
	$(if $(filter $(1),$(musl_UNPROTECTED)),-fno-stack-protector)

musl_SPECS := $(BUILD)/musl/deps/lib/musl.specs
musl_LIBC := $(BUILD)/musl/deps/lib/libc.a

$(musl_SPECS): $(musl_DIR)/unpacked deps/musl-prefix deps/musl.mk
	$(call show,GEN,$@)
	$(Q)CC='$(musl_CC)' deps/musl-prefix $(musl_DIR) $(musl_ARCH) $(BUILD)/musl/deps
	$(Q)mkdir -p $(sort $(dir $(musl_objects))) $(BUILD)/musl/deps/musl/crt

define musl_compile
$(call show,CC,$@)
$(Q)$(musl_CC) $(musl_FLAGS) $(musl_CFLAGS) -fPIC $(call musl_flags,$*) -c -o $@ $(musl_DIR)/src/$(filter $*.c $*.s $*.S,$(musl_FILES))
endef
$(musl_objects): $(BUILD)/musl/deps/musl/%.o: $(musl_SPECS)
	$(musl_compile)
# rcrt1.o relocates the program by itself before main: there is no loader to do it. gcc's
# crtbegin and crtend serve C++ and unwinding; C needs neither.
$(musl_START:%=$(BUILD)/musl/deps/lib/%): $(BUILD)/musl/deps/lib/%.o: $(musl_SPECS)
	$(call show,CC,$@)
	$(Q)$(musl_CC) $(musl_FLAGS) $(musl_CFLAGS) -fPIC -fno-stack-protector -DCRT -c -o $@ \
		$(musl_DIR)/crt/$(if $(filter rcrt1,$*),rcrt1.c,$(musl_ARCH)/$*.s)
# After the start files: who has the archive can link.
$(musl_LIBC): $(musl_objects) $(musl_START:%=$(BUILD)/musl/deps/lib/%)
	$(call show,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $(musl_objects)
