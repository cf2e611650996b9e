/* main.c - subcommands, and the only place that decides the exit status. */
#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "client/get.h"
#include "client/healthcheck.h"
#include "config/flags.h"
#include "config/options.h"
#include "inspect/inspect.h"
#include "sandbox/sandbox.h"
#include "server/cpus.h"
#include "server/lifecycle.h"
#include "server/listener.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/server.h"
#include "server/version.h"
#include "tls/tls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum exit_status {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* What a command returns in place of an exit status when it met -h. */
#define PRINT_USAGE (-1)

static const char *lookup_env(const char *name)
{
	return getenv(name);
}

static int fail(const struct error *err, int status)
{
	error_print(STDERR_FILENO, err);
	return status;
}

/* Writes to standard output. Returns: the exit status. */
static int print(const struct strbuf *text)
{
	struct error err = {0};

	if (file_write_all(STDOUT_FILENO, text->data, text->len) == 0)
		return EXIT_FINE;
	error_set(&err, errno, "standard output", NULL, "can't write", NULL);
	return fail(&err, EXIT_FAILED);
}

/* The flags of the commands that report something. */
static const struct flag report_flags[] = {
	{"-json", NULL, FLAG_BOOL, .offset = 0, "false", NULL, "print one JSON object",
		"want true or false"},
};

static void write_report_usage(struct strbuf *out)
{
	flags_write_usage(report_flags, 1, out);
}

/*
 * Parses the arguments of a command that takes flags alone.
 * count: of report_flags; 0 for none
 * json:  may be NULL where count is 0
 * Returns: 0 with *json filled; 1 when help is asked for; -1 with *err filled.
 */
static int parse_report_flags(size_t count, int argc, char **argv, bool *json, struct error *err)
{
	int used = 0;
	int result = flags_parse(report_flags, count, argc, argv, lookup_env, json, &used, err);

	if (result == 0 && used < argc)
		return error_set(err, 0, NULL, argv[used], "unexpected argument",
			"hello help prints the usage");
	return result;
}

static int run_version(int argc, char **argv)
{
	char storage[VERSION_TEXT_SIZE];
	struct strbuf text = STRBUF_OVER(storage);
	struct error err = {0};
	bool json;
	int parsed = parse_report_flags(1, argc, argv, &json, &err);

	if (parsed != 0)
		return parsed > 0 ? PRINT_USAGE : fail(&err, EXIT_USAGE);
	if (json)
		version_write_json(server_library_version(), &text);
	else
		version_write_text(server_library_version(), &text);
	return print(&text);
}

#ifndef HELLO_MINIMAL
static int run_inspect(int argc, char **argv)
{
	static char storage[INSPECT_TEXT_SIZE];
	struct strbuf text = STRBUF_OVER(storage);
	struct inspect_report report;
	struct error err = {0};
	bool json;
	int parsed = parse_report_flags(1, argc, argv, &json, &err);

	if (parsed != 0)
		return parsed > 0 ? PRINT_USAGE : fail(&err, EXIT_USAGE);
	if (inspect_collect("/", &report, &err) != 0)
		return fail(&err, EXIT_FAILED);
	if (json)
		inspect_write_json(&report, &text);
	else
		inspect_write_text(&report, &text);
	return print(&text);
}
#endif

static int run_healthcheck(int argc, char **argv)
{
	struct healthcheck check;
	struct error err = {0};
	int parsed = healthcheck_parse(argc, argv, lookup_env, &check, &err);

	if (parsed > 0)
		return PRINT_USAGE;
	/* Not 2 for wrong usage: to Docker that status is reserved (Dockerfile, HEALTHCHECK). */
	if (parsed < 0 || healthcheck_run(&check, &err) != 0)
		return fail(&err, EXIT_FAILED);
	return EXIT_FINE;
}

#ifndef HELLO_MINIMAL
static int run_get(int argc, char **argv)
{
	struct get get;
	struct error err = {0};
	int parsed = get_parse(argc, argv, lookup_env, &get, &err);

	if (parsed > 0)
		return PRINT_USAGE;
	if (parsed < 0)
		return fail(&err, EXIT_USAGE);
	return get_run(&get, &err) == 0 ? EXIT_FINE : fail(&err, EXIT_FAILED);
}
#endif

/* Returns: 0 with *fd listening and *port filled, -1 in *fd for no address; -1 with *err filled. */
static int listen_on(
	const char *addr, const char *subject, int *fd, unsigned *port, struct error *err)
{
	*fd = -1;
	return *addr == '\0' ? 0 : listener_open(addr, subject, fd, port, err);
}

static void announce(const struct options *options, const char *scheme, int fd, unsigned port)
{
	char message[80] = "";
	struct strbuf text = {.data = message, .size = sizeof(message) - 1};

	if (fd < 0)
		return;
	strbuf_add_string(&text, "Server at ");
	strbuf_add_string(&text, scheme);
	strbuf_add_string(&text, "://localhost:");
	strbuf_add_unsigned(&text, port, 1);
	strbuf_add_string(&text, ".");
	log_event(options->log, message);
}

/* Returns: 0 with *tls filled, NULL where no HTTPS is asked for; -1 with *err filled. */
static int prepare_tls(const struct options *options, struct tls_server **tls, struct error *err)
{
	const struct tls_files files = {.cert = options->tls_cert,
		.key = options->tls_key,
		.client_ca = options->tls_client_ca,
		.self_signed = options->tls_self_signed};
	char notice[TLS_NOTICE_SIZE] = "";

	*tls = NULL;
	if (*options->tls_addr == '\0')
		return 0;
	if (lifecycle_forbid_dumps(err) != 0)
		return -1;
	*tls = tls_server_create(&files, notice, err);
	if (*tls == NULL)
		return -1;
	if (notice[0] != '\0')
		log_event(options->log, notice);
	return 0;
}

/* Room for the list of sandbox_needs: three files and its end. */
#define REREAD_SIZE 4

/* Fills *needs. reread: the list that it then borrows. */
static void tell_needs(
	const struct options *options, const char **reread, struct sandbox_needs *needs)
{
	const char *const files[] = {options->tls_cert, options->tls_key, options->tls_client_ca};
	size_t count = 0;

	needs->tls = *options->tls_addr != '\0';
	for (size_t i = 0; needs->tls && i < sizeof(files) / sizeof(files[0]); i++) {
		if (*files[i] != '\0')
			reread[count++] = files[i];
	}
	reread[count] = NULL;
	needs->reread = count > 0 ? reread : NULL;
}

/*
 * Logs what the kernel does not provide, missing layers and rights that Landlock lacks, and what
 * the sandbox makes of files in the root.
 */
static void log_sandbox(const struct options *options, const struct sandbox *sandbox)
{
	char message[160] = "";
	struct strbuf text = {.data = message, .size = sizeof(message) - 1};

	if (sandbox_missing(sandbox) != NULL) {
		strbuf_add_string(&text, "Sandbox: ");
		strbuf_add_string(&text, sandbox_missing(sandbox));
		strbuf_add_string(&text, ": ");
		strbuf_add_string(&text, strerror(sandbox->errnum));
		strbuf_add_string(&text, ".");
		message[text.len] = '\0';
		log_event(options->log, message);
	}
	if (sandbox->landlock_refused != 0) {
		text.len = 0;
		strbuf_add_string(&text, "Sandbox: Landlock lacks ");
		sandbox_add_refused(sandbox, &text);
		strbuf_add_string(&text, ".");
		message[text.len] = '\0';
		log_event(options->log, message);
	}
	if (sandbox->reread_in_root)
		log_event(options->log,
			"Sandbox: certificate files in / can be reloaded after they are "
			"overwritten. To renew them by renaming, put them in another directory.");
}

/* Stops and frees the server. Returns: the exit status. */
static int stop(struct server *server, const struct options *options)
{
	size_t aborted = server_stop(server);
	char message[80] = "";
	struct strbuf text = {.data = message, .size = sizeof(message) - 1};

	if (aborted == 0)
		return EXIT_FINE;
	strbuf_add_string(&text, "Stopped with ");
	strbuf_add_unsigned(&text, aborted, 1);
	strbuf_add_string(&text, " requests aborted.");
	log_event(options->log, message);
	return EXIT_FAILED;
}

static int run_serve(int argc, char **argv)
{
	struct options options;
	struct error err = {0};
	struct sandbox_needs needs = {0};
	struct sandbox sandbox = {0};
	struct server *server;
	const char *reread[REREAD_SIZE];
	struct tls_server *tls;
	int listeners[SERVER_ENDPOINTS];
	unsigned ports[SERVER_ENDPOINTS] = {0};
	unsigned threads;
	int parsed = options_parse(argc, argv, lookup_env, &options, &err);

	if (parsed > 0)
		return PRINT_USAGE;
	if (parsed < 0)
		return fail(&err, EXIT_USAGE);
	metrics_init();
	log_init();
	if (lifecycle_prepare(&err) != 0 || prepare_tls(&options, &tls, &err) != 0 ||
		listen_on(options.addr, "-addr", &listeners[SERVER_HTTP], &ports[SERVER_HTTP],
			&err) != 0 ||
		listen_on(options.tls_addr, "-tls-addr", &listeners[SERVER_HTTPS],
			&ports[SERVER_HTTPS], &err) != 0)
		return fail(&err, EXIT_FAILED);
	/* Reads files below /sys/fs/cgroup, which the sandbox ends. */
	threads = options.threads > 0 ? options.threads : cpus_usable();
	tell_needs(&options, reread, &needs);
	if (options.sandbox != SANDBOX_OFF)
		sandbox_restrict_files(&needs, &sandbox);
	if (options.sandbox == SANDBOX_REQUIRE && sandbox_check(&sandbox, &err) != 0)
		return fail(&err, EXIT_FAILED);
	server = server_start(&options, threads, listeners, tls, &err);
	if (server == NULL)
		return fail(&err, EXIT_FAILED);
	if (options.sandbox != SANDBOX_OFF)
		sandbox_restrict_syscalls(&needs, &sandbox);
	if (options.sandbox == SANDBOX_REQUIRE && sandbox_check(&sandbox, &err) != 0) {
		server_stop(server);
		return fail(&err, EXIT_FAILED);
	}
	log_sandbox(&options, &sandbox);
	announce(&options, "http", listeners[SERVER_HTTP], ports[SERVER_HTTP]);
	announce(&options, "https", listeners[SERVER_HTTPS], ports[SERVER_HTTPS]);
	lifecycle_run(server, &options);
	return stop(server, &options);
}

static int run_help(int argc, char **argv);

static const struct command {
	const char *name;
	const char *synopsis;
	const char *summary;
	const char *heading;			 /* of its flags; NULL for no flags */
	void (*write_usage)(struct strbuf *out); /* appends its flags; NULL for no flags */
	int (*run)(int argc, char **argv);	 /* gets the words after the name */
} commands[] = {
	{"serve", "hello [serve] [flags]", "serve HTTP and HTTPS; the default command",
		"Flags of serve, each with its environment variable; a flag beats the variable:",
		options_write_usage, run_serve},
	{"healthcheck", "hello healthcheck [flags] [URL]", "exit 0 if the service is healthy",
		"Flags of healthcheck; the default URL is /healthz where serve would listen:",
		healthcheck_write_usage, run_healthcheck},
#ifndef HELLO_MINIMAL
	{"get", "hello get [flags] URL", "fetch a URL; https is verified",
		"Flags of get:", get_write_usage, run_get},
	{"inspect", "hello inspect [-json]", "print what surrounds this process",
		"Flags of inspect:", write_report_usage, run_inspect},
#endif
	{"version", "hello version [-json]", "print the versions of hello and its libraries",
		"Flags of version:", write_report_usage, run_version},
	{"help", "hello help", "print all commands and flags", NULL, NULL, run_help},
};

static const size_t command_count = sizeof(commands) / sizeof(commands[0]);

/* Returns: whether the full build has a command of this name, and this build has not. */
static bool is_left_out(const char *name)
{
#ifdef HELLO_MINIMAL
	return strcmp(name, "get") == 0 || strcmp(name, "inspect") == 0;
#else
	(void)name;
	return false;
#endif
}

static void write_flags(const struct command *command, struct strbuf *out)
{
	if (command->heading == NULL)
		return;
	strbuf_add_string(out, "\n");
	strbuf_add_string(out, command->heading);
	strbuf_add_string(out, "\n\n");
	command->write_usage(out);
}

static int print_usage(const struct command *command)
{
	static char storage[8192];
	struct strbuf text = STRBUF_OVER(storage);

	strbuf_add_string(&text, "usage: ");
	strbuf_add_string(&text, command->synopsis);
	strbuf_add_string(&text, "\n\n");
	strbuf_add_string(&text, command->summary);
	strbuf_add_string(&text, "\n");
	write_flags(command, &text);
	return print(&text);
}

static int run_help(int argc, char **argv)
{
	static char storage[8192];
	struct strbuf text = STRBUF_OVER(storage);
	struct error err = {0};
	int parsed = parse_report_flags(0, argc, argv, NULL, &err);

	if (parsed != 0)
		return parsed > 0 ? PRINT_USAGE : fail(&err, EXIT_USAGE);
	strbuf_add_string(&text, "A small HTTP service.\n\n");
	for (size_t i = 0; i < command_count; i++) {
		size_t column = text.len + 36; /* of the summary */

		strbuf_add_string(&text, "  ");
		strbuf_add_string(&text, commands[i].synopsis);
		while (text.len < column)
			strbuf_add_string(&text, " ");
		strbuf_add_string(&text, commands[i].summary);
		strbuf_add_string(&text, "\n");
	}
	for (size_t i = 0; i < command_count; i++)
		write_flags(&commands[i], &text);
	return print(&text);
}

/* Returns: whether a word in place of a command asks for the overview. */
static bool is_help(const char *word)
{
	return strcmp(word, "-h") == 0 || strcmp(word, "-help") == 0 || strcmp(word, "--help") == 0;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	int status = command->run(argc, argv);

	return status == PRINT_USAGE ? print_usage(command) : status;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	if (file_open_standard(&err) != 0)
		return fail(&err, EXIT_FAILED);
	if (argc == 2 && is_help(argv[1]))
		return run_help(0, argv + 2);
	if (argc < 2 || argv[1][0] == '-')
		return run_command(&commands[0], argc - 1, argv + 1);
	for (size_t i = 0; i < command_count; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return run_command(&commands[i], argc - 2, argv + 2);
	}
	if (is_left_out(argv[1]))
		error_set(&err, 0, NULL, argv[1], "not in the minimal build",
			"the images other than scratch-minimal have it");
	else
		error_set(&err, 0, NULL, argv[1], "unknown command", "hello help lists them");
	return fail(&err, EXIT_USAGE);
}
