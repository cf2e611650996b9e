#include "http/url.h"

#include <string.h>
#include <strings.h>

#define WANT "want http://HOST[:PORT][/PATH] or https://..."

/* Returns: what is behind the scheme, NULL where it is neither http nor https. */
static const char *take_scheme(const char *text, bool *secure)
{
	static const char plain[] = "http://";
	static const char tls[] = "https://";

	*secure = strncasecmp(text, tls, strlen(tls)) == 0;
	if (*secure)
		return text + strlen(tls);
	return strncasecmp(text, plain, strlen(plain)) == 0 ? text + strlen(plain) : NULL;
}

int url_parse(const char *text, struct url *url, struct error *err)
{
	char authority[ADDRESS_HOST_SIZE + 16];
	const char *start = take_scheme(text, &url->secure);
	const char *port = url->secure ? ":443" : ":80";
	size_t len;

	if (start == NULL)
		return error_set(err, 0, "URL", text, "not an http or https URL", WANT);
	for (const char *c = start; *c != '\0'; c++) {
		/* A space or a line break would end the request line early. */
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7F)
			return error_set(err, 0, "URL", text,
				"has a space, a control character or one that is not ASCII",
				"want it percent-encoded");
	}
	len = strcspn(start, "/?#");
	if (memchr(start, '@', len) != NULL)
		return error_set(err, 0, "URL", text, "has a user name", WANT);
	if (len == 0 || len > ADDRESS_HOST_SIZE)
		return error_set(err, 0, "URL", text, "not a host", WANT);
	memcpy(authority, start, len);
	authority[len] = '\0';
	if (address_split(authority, url->host, &url->port) != 0) {
		memcpy(authority + len, port, strlen(port) + 1);
		if (address_split(authority, url->host, &url->port) != 0)
			return error_set(err, 0, "URL", text, "not a host and port", WANT);
	}
	if (url->port == 0 || url->host[0] == '\0')
		return error_set(err, 0, "URL", text, "not a host and port", WANT);
	url->path = start + len;
	return 0;
}

void url_write_host(const struct url *url, struct strbuf *out)
{
	const char *host = url->host[0] != '\0' ? url->host : "localhost";
	bool brackets = strchr(host, ':') != NULL;

	strbuf_add_string(out, brackets ? "[" : "");
	/* An interface's name means something on this machine alone (RFC 6874, section 4). */
	strbuf_add(out, host, brackets ? strcspn(host, "%") : strlen(host));
	strbuf_add_string(out, brackets ? "]" : "");
	if (url->port == (url->secure ? 443 : 80))
		return;
	strbuf_add_string(out, ":");
	strbuf_add_unsigned(out, url->port, 1);
}

void url_write_origin(const struct url *url, struct strbuf *out)
{
	strbuf_add_string(out, url->secure ? "https://" : "http://");
	url_write_host(url, out);
}

void url_write_target(const struct url *url, struct strbuf *out)
{
	if (url->path[0] != '/')
		strbuf_add_string(out, "/");
	strbuf_add(out, url->path, strcspn(url->path, "#"));
}

/* Returns: the bytes of a scheme and its colon at the start (RFC 3986, section 3.1), or 0. */
static size_t scheme_len(const char *reference, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = reference[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (c == ':')
			return i == 0 ? 0 : i + 1;
		if (!letter && (i == 0 || strchr("0123456789+-.", c) == NULL || c == '\0'))
			return 0;
	}
	return 0;
}

/* Appends a path without its "." and ".." (RFC 3986, section 5.2.4); it starts with '/'. */
static void add_path(const char *path, size_t len, struct strbuf *out)
{
	size_t root = out->len;
	size_t at = 0;

	while (at < len) {
		const char *next = memchr(path + at + 1, '/', len - at - 1);
		size_t end = next != NULL ? (size_t)(next - path) : len;
		size_t segment = end - at; /* with its leading slash */
		bool one = segment == 2 && path[at + 1] == '.';
		bool two = segment == 3 && path[at + 1] == '.' && path[at + 2] == '.';

		if (two) {
			while (out->len > root && out->data[--out->len] != '/')
				;
		}
		if (!one && !two)
			strbuf_add(out, path + at, segment);
		else if (end == len)
			strbuf_add_string(out, "/");
		at = end;
	}
}

void url_resolve(const struct url *base, const char *reference, size_t len, struct strbuf *out)
{
	const char *fragment = memchr(reference, '#', len);
	size_t path_len = strcspn(base->path, "?#");
	size_t keep = path_len;
	char storage[4096];
	struct strbuf merged = STRBUF_OVER(storage);
	const char *query;

	if (fragment != NULL)
		len = (size_t)(fragment - reference);
	if (scheme_len(reference, len) > 0) {
		strbuf_add(out, reference, len);
		return;
	}
	if (len >= 2 && memcmp(reference, "//", 2) == 0) {
		strbuf_add_string(out, base->secure ? "https:" : "http:");
		strbuf_add(out, reference, len);
		return;
	}
	url_write_origin(base, out);
	if (len == 0 || reference[0] == '?') {
		strbuf_add(&merged, base->path, path_len);
		if (len == 0)
			strbuf_add(&merged, base->path + path_len,
				strcspn(base->path + path_len, "#"));
	} else if (reference[0] != '/') {
		while (keep > 0 && base->path[keep - 1] != '/')
			keep--;
		strbuf_add(&merged, keep > 0 ? base->path : "/", keep > 0 ? keep : 1);
	}
	strbuf_add(&merged, reference, len);
	query = memchr(merged.data, '?', merged.len);
	keep = query != NULL ? (size_t)(query - merged.data) : merged.len;
	add_path(merged.data, keep, out);
	strbuf_add(out, merged.data + keep, merged.len - keep);
	out->truncated |= merged.truncated;
}
