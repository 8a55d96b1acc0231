# SPDX-License-Identifier: Apache-2.0
# What "make install" puts down is whole, and a program of somebody else builds and runs on it: with
# the shared library and with the static one, by nothing but pkg-config.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/source.sh"

root=$TMP/root
unset MAKEFLAGS MFLAGS MAKELEVEL
expect_status 0 "make install succeeds" make -C "$builddir" install DESTDIR="$root"
PKG_CONFIG_SYSROOT_DIR=$root
PKG_CONFIG_PATH=$(dirname "$(find "$root" -name remint.pc)")
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH

(cd "$root" && find . -type f -o -type l) | sed 's|.*/||' | sort >"$TMP/installed"
{
	echo remint
	echo remint.h
	echo libremint.so
	echo libremint.a
	echo _remint
	echo remint.fish
	(cd "$srcdir" && ls docs/man templates/*) | grep -E '\.([1-9]|cfg)$'
} | sort -u | while read -r file; do
	grep -Fqx -e "$file" "$TMP/installed" || echo "$file is not installed"
done >"$TMP/found"
expect_none "$TMP/found" "library, header, program, pages, completions and templates are installed"

# build_and_run PROGRAM FLAG...: compiles the guest against the installed tree.
build_and_run() {
	program=$1
	shift
	${CC:-cc} -Wall -Werror -o "$program" "$TMP/guest.c" "$@" && "$program"
}
cat >"$TMP/guest.c" <<'GUEST'
#include <remint.h>
#include <stdio.h>
int main(void) { return puts(remint_version()) < 0; }
GUEST
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export LD_LIBRARY_PATH
expect_status 0 "a guest builds and runs on the shared library" \
	build_and_run "$TMP/shared" $(pkg-config --cflags --libs remint)
expect_out '^[0-9]+\.[0-9]+\.[0-9]+$' "the guest prints the version"
# The shared library is out of the way, so that -lremint can only be the static one.
find "$root" -name 'libremint.so*' -exec rm -f {} +
expect_status 0 "a guest builds and runs on the static library" \
	build_and_run "$TMP/static" $(pkg-config --static --cflags --libs remint)
tap_done
