#!/bin/bash
# Starts howdy, sends one request, and fails unless the response is "howdy". Debian's bash has sockets of its own.
set -eu
/howdy &
for _ in {1..50}; do
	! exec 3<>/dev/tcp/localhost/1234 || break
	sleep 0.1
done 2>/dev/null
printf 'GET / HTTP/1.0\r\n\r\n' >&3
tail -n 1 <&3 | grep -x howdy
