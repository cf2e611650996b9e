# Recipe for deps/build: of AWS-LC, the scalar multiplications of s2n-bignum alone, for TLS.
#
# Assembly, proven against its specification in HOL Light, constant in time. The _alt
# variants need no instructions beyond the architecture's base. Elsewhere than on x86-64
# and arm64 the archive stays empty, and mbedTLS multiplies by itself.
s2n=aws-lc/third_party/s2n-bignum/s2n-bignum-imported
case $(${CC:-cc} -dumpmachine) in
x86_64-*) isa=x86_att ;;
aarch64-*) isa=arm ;;
*) isa= ;;
esac
# AWS-LC has this header generated, to prefix the symbols; these keep their names.
mkdir -p inc/openssl "$PREFIX/lib"
: >inc/openssl/boringssl_prefix_symbols_asm.h
rm -f "$PREFIX/lib/libs2n-bignum.a"
for source in ${isa:+p256/p256_scalarmul_alt curve25519/curve25519_x25519_alt}; do
	${CC:-cc} -c -I"$s2n/include" -Iinc -o "${source##*/}.o" "$s2n/$isa/$source.S"
	ar rc libs2n-bignum.a "${source##*/}.o"
done
[ -n "$isa" ] || ar rc libs2n-bignum.a
install -m 644 libs2n-bignum.a "$PREFIX/lib/libs2n-bignum.a"
