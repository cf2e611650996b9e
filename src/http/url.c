#include "http/url.h"

#include "http/uri.h"

#include <string.h>
#include <strings.h>

#define WANT "want http://HOST[:PORT][/PATH] or https://..."

/* Returns: text without its scheme and "://"; NULL where the scheme is neither http nor https. */
static const char *skip_scheme(const char *text, bool *secure)
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
	const char *start = skip_scheme(text, &url->secure);
	const char *port = url->secure ? ":443" : ":80";
	size_t len;

	if (start == NULL)
		return error_set(err, 0, "URL", text, "not an http or https URL", WANT);
	for (const char *c = start; *c != '\0'; c++) {
		/* A space or a line break would end the request line early. */
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7F)
			return error_set(err, 0, "URL", text,
				"contains a space, a control character or a non-ASCII character",
				"percent-encode it");
	}
	len = strcspn(start, "/?#");
	if (memchr(start, '@', len) != NULL)
		return error_set(err, 0, "URL", text, "contains a user name", WANT);
	/* The host becomes a Host field, so that field's grammar holds. */
	if (len > ADDRESS_HOST_SIZE || !uri_is_host(start, len))
		return error_set(err, 0, "URL", text, "invalid host or port", WANT);
	memcpy(authority, start, len);
	authority[len] = '\0';
	if (address_split(authority, url->host, &url->port) != 0) {
		memcpy(authority + len, port, strlen(port) + 1);
		if (address_split(authority, url->host, &url->port) != 0)
			return error_set(err, 0, "URL", text, "invalid host or port", WANT);
	}
	if (url->port == 0 || url->host[0] == '\0')
		return error_set(err, 0, "URL", text, "invalid host or port", WANT);
	url->path = start + len;
	return 0;
}

void url_write_host(const struct url *url, struct strbuf *out)
{
	const char *host = url->host[0] != '\0' ? url->host : "localhost";
	bool brackets = strchr(host, ':') != NULL;

	strbuf_add_string(out, brackets ? "[" : "");
	/* The zone is local to this machine (RFC 6874, section 4). */
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
	if (uri_scheme_length(reference, len) > 0) {
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
	strbuf_add(out, merged.data, uri_remove_dots(merged.data, keep, URI_DOTS_RFC));
	strbuf_add(out, merged.data + keep, merged.len - keep);
	out->truncated |= merged.truncated;
}
