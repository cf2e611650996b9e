# Recipe for deps/build: mbedTLS (crypto, X.509 and TLS archives), static.
#
# The release archive carries its generated files, so neither Python nor Perl is
# needed. Threading is on because the service has one event loop for each CPU:
# without it RSA keys shared between them give wrong signatures.
sed -i 's,^//\(#define MBEDTLS_THREADING_C\)$,\1,' include/mbedtls/mbedtls_config.h
sed -i 's,^//\(#define MBEDTLS_THREADING_PTHREAD\)$,\1,' include/mbedtls/mbedtls_config.h
grep -q '^#define MBEDTLS_THREADING_C' include/mbedtls/mbedtls_config.h
grep -q '^#define MBEDTLS_THREADING_PTHREAD' include/mbedtls/mbedtls_config.h
make -C library -j"$(nproc)" static GEN_FILES=
for archive in mbedtls mbedx509 mbedcrypto; do
	install -D -m 644 "library/lib$archive.a" "$PREFIX/lib/lib$archive.a"
done
mkdir -p "$PREFIX/include"
cp -R include/mbedtls include/psa "$PREFIX/include/"
