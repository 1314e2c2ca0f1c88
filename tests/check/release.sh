#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contrib/release.sh refuses each tree that must not be released, with one line and without a tag; a good one gets the
# tag, the tarball and its checksum. The repository is a throwaway one, its distcheck packs the tree and no more.

. "$(dirname "$0")/lib.sh"
for tool in git make xz sha256sum; do
	command -v $tool >/dev/null || skip_all "$tool is missing"
done
repo=$T/repo build=$T/build
export HOME="$T" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org \
	GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE MAKEFLAGS MAKELEVEL

release() {
	(cd "$build" && "$repo/contrib/release.sh") >"$T/out" 2>"$T/err"
}

commit() {
	git -C "$repo" add -A && git -C "$repo" commit -qm "$1"
}

tags() {
	git -C "$repo" tag 2>/dev/null
}

# heading TEXT: of the newest version in ChangeLog.md, in a commit
heading() {
	printf '# Changes\n\n## %s\n\n- a change\n\n## 0.9.0 (2026-01-02)\n' "$1" >"$repo/ChangeLog.md"
	commit "$1"
}

# refused TEXT REASON: the script fails, says REASON in its only line of its own, and leaves tags as they are
refused() {
	refused_tags=$(tags)
	! release || echo 'not refused' >"$T/why"
	grep '^release: ' "$T/err" >"$T/said"
	{ [ "$(grep -c . "$T/said")" = 1 ] && grep -qF -- "$2" "$T/said"; } || cat "$T/out" "$T/err" >>"$T/why"
	[ "$(tags)" = "$refused_tags" ] || echo "tags: $(tags)" >>"$T/why"
	point "$1"
}

mkdir -p "$repo/contrib" "$build"
cp "$top/contrib/release.sh" "$repo/contrib/"
grep '^AC_INIT' "$top/configure.ac" | sed 's/\[[0-9.]*\]/[1.2.3]/' >"$repo/configure.ac"
printf 'distcheck:\n\ttar -C %s -c -J -f knockd-nft-1.2.3.tar.xz configure.ac ChangeLog.md\n' "$repo" >"$build/Makefile"

refused 'a directory that is no repository' 'is no git checkout'
git -C "$repo" init -q
refused 'a repository without a commit' 'there is no commit'
heading '1.2.3 (not released)'
refused 'a version without a date' 'no heading "## 1.2.3 (YYYY-MM-DD)", but "## 1.2.3 (not released)"'
heading '1.2.4 (2026-02-03)'
refused 'a version that is not in ChangeLog.md' 'no heading "## 1.2.3 (YYYY-MM-DD)"'
heading '1.2.3 (2026-02-03)'
echo >>"$repo/configure.ac"
refused 'a file with changes' 'changes that are not committed'
git -C "$repo" checkout -q configure.ac
: >"$repo/new"
refused 'a file that git does not know' 'changes that are not committed'
rm "$repo/new"
cp "$build/Makefile" "$T/Makefile"
printf 'distcheck:\n\tfalse\n' >"$build/Makefile"
refused 'a distcheck that fails' 'distcheck failed'
printf 'distcheck:\n\t: >knockd-nft-1.2.2.tar.xz\n' >"$build/Makefile"
refused 'a distcheck of another version' 'made no knockd-nft-1.2.3.tar.xz'

cp "$T/Makefile" "$build/Makefile"
release || cat "$T/out" "$T/err" >"$T/why"
point 'a good tree is released'
equal '... with an annotated tag on its commit' \
	"$(git -C "$repo" cat-file -t v1.2.3) $(git -C "$repo" rev-parse 'v1.2.3^{commit}')" \
	"tag $(git -C "$repo" rev-parse HEAD)"
(cd "$build" && sha256sum -c knockd-nft-1.2.3.tar.xz.sha256) >"$T/out" 2>&1 || cat "$T/out" >"$T/why"
point '... and the checksum of its tarball'
refused 'a tag that exists' 'the tag v1.2.3 exists already'
done_testing
