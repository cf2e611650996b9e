# Recipe for deps/build: mbedTLS (crypto, X.509 and TLS archives), static, as
# deps/mbedtls-config.h configures it.
#
# The release archive carries its generated files, so neither Python nor Perl is needed.
cp "$RECIPES/mbedtls-config.h" include/mbedtls/mbedtls_config.h
# aesni.c's assembly changes registers that it declares as inputs: harmless in a function of
# its own, but not where link-time optimisation would put it into its callers.
# shellcheck disable=SC2086 # options
${CC:-cc} $CFLAGS -fno-lto -Ilibrary -Iinclude -c -o library/aesni.o library/aesni.c
make -C library -j"$(nproc)" static GEN_FILES=
for archive in mbedtls mbedx509 mbedcrypto; do
	install -D -m 644 "library/lib$archive.a" "$PREFIX/lib/lib$archive.a"
done
mkdir -p "$PREFIX/include"
cp -R include/mbedtls include/psa "$PREFIX/include/"
