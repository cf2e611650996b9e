# Recipe for deps/build: musl, the libc inside the binary, as a static archive, and
# lib/musl.specs, with which gcc compiles against it and links static PIEs.
#
# Debian's musl-gcc would not do: it knows no static PIE, its libc is made for speed, and its
# headers hide the kernel's.
#
# A quarter of its files are complex numbers and mathematics; printf, scanf and strtod need these few.
rm -r src/complex
find src/math -type f ! -name '*.h' ! -name '__fpclassify*' ! -name '__signbit*' ! -name 'copysign*' \
	! -name 'fabs*' ! -name 'fmod*' ! -name 'frexp*' ! -name 'scalbn*' -delete
./configure --prefix="$PREFIX" --disable-shared --disable-wrapper
make -j"$(nproc)" install-headers install-libs
# Headers of a libc, and beside them the kernel's: <linux/...> needs its <asm/...>.
uapi=/usr/include
asm=$uapi/$(${CC:-cc} -print-multiarch)/asm
[ -d "$asm" ] || asm=$uapi/asm
ln -sfn "$uapi/linux" "$PREFIX/include/linux"
ln -sfn "$uapi/asm-generic" "$PREFIX/include/asm-generic"
ln -sfn "$asm" "$PREFIX/include/asm"
[ -e "$PREFIX/include/asm/unistd.h" ] && [ -e "$PREFIX/include/linux/seccomp.h" ]
# rcrt1.o relocates the program by itself before main: there is no loader to do it. gcc's
# crtbegin and crtend serve C++ and unwinding; C needs neither.
cat >"$PREFIX/lib/musl.specs" <<EOF
%rename cpp_options old_cpp_options

*cpp_options:
-nostdinc -isystem $PREFIX/include -isystem include%s %(old_cpp_options)

*cc1:
%(cc1_cpu) -nostdinc -isystem $PREFIX/include -isystem include%s

*link_libgcc:
-L$PREFIX/lib -L .%s

*libgcc:
libgcc.a%s

*startfile:
$PREFIX/lib/rcrt1.o $PREFIX/lib/crti.o

*endfile:
$PREFIX/lib/crtn.o

*link:
-nostdlib -static -pie --no-dynamic-linker -z text
EOF
