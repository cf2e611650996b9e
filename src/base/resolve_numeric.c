/* resolve_numeric.c - resolve.h in the minimal build: no names but localhost, no files, no DNS. */
#include "base/resolve.h"

#include <arpa/inet.h>
#include <string.h>

const char *resolve_host(const char *host, unsigned port, struct resolve_result *result)
{
	const in_port_t net_port = htons((in_port_t)port);
	struct in6_addr in6 = IN6ADDR_LOOPBACK_INIT;
	struct in_addr in4 = {htonl(INADDR_LOOPBACK)};
	const int loopback = *host == '\0' || strcmp(host, "localhost") == 0;

	result->count = 0;
	if (loopback || inet_pton(AF_INET6, host, &in6) == 1) {
		struct resolve_address *to = &result->addresses[result->count++];

		to->address.in6 = (struct sockaddr_in6){
			.sin6_family = AF_INET6, .sin6_port = net_port, .sin6_addr = in6};
		to->len = sizeof(struct sockaddr_in6);
	}
	if (loopback || inet_pton(AF_INET, host, &in4) == 1) {
		struct resolve_address *to = &result->addresses[result->count++];

		to->address.in4 = (struct sockaddr_in){
			.sin_family = AF_INET, .sin_port = net_port, .sin_addr = in4};
		to->len = sizeof(struct sockaddr_in);
	}
	return result->count > 0 ? NULL : "the minimal build resolves no names";
}
