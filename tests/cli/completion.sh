# SPDX-License-Identifier: Apache-2.0
# Completions are scripts that their shells take, and they know verbs, options and values.
. "${srcdir:-.}/tests/lib/tap.sh"

for shell in bash zsh fish; do
	expect_status 0 "completion $shell" "$REMINT" completion $shell
	cp "$TMP/out" "$TMP/remint.$shell"
	if command -v $shell >/dev/null 2>&1; then
		check "$shell takes it" $shell -n "$TMP/remint.$shell"
	else
		skip "$shell is not installed" "$shell takes it"
	fi
done

# Every option of every verb is in each script.
"$REMINT" help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -v '^remint$' | while read -r verb; do
	"$REMINT" "$verb" --help | sed -n 's/^  \(-.,\|   \) --\([a-z-]*\).*/\2/p'
done | sort -u >"$TMP/options"
for shell in bash zsh fish; do
	while read -r option; do
		case $shell in fish) pattern="-l $option " ;; *) pattern="--$option" ;; esac
		grep -Fq -e "$pattern" "$TMP/remint.$shell" || echo "$shell does not know --$option"
	done <"$TMP/options"
done >"$TMP/found"
expect_no_line "$TMP/found" . "every option is in each script"

command -v bash >/dev/null 2>&1 || {
	skip "bash is not installed" "what bash offers"
	tap_done
}
mkdir "$TMP/bin"
ln -s "$REMINT" "$TMP/bin/remint"
cat >"$TMP/offer" <<'BASH'
PATH=$TMP/bin:$PATH
. "$TMP/remint.bash"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_remint
printf '%s\n' "${COMPREPLY[@]}"
BASH
cd "$TMP" || exit 99
: >old.pem
# typed so far | offered
while IFS='|' read -r typed offered; do
	case $typed in *' ') bash "$TMP/offer" $typed '' ;; *) bash "$TMP/offer" $typed ;; esac >"$TMP/out" 2>"$TMP/err"
	printf '%s\n' $offered >"$TMP/wanted"
	expect_same "$TMP/wanted" - "$typed"
done <<'TABLE'
remint rei|reissue
remint ca |list show add ceremony check default rotate retire request sign install export
remint ca exp|export
remint reissue --keep|--keep-key
remint audit --fail-on |info warning error
remint audit --fail-on w|warning
remint convert x --to p7|p7b p7b-pem
remint audit x --for rfc|rfc5280
remint issue --template server-c|server-client
remint template show web-server-|web-server-client
remint completion |bash zsh fish
remint audit old|old.pem
remint --json target li|list
TABLE
tap_done
