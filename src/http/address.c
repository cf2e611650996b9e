#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

int address_split(const char *text, char *host, unsigned *port)
{
	const char *colon = strrchr(text, ':');
	const char *start = text;
	size_t len;
	unsigned number = 0;

	if (colon == NULL || colon[1] == '\0')
		return -1;
	for (const char *c = colon + 1; *c != '\0'; c++) {
		if (*c < '0' || *c > '9')
			return -1;
		number = number * 10 + (unsigned)(*c - '0');
		if (number > 65535)
			return -1;
	}
	len = (size_t)(colon - start);
	if (*start == '[') {
		if (len < 3 || start[len - 1] != ']')
			return -1;
		start++;
		len -= 2;
	} else if (memchr(start, ':', len) != NULL) {
		return -1; /* an IPv6 address needs brackets, or its end is not told from the port */
	}
	if (len >= ADDRESS_HOST_SIZE)
		return -1;
	memcpy(host, start, len);
	host[len] = '\0';
	*port = number;
	return 0;
}

int address_check(const char *text)
{
	char host[ADDRESS_HOST_SIZE];
	unsigned port;

	return address_split(text, host, &port);
}

void address_write(const struct sockaddr *address, struct strbuf *out)
{
	char buffer[INET6_ADDRSTRLEN] = "";
	unsigned port = 0;

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in4 = (const struct sockaddr_in *)(const void *)address;

		inet_ntop(AF_INET, &in4->sin_addr, buffer, sizeof(buffer));
		strbuf_add_string(out, buffer);
		port = ntohs(in4->sin_port);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;

		port = ntohs(in6->sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], buffer, sizeof(buffer));
			strbuf_add_string(out, buffer);
		} else {
			inet_ntop(AF_INET6, &in6->sin6_addr, buffer, sizeof(buffer));
			strbuf_add_string(out, "[");
			strbuf_add_string(out, buffer);
			strbuf_add_string(out, "]");
		}
	} else {
		strbuf_add_string(out, "unknown");
		return;
	}
	strbuf_add_string(out, ":");
	strbuf_add_unsigned(out, port, 1);
}
