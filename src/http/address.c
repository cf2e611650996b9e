#include "http/address.h"

#include "http/chars.h"
#include "http/uri.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

int address_split(const char *text, char *host, unsigned *port)
{
	size_t len = uri_host_length(text, strlen(text));
	const char *digits = text + len + 1;
	unsigned number = 0;

	if (text[len] != ':' || *digits == '\0')
		return -1;
	for (; *digits != '\0'; digits++) {
		if (!char_is_digit(*digits))
			return -1;
		number = number * 10 + (unsigned)(*digits - '0');
		if (number > 65535)
			return -1;
	}
	if (len > 0 && *text == '[') {
		text++;
		len -= 2;
		if (len == 0)
			return -1;
	}
	if (len >= ADDRESS_HOST_SIZE)
		return -1;
	memcpy(host, text, len);
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
