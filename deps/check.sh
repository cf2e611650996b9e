# Recipe for deps/build: Check, the unit test framework. Only tests link it.
./configure --prefix="$PREFIX" --disable-dependency-tracking \
	--disable-shared --enable-static --disable-subunit --disable-build-docs --disable-timeout-tests
make -j"$(nproc)" -C lib
make -j"$(nproc)" -C src
install -D -m 644 src/.libs/libcheck.a "$PREFIX/lib/libcheck.a"
install -D -m 644 lib/.libs/libcompat.a "$PREFIX/lib/libcompat.a"
install -D -m 644 src/check.h "$PREFIX/include/check.h"
install -D -m 644 check_stdint.h "$PREFIX/include/check_stdint.h"
