#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# picture.sh: writes doc/knock.svg, a terminal with the first steps of demo.sh, from a real run of it. Run it in the
# build directory, as root.

set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
text=$(mktemp)
trap 'rm -f "$text"' EXIT

"$top/tests/netns-run" "$top/contrib/demo.sh" >"$text"
sed -n '/^1\./,/^5\./{/^5\./!p;}' "$text" | expand | awk '
	function escaped(text) {
		gsub(/&/, "\\&amp;", text)
		gsub(/</, "\\&lt;", text)
		gsub(/>/, "\\&gt;", text)
		return text
	}
	function colour(text) {
		if (text ~ /^[0-9]\./)
			return "#ffffff"
		if (text ~ /^ +(client|server)\$ /)
			return "#8ae234"
		if (text ~ /no answer/)
			return "#ff7b72"
		return text ~ /hello|connected/ ? "#7ee787" : "#c9d1d9"
	}
	{ line[++n] = $0; if (length($0) > columns) columns = length($0) }
	END {
		while (n > 1 && line[n] ~ /^ *$/)
			n--
		width = columns * 8.43 + 32
		height = n * 19 + 28
		printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n",
		    width, height, width, height
		print "<title>A knock, from a run of contrib/demo.sh</title>"
		print "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>"
		print "<g font-family=\"ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace\" font-size=\"14\" xml:space=\"preserve\">"
		for (i = 1; i <= n; i++)
			if (line[i] !~ /^ *$/)
				printf "<text x=\"16\" y=\"%d\" fill=\"%s\">%s</text>\n", 14 + i * 19, colour(line[i]), escaped(line[i])
		print "</g>"
		print "</svg>"
	}' >"$top/doc/knock.svg.new"
mv "$top/doc/knock.svg.new" "$top/doc/knock.svg"
