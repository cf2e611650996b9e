#include "http/address.h"

#include "base/hex.h"
#include "http/chars.h"
#include "http/uri.h"

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

static void add_ipv4(struct strbuf *out, const unsigned char bytes[4])
{
	for (size_t i = 0; i < 4; i++) {
		strbuf_add_string(out, i > 0 ? "." : "");
		strbuf_add_unsigned(out, bytes[i], 1);
	}
}

/* Appends a number of 16 bits in hexadecimal, without leading zeros. */
static void add_group(struct strbuf *out, unsigned group)
{
	int shift = 12;

	while (shift > 0 && group >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		strbuf_add(out, &HEX_LOWER[group >> shift & 15], 1);
}

/* RFC 5952, section 4: the longest run of at least two zero groups, the first of equals, is "::". */
static void add_ipv6(struct strbuf *out, const unsigned char bytes[16])
{
	unsigned groups[8];
	size_t zeros = 0;     /* where the longest run starts */
	size_t zeros_len = 1; /* shorter ones are not replaced */
	size_t run = 0;

	for (size_t i = 0; i < 8; i++) {
		groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
		run = groups[i] == 0 ? run + 1 : 0;
		if (run > zeros_len) {
			zeros_len = run;
			zeros = i + 1 - run;
		}
	}
	for (size_t i = 0; i < 8; i++) {
		if (zeros_len > 1 && i == zeros) {
			strbuf_add_string(out, "::");
			i += zeros_len - 1;
			continue;
		}
		if (i > 0 && (zeros_len == 1 || i != zeros + zeros_len))
			strbuf_add_string(out, ":");
		add_group(out, groups[i]);
	}
}

void address_write(const struct sockaddr *address, struct strbuf *out)
{
	unsigned port = 0;

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in4 = (const struct sockaddr_in *)(const void *)address;

		add_ipv4(out, (const unsigned char *)&in4->sin_addr);
		port = ntohs(in4->sin_port);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;

		port = ntohs(in6->sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			add_ipv4(out, &in6->sin6_addr.s6_addr[12]);
		} else {
			strbuf_add_string(out, "[");
			add_ipv6(out, in6->sin6_addr.s6_addr);
			strbuf_add_string(out, "]");
		}
	} else {
		strbuf_add_string(out, "unknown");
		return;
	}
	strbuf_add_string(out, ":");
	strbuf_add_unsigned(out, port, 1);
}
