# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone and twice, the public one as strict C11 and as C++, and the shared
# library exports exactly what the public header declares.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/source.sh"

# compiles LANGUAGE HEADER FLAG...: a file with nothing but this header, twice.
compiles() {
	language=$1 header=$2
	shift 2
	printf '#include "%s"\n#include "%s"\nextern int remint_header_check;\n' "$header" "$header" |
		${CC:-cc} -fsyntax-only -Wall -Wextra -Werror "$@" -x "$language" -
}

# declared HEADER: the functions that the public header declares. exported LIBRARY: what it exports.
declared() {
	bare_code "$1" | sed 's/^[^:]*:[0-9]*://; /^#/d' | tr '\n' ' ' | tr ';' '\n' | grep -v '^ *typedef ' |
		grep -o 'remint_[a-z0-9_]*[ 	]*(' | tr -d '( \t' | sort -u
}
exported() {
	nm -DP --defined-only "$1" | sed 's/ .*//; s/@.*//' | sort -u
}

for header in "$srcdir"/src/*/*.h; do
	name=${header#"$srcdir/src/"}
	expect_status 0 "$name compiles alone" compiles c "$name" -std=gnu11 -D_GNU_SOURCE \
		-I"$srcdir/src" ${PACKAGE_CFLAGS-}
done
expect_status 0 "remint.h is strict C11" compiles c remint.h -std=c11 -pedantic -I"$srcdir/src"
if echo | ${CC:-cc} -x c++ -fsyntax-only - 2>/dev/null; then
	expect_status 0 "remint.h is C++" compiles c++ remint.h -std=c++11 -pedantic -I"$srcdir/src"
else
	skip "there is no C++ compiler" "remint.h is C++"
fi

if [ -e "$builddir/.libs/libremint.so" ]; then
	declared "$srcdir/src/remint.h" >"$TMP/declared"
	exported "$builddir/.libs/libremint.so" >"$TMP/exported"
	expect_same "$TMP/declared" "$TMP/exported" "libremint exports what remint.h declares, and no more"
else
	skip "this build has no shared library" "libremint exports what remint.h declares"
fi

echo 'struct bad { size_t size; };' >"$TMP/bad.h"
compiles c bad.h -I"$TMP" 2>/dev/null && not_ok "a header that leans on another is caught" ||
	ok "a header that leans on another is caught"
echo '/* remint_no(x) */ typedef int remint_fn(int);
int
remint_yes(remint_fn *f);' >"$TMP/some.h"
echo remint_yes >"$TMP/wanted"
declared "$TMP/some.h" >"$TMP/found"
expect_same "$TMP/wanted" "$TMP/found" "declarations are told from comments and types"
tap_done
