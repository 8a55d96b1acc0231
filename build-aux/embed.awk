# SPDX-License-Identifier: Apache-2.0
# Turns templates/KIND/NAME.cfg files into the C table of src/policy/local.h. The text is written
# as an array of characters: a string literal of this length is beyond what C11 promises. Keep to
# what mawk knows, and run it under LC_ALL=C so that a character is a byte.

BEGIN {
	for (i = 1; i < 256; i++)
		code[sprintf("%c", i)] = i
	print "/* Written by build-aux/embed.awk from templates/: do not edit. */"
	print "#include \"config.h\"\n"
	print "#include \"policy/local.h\""
}

FNR == 1 {
	end_of_file()
	files++
	parts = split(FILENAME, part, "/")
	kind[files] = part[parts - 1]
	name[files] = part[parts]
	sub(/\.cfg$/, "", name[files])
	printf "\nstatic const char text%d[] = {\n", files
}

{
	line = $0 "\n"
	out = "\t"
	for (i = 1; i <= length(line); i++)
		out = out number(substr(line, i, 1)) ","
	print out
}

END {
	end_of_file()
	print "\nconst struct rmt_builtin rmt_builtin_templates[] = {"
	for (i = 1; i <= files; i++)
		printf "\t{ \"%s\", \"%s\", text%d, sizeof(text%d) - 1 },\n", kind[i], name[i], i, i
	print "\t{ 0, 0, 0, 0 },\n};"
}

function end_of_file() {
	if (files)
		print "\t0\n};"
}

# A char may be signed, so that a byte above 127 is written as the negative number it stands for.
function number(c) {
	return code[c] > 127 ? "(char)" code[c] : code[c]
}
