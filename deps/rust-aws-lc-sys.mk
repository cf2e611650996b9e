# Of AWS-LC, what src/tls/curves.c and bignum.c call of s2n-bignum, for TLS: scalar multiplications, one
# inversion for both curves, what puts these together, and products of numbers of 1,024 bits for RSA-2048.
#
# Assembly, proven against its specification in HOL Light, constant in time. Those of fastmul need
# processors of 2015 or later on x86-64, and are called there alone; the others, of which _alt are variants, no
# instructions beyond the architecture's base. Elsewhere than on x86-64
# and arm64 the archive stays empty, and mbedTLS multiplies by itself.
rust-aws-lc-sys_VERSION := 0.42.0+dfsg
rust-aws-lc-sys_ROOT := aws-lc-sys-$(rust-aws-lc-sys_VERSION:+dfsg=)
rust-aws-lc-sys_PATHS := $(addprefix aws-lc/third_party/s2n-bignum/s2n-bignum-imported/,include x86_att arm)

s2n-bignum_DIR = $(rust-aws-lc-sys_DIR)/aws-lc/third_party/s2n-bignum/s2n-bignum-imported
s2n-bignum_x86_64 := x86_att
s2n-bignum_aarch64 := arm
s2n-bignum_SOURCES := p256/p256_montjscalarmul_alt p256/bignum_montmul_p256_alt \
	curve25519/curve25519_pxscalarmul_alt curve25519/bignum_mul_p25519_alt generic/bignum_modinv \
	fastmul/bignum_kmul_16_32 fastmul/bignum_ksqr_16_32 fastmul/bignum_emontredc_8n \
	generic/bignum_ge generic/bignum_optsub generic/bignum_mux16
s2n-bignum_objects = $(if $(s2n-bignum_$(machine)),$(patsubst %,$(BUILD)/$(1)/deps/s2n-bignum/%.o,$(notdir $(s2n-bignum_SOURCES))))

# openssl/boringssl_prefix_symbols_asm.h, which AWS-LC generates to rename symbols, is empty
# in deps/s2n-bignum: these keep their names.
define s2n-bignum
$(call s2n-bignum_objects,$(1)): $(BUILD)/$(1)/deps/s2n-bignum/%.o: $(rust-aws-lc-sys_DIR)/unpacked \
		deps/rust-aws-lc-sys.mk $($(1)_LIBC_HEADERS) | $(BUILD)/$(1)/deps/s2n-bignum/
	$$(call show,AS,$$@)
	$(Q)$($(1)_CC) -c -I$(s2n-bignum_DIR)/include -Ideps/s2n-bignum -o $$@ \
		$(s2n-bignum_DIR)/$(s2n-bignum_$(machine))/$$(filter %/$$*,$(s2n-bignum_SOURCES)).S
$(call archive,$(1),libs2n-bignum.a,$(call s2n-bignum_objects,$(1)))
endef
