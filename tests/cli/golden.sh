# SPDX-License-Identifier: Apache-2.0
# The looks of the output, compared with files: a change of layout is a change of these.
. "${srcdir:-.}/tests/lib/tap.sh"

cd "$srcdir/tests/cli" || exit 99
same() {
	sentence=$1 wanted=$2
	shift 2
	"$REMINT" "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
	if [ -n "${UPDATE:-}" ]; then cp "$TMP/out" "$wanted"; fi
	expect_same "$wanted" - "$sentence"
}
same "show, as text" golden/show.txt show golden/material.pem
same "show, as JSON" golden/show.json show --json golden/material.pem
same "show, as CSV" golden/show.csv show --csv golden/material.pem
same "audit, as text" golden/audit.txt audit golden/material.pem --for dotnet-mtls --at 2020-06-01
same "audit, as JSON" golden/audit.json audit --json golden/material.pem --for dotnet-mtls --at 2020-06-01
same "audit, as CSV" golden/audit.csv audit --csv golden/material.pem --for dotnet-mtls --at 2020-06-01
tap_done
