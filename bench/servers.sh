# servers.sh - configures, starts and stops each server. Sourced with $tmp, $threads and $server_cpu
# set. One server runs at a time, on PORT of the bench's network namespace.
# shellcheck shell=bash disable=SC2034,SC2154

PORT=8080
# Servers without a log, and servers that write a line or two for each request.
QUIET="bare hello nginx lighttpd go"
LOGGING="hello-log nginx-log go-log"
# All allow as many connections as hello does, close idle ones late, and close no active one.
CONNECTIONS=1024

tool() { command -v "$1" || echo "$PWD/build/tools/bench/usr/sbin/$1"; }
NGINX=$(tool nginx)
LIGHTTPD=$(tool lighttpd)

title_of() { # SERVER
	case $1 in
	bare) echo "the bare loop" ;;
	hello) echo "hello" ;;
	nginx) echo "nginx" ;;
	lighttpd) echo "lighttpd" ;;
	go) echo "net/http" ;;
	hello-log) echo "hello, -log text" ;;
	nginx-log) echo "nginx, access_log" ;;
	go-log) echo "net/http, the article's log" ;;
	esac
}

version_of() { # SERVER
	case $1 in
	bare) gcc --version | sed -n '1s/.* /gcc /p' ;;
	hello*) build/release/hello version | paste -sd ' ' ;;
	nginx*) "$NGINX" -v 2>&1 | sed 's/.*: //' ;;
	lighttpd) "$LIGHTTPD" -v | sed -n '1s/ .*//p' ;;
	go*) go env GOVERSION ;;
	esac
}

# Prints why a server can't serve HTTPS; nothing if it can.
no_tls_of() { # SERVER
	case $1 in
	bare) echo "the bare loop has no TLS" ;;
	hello) build/release/hello serve -h 2>&1 | grep -q -e -tls-addr || echo "this build has no TLS" ;;
	esac
}

write_nginx_conf() { # SERVER TRANSPORT CERTIFICATE
	local log=off ssl="" tls=""
	[ "$1" = nginx ] || log="$tmp/requests.log article"
	if [ "$2" = tls ]; then
		ssl=" ssl"
		tls="ssl_certificate $tmp/$3.crt; ssl_certificate_key $tmp/$3.key; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:4m;"
	fi
	cat >"$tmp/nginx.conf" <<-END
		daemon off;
		user root;
		worker_processes $threads;
		pid $tmp/nginx.pid;
		error_log stderr warn;
		events { worker_connections $CONNECTIONS; }
		http {
			log_format article '\$time_local request from \$remote_addr:\$remote_port';
			access_log $log;
			default_type "text/plain; charset=utf-8";
			keepalive_requests 1000000000;
			client_body_temp_path $tmp; proxy_temp_path $tmp; fastcgi_temp_path $tmp;
			uwsgi_temp_path $tmp; scgi_temp_path $tmp;
			server {
				listen 127.0.0.1:$PORT$ssl;
				$tls
				location / { return 200 "howdy\n"; }
			}
		}
	END
}

# lighttpd has no fixed response without a script: it serves a file, which it keeps in memory.
write_lighttpd_conf() { # TRANSPORT CERTIFICATE
	local workers=0 modules=/usr/lib/lighttpd
	[ "$threads" = 1 ] || workers=$threads
	case $LIGHTTPD in */build/tools/*) modules=$PWD/build/tools/bench/usr/lib/lighttpd ;; esac
	mkdir -p "$tmp/www"
	echo howdy >"$tmp/www/index.txt"
	cat >"$tmp/lighttpd.conf" <<-END
		server.bind = "127.0.0.1"
		server.port = $PORT
		server.document-root = "$tmp/www"
		server.max-connections = $CONNECTIONS
		server.max-fds = 4096
		server.max-worker = $workers
		server.max-keep-alive-requests = 65535
		server.max-keep-alive-idle = 60
		server.errorlog = "$tmp/lighttpd.log"
		index-file.names = ( "index.txt" )
		mimetype.assign = ( ".txt" => "text/plain; charset=utf-8" )
	END
	if [ "$1" = tls ]; then
		cat >>"$tmp/lighttpd.conf" <<-END
			server.modules += ( "mod_openssl" )
			ssl.engine = "enable"
			ssl.pemfile = "$tmp/$2.crt"
			ssl.privkey = "$tmp/$2.key"
		END
	fi
	lighttpd_words=("$LIGHTTPD" -D -m "$modules" -f "$tmp/lighttpd.conf")
}

# Sets the array `words` to the command that starts a server.
words_of() { # SERVER TRANSPORT CERTIFICATE [close]
	local server=$1 transport=$2 certificate=$3 address=127.0.0.1:$PORT log=off
	case $server in
	bare) words=("$PWD/build/bench/bare" "$PORT" "$threads" ${4:+"$4"}) ;;
	hello*)
		[ "$server" = hello ] || log=text
		words=("$PWD/build/release/hello" serve -threads "$threads" -log "$log")
		if [ "$transport" = tls ]; then
			words+=(-addr "" -tls-addr "$address" -tls-cert "$tmp/$certificate.crt" -tls-key "$tmp/$certificate.key")
		else
			words+=(-addr "$address")
		fi
		;;
	nginx*)
		write_nginx_conf "$server" "$transport" "$certificate"
		words=("$NGINX" -e stderr -p "$tmp" -c "$tmp/nginx.conf")
		;;
	lighttpd)
		write_lighttpd_conf "$transport" "$certificate"
		words=("${lighttpd_words[@]}")
		;;
	go*)
		words=("$PWD/build/bench/hello-go" -addr "$address")
		[ "$server" != go ] || words+=(-quiet)
		[ "$transport" != tls ] || words+=(-cert "$tmp/$certificate.crt" -key "$tmp/$certificate.key")
		;;
	esac
}

# Starts the command `words`, after a prefix; sets $pid when it listens. Its output goes to $log_to.
launch() { # [PREFIX ...]
	local deadline=$((SECONDS + 20))
	: >"$tmp/requests.log"
	taskset -c "$server_cpu" "$@" "${words[@]}" >>"${log_to:-$tmp/requests.log}" 2>&1 &
	pid=$!
	until (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; do
		if ! kill -0 "$pid" 2>/dev/null || ((SECONDS >= deadline)); then
			tail -n 20 "$tmp/requests.log" >&2
			echo "bench: ${words[0]} does not listen" >&2
			return 1
		fi
		sleep 0.01
	done
}

# Stops the server that launch() started. Go's exits by the signal, without a handler.
halt() {
	local deadline=$((SECONDS + 15))
	kill -TERM "$pid" 2>/dev/null || true
	while kill -0 "$pid" 2>/dev/null; do
		if ((SECONDS >= deadline)); then
			echo "bench: ${words[0]} does not exit" >&2
			return 1
		fi
		sleep 0.01
	done
	wait "$pid" 2>/dev/null || true
}
