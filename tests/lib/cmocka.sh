#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs one cmocka program and makes a single TAP stream of what it says. Each group of cmocka
# prints a plan of its own and counts from 1, its versions write a skip in two ways, and a crash
# leaves a plan unfulfilled: here the tests are numbered through, a test that was planned and not
# heard of has failed, and so has a program that ends badly.

status_file=$(mktemp) || exit 99
trap 'rm -f "$status_file"' EXIT
{
	CMOCKA_MESSAGE_OUTPUT=TAP "$@" 2>&1 </dev/null
	echo $? >"$status_file"
} | awk -v status_file="$status_file" -v program="${1##*/}" '
	function say(verdict, text) {
		seen++
		if (verdict != "ok")
			bad++
		print verdict " " seen text
	}
	/^1\.\.[0-9]+/ { planned += substr($1, 4); next }
	/^TAP version/ { next }
	/^(not )?ok( |$)/ {
		verdict = /^not/ && !/# SKIP/ ? "not ok" : "ok"
		sub(/^(not )?ok */, "")
		sub(/^[0-9]+/, "")
		say(verdict, $0)
		next
	}
	{ print "# " $0 }
	END {
		fflush()
		while (seen < planned)
			say("not ok", " - " program " did not come to this test")
		getline status < status_file
		if (status != 0 && !bad)
			say("not ok", " - " program " ended with status " status)
		print "1.." seen + 0
	}'
