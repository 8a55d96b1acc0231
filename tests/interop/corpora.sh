#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The corpora that Debian packages ship, counted by Remint and by other makers' tools: no difference but those that
# corpora.expect lists, and each of those. What the classes of differences mean stands in docs/formats.md.
#
# The test data of OpenSSL and GnuTLS is in their source packages, which are fetched once into corpora/ of the build tree.
# CORPORA_KEEP=DIR leaves what was counted and the differences there, for whoever brings the table up to date.

. "${srcdir:-.}/tests/lib/tap.sh"
need openssl python3
have() { command -v "$1" >/dev/null 2>&1; }

release=$(sed -n 's/^VERSION_ID="*\([0-9]*\).*/\1/p' /etc/os-release 2>/dev/null)
grep -q "^version	$release	" "$srcdir/tests/interop/corpora.expect" ||
	skip_all "corpora.expect knows nothing of this release (Debian ${release:-none})"
openssl list -providers -provider default -provider legacy >/dev/null 2>&1 ||
	skip_all "OpenSSL's legacy provider is not installed"

# ---- the corpora ----

store=$builddir/corpora
corpora= known=

# apt_of_ours COMMAND...: apt-get with lists of its own that have the sources of what this machine installs from.
apt_of_ours() {
	APT_CONFIG=$store/apt/conf timeout 300 apt-get -q -o Acquire::Retries=1 -o Acquire::http::Timeout=20 "$@" >"$store/apt/log" 2>&1
}
apt_lists() {
	[ ! -s "$store/apt/sources.list" ] || return 0
	mkdir -p "$store/apt/lists/partial"
	printf '%s "%s";\n' Dir::Etc::SourceList "$store/apt/sources.list" Dir::Etc::SourceParts - \
		Dir::State::Lists "$store/apt/lists" Dir::Cache "$store/apt" Dir::Cache::PkgCache '' Dir::Cache::SrcPkgCache '' \
		Acquire::Languages none >"$store/apt/conf"
	[ "$(id -u)" -ne 0 ] || echo 'APT::Sandbox::User "root";' >>"$store/apt/conf"
	apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' 'Origin: Debian' 2>/dev/null |
		sort -u >"$store/apt/sources.list"
	[ -s "$store/apt/sources.list" ] && apt_of_ours update
}

# unpack NAME PATTERN...: these folders of the package's original archive, its version into NAME/version.
unpack() {
	unpack_name=$1
	shift
	for archive in "$store/apt/$unpack_name"_*.orig.tar.*; do
		case $archive in *.asc | *\*) continue ;; esac
		mkdir -p "$store/apt/new/files"
		tar -xf "$archive" -C "$store/apt/new/files" --strip-components=1 --wildcards --no-wildcards-match-slash "$@" 2>"$store/apt/log" || return 1
		basename "$archive" | sed 's/^[^_]*_//; s/\.orig\..*//' >"$store/apt/new/version"
		mv "$store/apt/new" "$store/$unpack_name"
		return 0
	done
	return 1
}

# source_of NAME PATTERN...: the test data of a source package. The archive is enough: a missing .dsc does not matter.
source_of() {
	[ ! -s "$store/$1/version" ] || return 0
	have apt-get || return 1
	apt_lists || return 1
	(cd "$store/apt" && apt_of_ours source --download-only "$1")
	rm -rf "$store/apt/new"
	unpack "$@"
}

# corpus NAME VERSION DIRECTORY: one to be read. Another version than the table's is read, but not held to the table.
corpus() {
	corpora="$corpora $1=$3"
	if grep -q "^version	$release	$1	$2\$" "$srcdir/tests/interop/corpora.expect"; then
		known="$known $1"
	else
		skip "the table does not know version $2" "the known differences of $1"
	fi
}

version_of() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null | sed 's/-[^-]*$//'; }

vectors=/usr/lib/python3/dist-packages/cryptography_vectors
if [ -d $vectors ]; then
	corpus vectors "$(version_of python3-cryptography-vectors)" $vectors
else
	skip "python3-cryptography-vectors is not installed" "its vectors"
fi
mkdir -p "$store"
if source_of openssl '*/test' '*/apps'; then
	corpus openssl "$(cat "$store/openssl/version")" "$store/openssl/files"
else
	skip "the source package openssl cannot be had: $(tail -n 1 "$store/apt/log" 2>/dev/null)" "OpenSSL's test data"
fi
if source_of gnutls28 '*/tests' '*/fuzz' '*/doc/credentials'; then
	corpus gnutls "$(cat "$store/gnutls28/version")" "$store/gnutls28/files"
else
	skip "the source package gnutls28 cannot be had: $(tail -n 1 "$store/apt/log" 2>/dev/null)" "GnuTLS's test data"
fi
rm -rf "$store/apt/lists"
corpora="$corpora etc-ssl=/etc/ssl" known="$known etc-ssl"

# ---- the judges ----

judges=openssl
judge() { # NAME TOOL...
	judge_name=$1
	shift
	for judge_tool; do
		have "$judge_tool" || { skip "$judge_tool is not installed" "the counts of $judge_name"; return; }
	done
	judges=$judges,$judge_name
}
judge certtool certtool
judge nss nss-pp pk12util
judge keytool keytool javac
case $judges in *keytool*)
	cp "$srcdir/tests/interop/Keytool.java" "$TMP/"
	check "the program that runs keytool compiles" javac -d "$TMP/work" "$TMP/Keytool.java" ;;
esac

# ---- counting ----

COMPARE=$builddir/tests/interop/compare
PYTHONDONTWRITEBYTECODE=1
export COMPARE PYTHONDONTWRITEBYTECODE
check "all is read and counted" python3 "$srcdir/tests/interop/corpora.py" count "$TMP/work" "$judges" $corpora
expect_no_line "$TMP/err" . "nobody stumbled"
while IFS='	' read -r what name files rest; do
	case $what in
	corpus) diag "$name: $files files; with objects, certificates, CRLs, requests, private keys, public keys, OCSP responses: $rest" ;;
	judge) diag "$name counted $rest objects in $files files" ;;
	fields) diag "compared field by field: $name $files $rest" ;;
	esac
done <"$TMP/work/counts"
diag "$(wc -l <"$TMP/work/differences") differences"
[ -z "${CORPORA_KEEP:-}" ] || cp "$TMP/work/counts" "$TMP/work/differences" "$CORPORA_KEEP/"
check "the table is read" python3 "$srcdir/tests/interop/corpora.py" check "$TMP/work" "$srcdir/tests/interop/corpora.expect" \
	"$release" "$judges,d2i" $known
expect_no_line "$TMP/out" . "every difference is listed and every listed one occurs: ${corpora#?}"
tap_done
