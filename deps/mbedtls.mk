# mbedTLS: cryptography, X.509 and TLS, as deps/mbedtls-config.h configures them. The release
# archive carries its generated files, so neither Python nor Perl is needed.
mbedtls_VERSION := 3.6.7
mbedtls_ROOT := mbedtls-$(mbedtls_VERSION)
mbedtls_PATHS := library include 3rdparty

# Every file that is not empty with this configuration, in upstream's order.
libmbedcrypto_SOURCES := aes aesni aesce asn1parse asn1write base64 bignum bignum_core chacha20 \
	chachapoly cipher cipher_wrap constant_time ecdh ecdsa ecp ecp_curves gcm hkdf md oid pem pk \
	pk_ecc pk_wrap pkparse platform platform_util poly1305 psa_crypto psa_crypto_aead \
	psa_crypto_cipher psa_crypto_client psa_crypto_driver_wrappers_no_static psa_crypto_ecp \
	psa_crypto_hash psa_crypto_mac psa_crypto_rsa psa_crypto_slot_management psa_util rsa \
	rsa_alt_helpers sha256 sha512 threading
libmbedx509_SOURCES := x509 x509_crt
libmbedtls_SOURCES := mps_reader ssl_ciphersuites ssl_client ssl_msg ssl_ticket ssl_tls \
	ssl_tls12_client ssl_tls12_server ssl_tls13_keys ssl_tls13_client ssl_tls13_server \
	ssl_tls13_generic

# aesni.c's assembly changes registers that it declares as inputs: harmless in a function of
# its own, but not where link-time optimisation would put it into its callers. Without decryption
# it has a jump, never taken, to a label that the assembler finds in the next function.
mbedtls_aesni_FLAGS := -fno-lto

mbedtls_flags = -D_FILE_OFFSET_BITS=64 -I$(mbedtls_DIR)/library -Ibuild/deps/include -w
mbedtls_objects = $($(2)_SOURCES:%=$(BUILD)/$(1)/deps/mbedtls/%.o)

define mbedtls
$(foreach library,libmbedcrypto libmbedx509 libmbedtls,$(call mbedtls_objects,$(1),$(library))): \
		$(BUILD)/$(1)/deps/mbedtls/%.o: $(dependency_headers) deps/mbedtls.mk $($(1)_LIBC_HEADERS) \
		| $(BUILD)/$(1)/deps/mbedtls/
	$$(call show,CC,$$@)
	$(Q)$($(1)_CC) $(mbedtls_flags) $($(1)_CFLAGS) $$(mbedtls_$$*_FLAGS) -c -o $$@ $(mbedtls_DIR)/library/$$*.c
$(call archive,$(1),libmbedtls.a,$(call mbedtls_objects,$(1),libmbedtls))
$(call archive,$(1),libmbedx509.a,$(call mbedtls_objects,$(1),libmbedx509))
$(call archive,$(1),libmbedcrypto.a,$(call mbedtls_objects,$(1),libmbedcrypto))
endef
