/* Listens on port 1234 and sends each client the same response. */
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static const char response[] = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhowdy\n";

static void stop(int signal)
{
	_exit(signal == SIGTERM ? 0 : 1);
}

int main(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1234)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
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
