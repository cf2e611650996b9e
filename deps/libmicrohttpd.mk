# libmicrohttpd: HTTP, and HTTPS where the flavour has TLS. deps/libmicrohttpd/MHD_config.h
# takes the place of ./configure, and is written for this version.
libmicrohttpd_VERSION := 1.0.10
libmicrohttpd_ROOT := libmicrohttpd-$(libmicrohttpd_VERSION)
libmicrohttpd_PATHS := src/include src/microhttpd

# In upstream's order, which the linker follows. Off, and so not compiled: postprocessor,
# basicauth, digestauth, gen_auth and the hash functions.
libmicrohttpd_SOURCES := connection reason_phrase daemon internal memorypool mhd_mono_clock mhd_str \
	mhd_send mhd_sockets mhd_itc mhd_compat mhd_panic response mhd_threads
libmicrohttpd_TLS_SOURCES := connection_https

# $(1) flavour. <gnutls/gnutls.h> is ours, in src/tls.
libmicrohttpd_objects = $(patsubst %,$(BUILD)/$(1)/deps/libmicrohttpd/%.o,$(libmicrohttpd_SOURCES) \
	$(if $(filter libmbedtls.a,$($(1)_LIBRARIES)),$(libmicrohttpd_TLS_SOURCES)))
libmicrohttpd_flags = -DHAVE_CONFIG_H -DBUILDING_MHD_LIB=1 -DNDEBUG=1 -D_GNU_SOURCE -D_XOPEN_SOURCE=700 \
	$(if $(filter libmbedtls.a,$($(1)_LIBRARIES)),-DHTTPS_SUPPORT=1 -isystem src/tls) \
	$($(1)_libmicrohttpd_FLAGS) -Ideps/libmicrohttpd -I$(libmicrohttpd_DIR)/src/include \
	-fno-strict-aliasing -fvisibility=hidden -pthread -w

define libmicrohttpd
$(call libmicrohttpd_objects,$(1)): $(BUILD)/$(1)/deps/libmicrohttpd/%.o: $(libmicrohttpd_DIR)/unpacked \
		deps/libmicrohttpd.mk deps/libmicrohttpd/MHD_config.h $(wildcard src/tls/gnutls/*.h) \
		$($(1)_LIBC_HEADERS) | $(BUILD)/$(1)/deps/libmicrohttpd/
	$$(call show,CC,$$@)
	$(Q)$($(1)_CC) $(call libmicrohttpd_flags,$(1)) $($(1)_CFLAGS) -c -o $$@ $(libmicrohttpd_DIR)/src/microhttpd/$$*.c
$(call archive,$(1),libmicrohttpd.a,$(call libmicrohttpd_objects,$(1)))
endef
