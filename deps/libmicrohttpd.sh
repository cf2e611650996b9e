# Recipe for deps/build: libmicrohttpd, plain HTTP, static.
#
# Off: all that a hello service does not call. Each of these is code that would
# parse what a stranger sends.
#   postprocessor, cookie   forms and cookies are never read
#   bauth, dauth            no passwords here
#   httpupgrade             no WebSocket
#   messages, nls           the library's error pages and texts; ours are our own
#   sendfile, poll          answers come from memory; epoll is the loop in use
#   thread-names            a sandboxed thread may not call prctl
#
# configure insists on a pkg-config, though only for the TLS that is off: `true` will do.
PKG_CONFIG=true ./configure --prefix="$PREFIX" --disable-dependency-tracking \
	--disable-shared --enable-static \
	--with-threads=posix --enable-epoll --disable-poll --enable-itc=eventfd \
	--disable-https --disable-postprocessor --disable-cookie \
	--disable-bauth --disable-dauth --disable-httpupgrade \
	--disable-messages --disable-nls --disable-sendfile --disable-thread-names \
	--disable-doc --disable-examples --disable-tools --disable-curl
make -j"$(nproc)" -C src/microhttpd libmicrohttpd.la
install -D -m 644 src/microhttpd/.libs/libmicrohttpd.a "$PREFIX/lib/libmicrohttpd.a"
install -D -m 644 src/include/microhttpd.h "$PREFIX/include/microhttpd.h"
