# The client alone: the daemon needs Linux.
class KnockdNft < Formula
  desc "Port-knock client"
  homepage "https://github.com/knockd-nft/knockd-nft"
  url "https://github.com/knockd-nft/knockd-nft/releases/download/v@VERSION@/knockd-nft-@VERSION@.tar.xz"
  # `brew fetch --build-from-source` prints it for the tarball of the release.
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "GPL-2.0-or-later"

  depends_on "pkgconf" => :build
  depends_on "libsodium"

  def install
    system "./configure", "--disable-daemon", "--disable-tests", "--with-sodium", "--prefix=#{prefix}",
           "--with-bashcompletiondir=#{bash_completion}",
           "--with-zshcompletiondir=#{zsh_completion}",
           "--with-fishcompletiondir=#{fish_completion}"
    system "make", "install"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/knock -V")
    assert_match "127.0.0.1", shell_output("#{bin}/knock -v 127.0.0.1 7000:udp")
  end
end
