/* suites.h - one suite a module; runner.c runs them all. */
#ifndef HELLO_SUITES_H
#define HELLO_SUITES_H

#include <check.h>

Suite *address_suite(void);
Suite *bignum_suite(void);
Suite *cgroup_suite(void);
Suite *cpus_suite(void);
Suite *curves_suite(void);
Suite *download_suite(void);
Suite *gnutls_shim_suite(void);
Suite *flags_suite(void);
Suite *format_suite(void);
Suite *healthcheck_suite(void);
Suite *inspect_suite(void);
Suite *json_suite(void);
Suite *mux_suite(void);
Suite *options_suite(void);
Suite *request_check_suite(void);
Suite *response_suite(void);
Suite *routes_suite(void);
Suite *sandbox_suite(void);
Suite *self_signed_suite(void);
Suite *server_suite(void);
Suite *strbuf_suite(void);
Suite *uri_suite(void);
Suite *url_suite(void);
Suite *whoami_suite(void);

#endif
