/* Listens on port 1234 and sends each client the same response. `howdy healthcheck` is such a client. */
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char response[] = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhowdy\n";

static void stop(int signal)
{
	_exit(signal == SIGTERM ? 0 : 1);
}

/* Returns 0 if the service sends a response of status 200. The engine ends it if none comes in time. */
static int check_health(int connection, struct sockaddr_in *address)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	char buffer[16];
	if (connect(connection, (struct sockaddr *)address, sizeof *address) != 0)
		return 1;
	if (write(connection, request, sizeof request - 1) < 0)
		return 1;
	if (read(connection, buffer, sizeof buffer) < 12)
		return 1;
	return memcmp(buffer, response, 12) != 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1234)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	if (argc > 1 && strcmp(argv[1], "healthcheck") == 0)
		return check_health(listener, &address);
	signal(SIGTERM, stop);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
		listen(listener, 16) != 0)
		return 1;
	for (;;) {
		char request[4096];
		int client = accept(listener, NULL, NULL);
		if (read(client, request, sizeof request) > 0)
			write(client, response, sizeof response - 1);
		close(client);
	}
}
