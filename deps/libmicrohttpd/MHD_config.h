/*
 * MHD_config.h - what libmicrohttpd 1.0.10 is built with, instead of the header that its
 * ./configure writes. One header serves glibc and musl, x86-64 and arm64: what differs stands
 * under an #if. It has the macros that the compiled files ask for, and no other.
 * tests/deps/test_configuration.py compares it with what ./configure finds.
 *
 * Off: all that a hello service does not call. Each of these is code that would parse what an
 * unverified peer sends.
 *   HAVE_POSTPROCESSOR, COOKIE_SUPPORT   forms and cookies are never read
 *   BAUTH_SUPPORT, DAUTH_SUPPORT         there are no passwords
 *   UPGRADE_SUPPORT                      there is no WebSocket
 *   HAVE_MESSAGES, ENABLE_NLS            the library's error pages and texts are not used
 *   HAVE_SENDFILE, HAVE_POLL             bodies come from memory; epoll is the event loop
 *   MHD_USE_THREAD_NAME_                 a sandboxed thread may not call prctl
 * HTTPS_SUPPORT comes from deps/libmicrohttpd.mk, for the flavours with TLS.
 */
#include <limits.h> /* __GLIBC__, PAGESIZE */

#define PACKAGE_VERSION "1.0.10"
#define VERSION "1.0.10"

/* ---- what it does */
#define EPOLL_SUPPORT 1
#define _MHD_ITC_EVENTFD 1
#define MHD_USE_POSIX_THREADS 1
#define MHD_NO_THREAD_NAMES 1
#define MHD_USE_SYS_TSEARCH 1
/* Of ours, deps/patches/libmicrohttpd/70-one-mode.patch. */
#define MHD_ONE_MODE 1
#define MHD_USE_GETSOCKNAME 1
#ifdef __OPTIMIZE_SIZE__
#define MHD_FAVOR_SMALL_CODE 1
#else
#define MHD_FAVOR_FAST_CODE 1
#endif

/* ---- the compiler */
#define _MHD_EXTERN __attribute__((visibility("default"))) extern
#define _MHD_NORETURN _Noreturn
#define _MHD_static_inline static inline __attribute__((always_inline))
#define HAVE_C_ALIGNOF 1
#define HAVE_INLINE_FUNCS 1
#define HAVE___FUNC__ 1
#define MHD_HAVE___BUILTIN_BSWAP32 1
#define MHD_HAVE___BUILTIN_BSWAP64 1
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define WORDS_BIGENDIAN 1
#endif
#define SIZEOF_INT 4
#define SIZEOF_INT64_T 8
#define SIZEOF_SIZE_T __SIZEOF_SIZE_T__
#define SIZEOF_STRUCT_TIMEVAL_TV_SEC 8
#define SIZEOF_UINT64_T 8
#define SIZEOF_UNSIGNED_INT 4
#define SIZEOF_UNSIGNED_LONG_LONG 8

/* ---- Linux and the C library */
#define LINUX 1
#define HAS_SIGNED_SOCKET 1
#define MHD_SYS_FD_SETSIZE_ 1024
#define HAVE_ACCEPT4 1
#define HAVE_CALLOC 1
#define HAVE_CLOCK_GETTIME 1
#define HAVE_EPOLL_CREATE1 1
#define HAVE_GETTIMEOFDAY 1
#define HAVE_GMTIME_R 1
#define HAVE_INET6 1
#define HAVE_LISTEN_SHUTDOWN 1
#define HAVE_PREAD 1
#define HAVE_PTHREAD_SIGMASK 1
#define HAVE_SENDMSG 1
#define HAVE_SNPRINTF 1
#define HAVE_SOCK_NONBLOCK 1
#define HAVE_SYSCONF 1
#define HAVE_TIMESPEC_GET 1
#define HAVE_WRITEV 1
#ifdef __GLIBC__ /* musl's off_t has 64 bits without another name */
#define HAVE_LSEEK64 1
#define HAVE_PREAD64 1
#endif
#ifdef PAGESIZE /* musl, where the architecture has one size only */
#define MHD_USE_PAGESIZE_MACRO 1
#define MHD_USE_PAGESIZE_MACRO_STATIC 1
#endif

/* ---- headers */
#define HAVE_ARPA_INET_H 1
#define HAVE_ENDIAN_H 1
#define HAVE_FCNTL_H 1
#define HAVE_INTTYPES_H 1
#define HAVE_LIMITS_H 1
#define HAVE_NETDB_H 1
#define HAVE_NETINET_IN_H 1
#define HAVE_NETINET_TCP_H 1
#define HAVE_NET_IF_H 1
#define HAVE_PTHREAD_H 1
#define HAVE_SIGNAL_H 1
#define HAVE_STDALIGN_H 1
#define HAVE_STDBOOL_H 1
#define HAVE_STDDEF_H 1
#define HAVE_STDLIB_H 1
#define HAVE_STRING_H 1
#define HAVE_SYS_IOCTL_H 1
#define HAVE_SYS_MMAN_H 1
#define HAVE_SYS_MSG_H 1
#define HAVE_SYS_PARAM_H 1
#define HAVE_SYS_SELECT_H 1
#define HAVE_SYS_SOCKET_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_TIME_H 1
#define HAVE_UNISTD_H 1
