/* The generated certificate, as mbedTLS reads it; tests/tls/test_certificates.py asks OpenSSL. */
#include "suites.h"

#include "tls/self_signed.h"

#include <psa/crypto.h>
#include <time.h>

/* Not 0: what time(2) returns. */
static time_t now;

time_t __real_time(time_t *when);
time_t __wrap_time(time_t *when);

time_t __wrap_time(time_t *when)
{
	if (now == 0)
		return __real_time(when);
	if (when != NULL)
		*when = now;
	return now;
}

static const struct {
	time_t now;
	int from_year, from_month, to_year, to_month, to_day;
} times[] = {
	{1577836800, 2019, 12, 2020, 3, 31}, /* 2020-01-01: the years differ */
	{2519596799, 2049, 11, 2050, 2, 1},  /* 2049-11-04: an end in a year of four digits */
	{2871763200, 2060, 12, 2061, 4, 1},  /* 2061-01-01 */
};

START_TEST(it_is_valid_for_90_days)
{
	mbedtls_x509_crt chain;
	mbedtls_pk_context key;
	char notice[TLS_NOTICE_SIZE];
	struct error err = {0};
	uint32_t flags;

	ck_assert_int_eq(psa_crypto_init(), PSA_SUCCESS);
	mbedtls_x509_crt_init(&chain);
	mbedtls_pk_init(&key);
	now = times[_i].now;
	ck_assert_int_eq(self_signed_make(&chain, &key, notice, &err), 0);
	now = 0;
	ck_assert_int_eq(chain.version, 3);
	ck_assert_uint_eq(chain.serial.len, 16);
	ck_assert_int_eq(chain.valid_from.year, times[_i].from_year);
	ck_assert_int_eq(chain.valid_from.mon, times[_i].from_month);
	ck_assert_int_eq(chain.valid_to.year, times[_i].to_year);
	ck_assert_int_eq(chain.valid_to.mon, times[_i].to_month);
	ck_assert_int_eq(chain.valid_to.day, times[_i].to_day);
	/* Signed by its own key; the time may be wrong. */
	mbedtls_x509_crt_verify(&chain, &chain, NULL, NULL, &flags, NULL, NULL);
	flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
	ck_assert_uint_eq(flags, 0);
	mbedtls_pk_free(&key);
	mbedtls_x509_crt_free(&chain);
}
END_TEST

Suite *self_signed_suite(void)
{
	Suite *suite = suite_create("self_signed");
	TCase *tcase = tcase_create("self_signed");

	tcase_add_loop_test(tcase, it_is_valid_for_90_days, 0, sizeof(times) / sizeof(times[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
