/* runner.c - runs every unit suite; exit 1 when a test failed or none ran. */
#include "suites.h"

#include <stdio.h>

int main(void)
{
	SRunner *runner = srunner_create(address_suite());
	int run;
	int failed;

	srunner_add_suite(runner, bignum_suite());
	srunner_add_suite(runner, cgroup_suite());
	srunner_add_suite(runner, cpus_suite());
	srunner_add_suite(runner, curves_suite());
	srunner_add_suite(runner, download_suite());
	srunner_add_suite(runner, gnutls_shim_suite());
	srunner_add_suite(runner, flags_suite());
	srunner_add_suite(runner, format_suite());
	srunner_add_suite(runner, healthcheck_suite());
	srunner_add_suite(runner, inspect_suite());
	srunner_add_suite(runner, json_suite());
	srunner_add_suite(runner, mux_suite());
	srunner_add_suite(runner, options_suite());
	srunner_add_suite(runner, request_check_suite());
	srunner_add_suite(runner, response_suite());
	srunner_add_suite(runner, routes_suite());
	srunner_add_suite(runner, sandbox_suite());
	srunner_add_suite(runner, self_signed_suite());
	srunner_add_suite(runner, server_suite());
	srunner_add_suite(runner, strbuf_suite());
	srunner_add_suite(runner, uri_suite());
	srunner_add_suite(runner, url_suite());
	srunner_add_suite(runner, whoami_suite());
	srunner_run_all(runner, CK_NORMAL);
	run = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (run == 0)
		fputs("runner: no test ran\n", stderr);
	return run == 0 || failed > 0;
}
