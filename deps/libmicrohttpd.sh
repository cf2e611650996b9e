# Recipe for deps/build: libmicrohttpd, static; with HTTPS when TLS_FACE names the directory
# that has gnutls/gnutls.h, plain HTTP without.
#
# Off: all that a hello service does not call. Each of these is code that would
# parse what a stranger sends.
#   postprocessor, cookie   forms and cookies are never read
#   bauth, dauth            no passwords here
#   httpupgrade             no WebSocket
#   messages, nls           the library's error pages and texts; ours are our own
#   sendfile, poll          answers come from memory; epoll is the loop in use
#   thread-names            a sandboxed thread may not call prctl
https=--disable-https
if [ -n "${TLS_FACE:-}" ]; then
	# configure wants to link one call; the rest is bound when hello is.
	mkdir -p face/include face/lib
	cp -R "$TLS_FACE/gnutls" face/include/
	echo 'const char *gnutls_check_version(const char *v) { return v; }' >face/stub.c
	${CC:-cc} -c -o face/stub.o face/stub.c
	ar rc face/lib/libgnutls.a face/stub.o
	https="--enable-https --with-gnutls=$PWD/face"
fi
# configure insists on a pkg-config, though nothing is asked of it: `true` will do.
# shellcheck disable=SC2086 # two options
PKG_CONFIG=true ./configure --prefix="$PREFIX" --disable-dependency-tracking \
	--disable-shared --enable-static \
	--with-threads=posix --enable-epoll --disable-poll --enable-itc=eventfd \
	$https --disable-postprocessor --disable-cookie \
	--disable-bauth --disable-dauth --disable-httpupgrade \
	--disable-messages --disable-nls --disable-sendfile --disable-thread-names \
	--disable-doc --disable-examples --disable-tools --disable-curl
make -j"$(nproc)" -C src/microhttpd libmicrohttpd.la
install -D -m 644 src/microhttpd/.libs/libmicrohttpd.a "$PREFIX/lib/libmicrohttpd.a"
install -D -m 644 src/include/microhttpd.h "$PREFIX/include/microhttpd.h"
