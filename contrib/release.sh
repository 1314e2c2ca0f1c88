#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# release.sh: what `make release` runs in the build directory. Tests the tarball of the commit that is checked out,
# writes its SHA-256 beside it, and tags the commit vX.Y.Z. The version is configure.ac's. Refuses, with the reason in
# one line, when the tree has changes, ChangeLog.md has no date for this version, the tag exists, or distcheck fails.

set -u
top=$(cd "$(dirname "$0")/.." && pwd -P)

refuse() {
	echo "release: $*" >&2
	exit 1
}

[ "$(git -C "$top" rev-parse --show-toplevel 2>/dev/null)" = "$top" ] || refuse "$top is no git checkout"
commit=$(git -C "$top" rev-parse -q --verify HEAD) || refuse "there is no commit in $top"
[ -z "$(git -C "$top" status --porcelain)" ] || refuse "the tree has changes that are not committed: see git status"

version=$(sed -n 's/^AC_INIT(\[knockd-nft\], \[\([0-9.]*\)\].*/\1/p' "$top/configure.ac")
[ -n "$version" ] || refuse 'configure.ac has no version of the form X.Y.Z in AC_INIT'
tarball=knockd-nft-$version.tar.xz
heading=$(sed -n "s/^## \($version\( .*\)\{0,1\}\)\$/\1/p" "$top/ChangeLog.md")
echo "$heading" | grep -qxE "$version \([0-9]{4}-[0-9]{2}-[0-9]{2}\)" ||
	refuse "ChangeLog.md has no heading \"## $version (YYYY-MM-DD)\"${heading:+, but \"## $heading\"}"
! git -C "$top" rev-parse -q --verify "refs/tags/v$version" >/dev/null || refuse "the tag v$version exists already"

rm -f "$tarball"
make distcheck || refuse 'distcheck failed'
[ -f "$tarball" ] || refuse "distcheck made no $tarball: run configure again"
sha256sum "$tarball" >"$tarball.sha256" || refuse "cannot write $tarball.sha256"
git -C "$top" tag -a -m "knockd-nft $version" "v$version" "$commit" || refuse "cannot make the tag v$version"
echo "release: $tarball, $tarball.sha256, tag v$version"
