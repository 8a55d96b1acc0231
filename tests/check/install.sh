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

# The guest is the example of the README; it audits a certificate that .NET refuses and one that it accepts.
for usage in serverAuth serverAuth,clientAuth; do
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$TMP/key.pem" -out "$TMP/$usage.pem" -days 30 -sha256 \
		-subj /CN=host.example -addext basicConstraints=critical,CA:FALSE -addext "extendedKeyUsage=$usage" \
		-addext subjectAltName=DNS:host.example -addext keyUsage=critical,digitalSignature,keyEncipherment 2>/dev/null
done

# build PROGRAM FLAG...: compiles the guest against the installed tree.
build() {
	program=$1
	shift
	${CC:-cc} -Wall -Wextra -Werror -o "$program" "$srcdir/examples/embed.c" "$@"
}

# runs KIND PROGRAM: the guest tells the two certificates apart.
runs() {
	expect_status 1 "the guest on the $1 library refuses a certificate for servers only" \
		"$2" "$TMP/serverAuth.pem" dotnet-mtls
	expect_out '^error leaf.eku.client-auth' "the guest on the $1 library says why"
	expect_status 0 "the guest on the $1 library accepts one for both uses" \
		"$2" "$TMP/serverAuth,clientAuth.pem" dotnet-mtls
}
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export LD_LIBRARY_PATH
expect_status 0 "examples/embed.c builds on the shared library" \
	build "$TMP/shared" $(pkg-config --cflags --libs remint)
runs shared "$TMP/shared"
# What libremint.a itself needs; the libraries below are shared as the system has them.
private=$(unset PKG_CONFIG_SYSROOT_DIR && pkg-config --libs libconfig sqlite3 jansson libssl libcrypto)
private="$private -lpthread"
# The shared library is out of the way, so that -lremint can only be the static one.
find "$root" -name 'libremint.so*' -exec rm -f {} +
expect_status 0 "examples/embed.c builds on the static library" \
	build "$TMP/static" $(pkg-config --cflags --libs remint) $private
runs static "$TMP/static"
tap_done
