#include "base/resolve.h"

#include <netdb.h>
#include <string.h>

const char *resolve_host(const char *host, unsigned port, struct resolve_result *result)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	/* Without a host: the loopback addresses of both families; a service is needed (getaddrinfo(3)). */
	int failure = getaddrinfo(
		*host != '\0' ? host : NULL, *host != '\0' ? NULL : "0", &hints, &found);

	if (failure != 0)
		return gai_strerror(failure);
	result->count = 0;
	for (struct addrinfo *at = found; at != NULL && result->count < RESOLVE_MAX;
		at = at->ai_next) {
		struct resolve_address *to = &result->addresses[result->count++];

		to->len = at->ai_addrlen;
		memcpy(&to->address, at->ai_addr, at->ai_addrlen);
		/* sin_port and sin6_port lie at the same place. */
		to->address.in4.sin_port = htons((in_port_t)port);
	}
	freeaddrinfo(found);
	return NULL;
}
