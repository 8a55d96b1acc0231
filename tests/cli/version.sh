# SPDX-License-Identifier: Apache-2.0
# The program starts and says which version it is.
. "${srcdir:-.}/tests/lib/tap.sh"

expect_status 0 "remint --version succeeds" "$REMINT" --version
expect_out '^remint [0-9]+\.[0-9]+\.[0-9]+$' "remint --version prints its name and version"
tap_done
