# SPDX-License-Identifier: Apache-2.0
# Writes the resolved text of every template and target anew: sh tests/golden/update.sh [BUILD]
# BUILD is the build directory, by default the current one. Look at the difference before you commit.
set -eu
build=${1:-.}
make -C "$build" tests/unit/test_policy
GOLDEN=write "$build/tests/unit/test_policy"
