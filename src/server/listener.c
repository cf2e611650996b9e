#include "server/listener.h"
#include "base/resolve.h"
#include "http/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

/* Linux cuts this to net.core.somaxconn; waiting connections are the overload buffer. */
#define BACKLOG 4096

/* Returns: the socket, or -1 with errno set. */
static int open_at(const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;
	int off = 0;

	if (fd < 0)
		return -1;
	/* A restart must not wait for the connections that the last process left in TIME-WAIT. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		(address->sa_family != AF_INET6 ||
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0) &&
		bind(fd, address, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

static int open_any(unsigned port)
{
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_ANY_INIT,
		.sin6_port = htons((in_port_t)port)};
	struct sockaddr_in any4 = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_ANY),
		.sin_port = htons((in_port_t)port)};
	int fd = open_at((struct sockaddr *)&any6, sizeof(any6));

	/* No IPv6 in the kernel, and IPv6 turned off by sysctl. */
	if (fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = open_at((struct sockaddr *)&any4, sizeof(any4));
	return fd;
}

/* Returns: the socket; -1 with errno set; -2 with *resolver set if the name has no address. */
static int open_host(const char *host, unsigned port, const char **resolver)
{
	struct resolve_result found;
	int fd = -1;

	*resolver = resolve_host(host, port, &found);
	if (*resolver != NULL)
		return -2;
	for (size_t i = 0; i < found.count && fd < 0; i++)
		fd = open_at(&found.addresses[i].address.any, found.addresses[i].len);
	return fd;
}

static const char *hint_for(int errnum)
{
	switch (errnum) {
	case EADDRINUSE:
		return "another process listens there; choose another port or 0 for a free one";
	case EACCES:
		return "ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher one";
	case EADDRNOTAVAIL:
		return "the host must be an address of this machine";
	default:
		return NULL;
	}
}

int listener_open(const char *addr, const char *subject, int *fd, unsigned *port, struct error *err)
{
	char host[ADDRESS_HOST_SIZE];
	const char *resolver = NULL;
	union {
		struct sockaddr any;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} bound = {0};
	socklen_t len = sizeof(bound);
	int opened;

	if (address_split(addr, host, port) != 0)
		return error_set(err, 0, subject, addr, "not an address", "want host:port");
	opened = *host == '\0' ? open_any(*port) : open_host(host, *port, &resolver);
	if (opened == -2)
		return error_set(
			err, 0, subject, addr, resolver, "want an address of this machine");
	if (opened < 0)
		return error_set(err, errno, subject, addr, "can't listen", hint_for(errno));
	/* sin_port and sin6_port lie at the same place. */
	if (getsockname(opened, &bound.any, &len) == 0)
		*port = ntohs(bound.in4.sin_port);
	*fd = opened;
	return 0;
}
