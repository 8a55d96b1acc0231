# SPDX-License-Identifier: Apache-2.0
# What Remint needs from Debian 12 or 13, and how to get it. To be sourced:
#
#	. examples/deps.sh
#	deps_ensure build test || exit 1
#
# Looks first at what is there, by command, file or pkg-config module, and touches neither network
# nor apt when nothing is missing. Without root or apt it says what to install, and fails.

# deps_table: set | package | what shows that it is there
deps_table() {
	cat <<'TABLE'
build|autoconf|autoreconf
build|automake|automake
build|libtool|libtoolize
build|make|make
build|mawk|awk
build|gcc|gcc
build|libc6-dev|/usr/include/stdio.h
build|pkg-config|pkg-config
build|libssl-dev|pc:openssl
build|libconfig-dev|pc:libconfig
build|libsqlite3-dev|pc:sqlite3
build|libjansson-dev|pc:jansson
build|openssl|openssl
test|libcmocka-dev|pc:cmocka
test|binutils|nm
test|g++|g++
test|mandoc|mandoc
test|jq|jq
test|sqlite3|sqlite3
test|faketime|faketime
test|python3|python3
judges|curl|curl
judges|gnutls-bin|certtool
judges|python3-cryptography-vectors|/usr/lib/python3/dist-packages/cryptography_vectors
judges|xz-utils|xz
judges|libnss3-tools|certutil
judges|openssh-client|ssh-keygen
judges|python3-cryptography|/usr/lib/python3/dist-packages/cryptography
judges|python3-pyjks|/usr/lib/python3/dist-packages/jks
judges|libplist-utils|plistutil
judges|libxml2-utils|xmllint
judges|nginx|nginx
judges|apache2-bin|/usr/sbin/apache2
judges|haproxy|haproxy
judges|postfix|/usr/sbin/postfix
judges|dovecot-imapd|/usr/lib/dovecot/imap
judges|dovecot-pop3d|/usr/lib/dovecot/pop3
judges|dovecot-managesieved|/usr/lib/dovecot/managesieve
judges|slapd|slapd
judges|zsh|zsh
judges|fish|fish
judges|openssh-client|ssh-keygen
judges|putty-tools|puttygen
judges|zip|zip
judges|libconfig-inifiles-perl|/usr/share/perl5/Config/IniFiles.pm
judges|easy-rsa|/usr/share/easy-rsa/easyrsa
judges|golang-cfssl|cfssl
judges|xca|xca
judges|gnomint|gnomint-cli
cover|gcovr|gcovr
java|default-jdk-headless|javac
browser|chromium|chromium
TABLE
}

deps_have() {
	case $1 in
	/*) [ -e "$1" ] ;;
	pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
	*) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1 ;;
	esac
}

# deps_missing SET...: the packages of these sets that are missing, on one line.
deps_missing() {
	for deps_set; do
		deps_table | while IFS='|' read -r deps_in deps_package deps_sign; do
			[ "$deps_in" = "$deps_set" ] || continue
			deps_have "$deps_sign" || printf '%s ' "$deps_package"
		done
	done
}

# deps_ensure SET...: installs what is missing; fails when something is still missing after that.
deps_ensure() {
	deps_list=$(deps_missing "$@")
	[ -n "$deps_list" ] || return 0
	deps_list=${deps_list% }
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "Missing, by their Debian names: $deps_list" >&2
		return 1
	fi
	if [ "$(id -u)" -ne 0 ]; then
		echo "Missing; please run: sudo apt-get install --no-install-recommends $deps_list" >&2
		return 1
	fi
	echo "Installing: $deps_list" >&2
	deps_log=$(mktemp) || return 1
	if deps_apt >"$deps_log" 2>&1; then
		rm -f "$deps_log"
	else
		tail -n 20 "$deps_log" >&2
		rm -f "$deps_log"
		echo "apt-get could not install all of: $deps_list" >&2
	fi
	[ -z "$(deps_missing "$@")" ]
}

# A judge such as nginx would be started as a service by its package. Nobody asked for that, so a
# policy forbids it for as long as the installation takes, unless the machine has its own.
deps_apt() {
	deps_policy=/usr/sbin/policy-rc.d
	if [ -e "$deps_policy" ]; then
		deps_policy=
	else
		printf '#!/bin/sh\nexit 101\n' >"$deps_policy" && chmod 755 "$deps_policy"
	fi
	deps_status=0
	(
		DEBIAN_FRONTEND=noninteractive
		export DEBIAN_FRONTEND
		set -- -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0
		apt-get "$@" update &&
			apt-get "$@" install --no-install-recommends $deps_list
	) </dev/null || deps_status=1
	[ -z "$deps_policy" ] || rm -f "$deps_policy"
	return "$deps_status"
}
