#include "http/response.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

enum {
	MORE = 0,
	BAD = -1
};

static const struct {
	const char *bytes;
	int result; /* 1: whole */
	unsigned status;
	const char *status_text;
	enum response_framing framing;
	uint64_t left;
	bool done;
	const char *location;
} headers[] = {
	{"HTTP/1.1 200 OK\r\n\r\n", 1, 200, "200 OK", RESPONSE_UNTIL_CLOSE, 0, false, NULL},
	{"HTTP/1.0 503 \r\n\r\n", 1, 503, "503 ", RESPONSE_UNTIL_CLOSE, 0, false, NULL},
	{"HTTP/1.1 299\n\n", 1, 299, "299", RESPONSE_UNTIL_CLOSE, 0, false, NULL},
	{"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", 1, 200, "200 OK", RESPONSE_LENGTH, 12,
		false, NULL},
	{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1, 200, "200 OK", RESPONSE_LENGTH, 0, true,
		NULL},
	{"HTTP/1.1 200 OK\r\ncontent-length:7 \t\r\nCONTENT-LENGTH: 7\r\n\r\n", 1, 200, "200 OK",
		RESPONSE_LENGTH, 7, false, NULL},
	{"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n", 1, 200,
		"200 OK", RESPONSE_CHUNKED, 0, false, NULL},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", 1, 200, "200 OK",
		RESPONSE_CHUNKED, 0, false, NULL},
	{"HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n", 1, 204, "204 No", RESPONSE_LENGTH, 0, true,
		NULL},
	{"HTTP/1.1 304 Same\r\nTransfer-Encoding: gzip\r\n\r\n", 1, 304, "304 Same",
		RESPONSE_LENGTH, 0, true, NULL},
	{"HTTP/1.1 100 Continue\r\n\r\n", 1, 100, "100 Continue", RESPONSE_LENGTH, 0, true, NULL},
	{"HTTP/1.1 301 Go\r\nLocation:  /x \r\nContent-Length: 1\r\n\r\n", 1, 301, "301 Go",
		RESPONSE_LENGTH, 1, false, "/x"},
	{"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\nContent-Length:\r\n 5\r\n\r\n", 1, 200, "200 OK",
		RESPONSE_LENGTH, 5, false, NULL},
	{"", MORE},
	{"HTT", MORE},
	{"HTTP/1.1 200 OK\r\n", MORE},
	{"HTTP/1.1 200 OK\r\nA: b\r\n", MORE},
	{"HTTX", BAD},
	{"SSH-2.0-x\r\n", BAD},
	{"\r\n", BAD},
	{"HTTP/2.0 200", BAD},
	{"HTTP/1.1 2x0 OK\r\n\r\n", BAD},
	{"HTTP/1.1 099 OK\r\n\r\n", BAD},
	{"HTTP/1.1 600 OK\r\n\r\n", BAD},
	{"HTTP/1.1 2000\r\n\r\n", BAD},
	{"HTTP/1.1-200 OK\r\n\r\n", BAD},
	{"HTTP/1.1 20\r\n\r\n", BAD},
	{"HTTP/1.1 200 OK\r\nno field\r\n\r\n", BAD},
	{"HTTP/1.1 200 OK\r\n: x\r\n\r\n", BAD},
	{"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n", BAD},
	{"HTTP/1.1 200 OK\r\nContent-Length: 7, 7\r\n\r\n", BAD},
	{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", BAD},
	{"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", BAD},
	{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", BAD},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", BAD},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		BAD},
};

/* Returns: a copy of exactly its size, so that one byte too many is seen. */
static char *copy(const char *bytes, size_t len)
{
	char *own = malloc(len + 1);

	memcpy(own + 1, bytes, len);
	return own;
}

START_TEST(headers_are_read)
{
	size_t len = strlen(headers[_i].bytes);
	char *own = copy(headers[_i].bytes, len);
	struct response response;
	struct error err = {0};
	ptrdiff_t result = response_read_header(own + 1, len, &response, &err);

	if (headers[_i].result != 1) {
		ck_assert_int_eq(result, headers[_i].result);
		ck_assert(result == MORE || err.what != NULL);
		free(own);
		return;
	}
	ck_assert_int_eq(result, (ptrdiff_t)len);
	ck_assert_uint_eq(response.status, headers[_i].status);
	ck_assert_uint_eq(response.status_len, strlen(headers[_i].status_text));
	ck_assert_mem_eq(response.status_text, headers[_i].status_text, response.status_len);
	ck_assert_int_eq(response.framing, headers[_i].framing);
	ck_assert_uint_eq(response.left, headers[_i].left);
	ck_assert_int_eq(response.done, headers[_i].done);
	ck_assert_int_eq(response.location != NULL, headers[_i].location != NULL);
	if (response.location != NULL) {
		ck_assert_uint_eq(response.location_len, strlen(headers[_i].location));
		ck_assert_mem_eq(response.location, headers[_i].location, response.location_len);
	}
	free(own);
	/* Any part of it asks for more. */
	for (size_t part = 0; part < len; part++) {
		own = copy(headers[_i].bytes, part);
		ck_assert_int_eq(response_read_header(own + 1, part, &response, &err), MORE);
		free(own);
	}
}
END_TEST

START_TEST(a_nul_is_refused)
{
	char bytes[] = "HTTP/1.1 200 OK\r\nX: \0y\r\n\r\n";
	struct response response;
	struct error err = {0};

	ck_assert_int_eq(response_read_header(bytes, sizeof(bytes) - 1, &response, &err), -1);
}
END_TEST

static const struct {
	const char *framing; /* of the header */
	const char *bytes;
	int result; /* 1: the body ends there, 0: it may not, -1: refused */
	const char *body;
	size_t taken; /* of bytes, if not all */
} bodies[] = {
	{"Content-Length: 5", "hello", 1, "hello", 0},
	{"Content-Length: 5", "hellomore", 1, "hello", 5},
	{"Content-Length: 6", "hello", 0, "hello", 0},
	{"X: y", "hello", 1, "hello", 0},
	{"X: y", "", 1, "", 0},
	{"Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", 1, "hello", 0},
	{"Transfer-Encoding: chunked", "2\r\nhe\r\n3;a=\"b\"\r\nllo\r\n000\r\n\r\nmore", 1, "hello",
		28},
	{"Transfer-Encoding: chunked", "2\nhe\n3 \nllo\n0\n\n", 1, "hello", 0},
	{"Transfer-Encoding: chunked", "0\r\nTrailer: 1\r\nB: 2\r\n\r\n", 1, "", 0},
	{"Transfer-Encoding: chunked", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", 1,
		"01234567890123456789", 0},
	{"Transfer-Encoding: chunked", "5\r\nhello\r\n", 0, "hello", 0},
	{"Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n", 0, "hello", 0},
	{"Transfer-Encoding: chunked", "5\r\nhel", 0, "hel", 0},
	{"Transfer-Encoding: chunked", "", 0, "", 0},
	{"Transfer-Encoding: chunked", "x\r\n", -1, "", 0},
	{"Transfer-Encoding: chunked", "\r\n", -1, "", 0},
	{"Transfer-Encoding: chunked", "-1\r\n", -1, "", 0},
	{"Transfer-Encoding: chunked", "5x\r\nhello\r\n", -1, "", 0},
	{"Transfer-Encoding: chunked", "5\r\nhellooo", -1, "hello", 0},
	{"Transfer-Encoding: chunked", "5\r\nhello\rX", -1, "hello", 0},
	{"Transfer-Encoding: chunked", "11112222333344445\r\n", -1, "", 0},
};

/* Gives the bytes in pieces of a size. Returns: as bodies[].result. */
static int read_in_pieces(size_t row, size_t size, char *body, size_t *taken)
{
	char header[128] = "HTTP/1.1 200 OK\r\n";
	struct response response;
	struct error err = {0};
	const char *bytes = bodies[row].bytes;
	size_t len = strlen(bytes);
	size_t body_len = 0;

	strncat(header, bodies[row].framing, 64);
	strncat(header, "\r\n\r\n", 5);
	ck_assert_int_gt(response_read_header(header, strlen(header), &response, &err), 0);
	*taken = 0;
	while (*taken < len && !response.done) {
		size_t piece = len - *taken < size ? len - *taken : size;
		char *own = copy(bytes + *taken, piece);
		const char *found;
		size_t found_len;
		ptrdiff_t result =
			response_read_body(&response, own + 1, piece, &found, &found_len, &err);

		if (result >= 0) {
			ck_assert_int_gt(result, 0);
			ck_assert_int_le(result, (ptrdiff_t)piece);
			memcpy(body + body_len, found, found_len);
			body_len += found_len;
			*taken += (size_t)result;
		}
		body[body_len] = '\0';
		free(own);
		if (result < 0)
			return -1;
	}
	body[body_len] = '\0';
	return response_end(&response, &err) == 0;
}

START_TEST(bodies_are_read)
{
	char body[128];

	for (size_t size = 1; size <= strlen(bodies[_i].bytes) + 1; size++) {
		size_t taken;

		ck_assert_msg(read_in_pieces((size_t)_i, size, body, &taken) == bodies[_i].result,
			"%s in pieces of %zu", bodies[_i].bytes, size);
		ck_assert_str_eq(body, bodies[_i].body);
		if (bodies[_i].result == 1)
			ck_assert_uint_eq(taken,
				bodies[_i].taken > 0 ? bodies[_i].taken : strlen(bodies[_i].bytes));
	}
}
END_TEST

/* A size line without an end is no way to keep a client busy. */
START_TEST(an_endless_line_is_refused)
{
	char header[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;";
	struct response response;
	struct error err = {0};
	const char *body;
	size_t body_len;
	size_t count = 0;

	ck_assert_int_gt(response_read_header(header, strlen(header), &response, &err), 0);
	ck_assert_int_eq(response_read_body(&response, "5;", 2, &body, &body_len, &err), 2);
	while (response_read_body(&response, "x", 1, &body, &body_len, &err) == 1)
		ck_assert_uint_lt(++count, 100000);
	ck_assert_ptr_nonnull(err.what);
}
END_TEST

Suite *response_suite(void)
{
	Suite *suite = suite_create("response");
	TCase *tcase = tcase_create("response");

	tcase_add_loop_test(tcase, headers_are_read, 0, sizeof(headers) / sizeof(headers[0]));
	tcase_add_test(tcase, a_nul_is_refused);
	tcase_add_loop_test(tcase, bodies_are_read, 0, sizeof(bodies) / sizeof(bodies[0]));
	tcase_add_test(tcase, an_endless_line_is_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
