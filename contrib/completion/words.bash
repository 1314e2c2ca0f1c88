# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the completions of bash have in common: make puts it before knock.bash.in, knockd.bash.in and knockctl.bash.in.
# bash-completion loads a file by the name of a program, and packages may install one without the others.

# _knockd_nft_word [TEXT]: the word before the cursor, from COMP_WORDS. Bash splits words at colons and equal signs, and
# will replace TEXT only: what follows the last of these, or an open quote. Sets $cur to the word without its quotes,
# $first to the index where it begins, $prev to the word before or the option of --option=, $lead to that option if bash
# has not split it, $fixed to the number of characters of $cur that are not in TEXT, and $quote to the quote that is open
# there.
_knockd_nft_word()
{
  local part=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} raw text c i open='' start

  while [[ -n $line && $line != *"$part" ]]; do part=${part%?}; done # the cursor is within the word
  raw=$part text=${1-$part} first=$COMP_CWORD
  [[ $text == "$part" ]] && text=${text#[\"\']}
  [[ $text == *[!:=]* ]] || text=''
  while ((first > 1)) && [[ $raw == :* || ${COMP_WORDS[first - 1]} == +(:) ]] &&
    [[ -z $line || $line == *"${COMP_WORDS[first - 1]}$raw" ]]; do
    first=$((first - 1))
    raw=${COMP_WORDS[first]}$raw
  done
  prev=${COMP_WORDS[first - 1]}
  if [[ $raw == = ]]; then
    raw=''
  elif [[ $prev == = ]] && ((first > 2)); then
    prev=${COMP_WORDS[first - 2]}
  fi

  cur='' fixed=0 quote='' start=$((${#raw} - ${#text}))
  for ((i = 0; i <= ${#raw}; i++)); do
    ((i > start)) || fixed=${#cur} quote=$open
    c=${raw:i:1}
    case $open.$c in
    "'.'" | '"."') open='' ;;
    .[\'\"]) open=$c ;;
    .\\ | \".\\)
      i=$((i + 1))
      [[ -z $open || ${raw:i:1} == [\$\`\"\\] ]] || cur+=$c
      cur+=${raw:i:1}
      ;;
    *) cur+=$c ;;
    esac
  done
  lead=''
  if [[ $cur == --*=* ]]; then
    prev=${cur%%=*} lead=${cur%%=*}= cur=${cur#*=}
  fi
}

# _knockd_nft_offer: offers the lines of standard input that begin with $cur, quoted as it is. They may be names that
# somebody else chose: bash would run $(...), and a terminal would obey control characters.
_knockd_nft_offer()
{
  local each

  while IFS= read -r each; do
    [[ $each == "$cur"* && $each != *[[:cntrl:]]* ]] || continue
    each=${each:fixed}
    case $quote in
    \') each=${each//\'/\'\\\'\'} ;;
    \")
      each=${each//\\/\\\\}
      each=${each//\"/\\\"}
      each=${each//\$/\\\$}
      each=${each//\`/\\\`}
      each=${each//!/\"\'!\'\"}
      ;;
    *)
      [[ -z $each ]] || printf -v each %q "$each"
      each=${each//\\,/,}
      ;;
    esac
    COMPREPLY+=("$lead$each")
  done
}

_knockd_nft_files()
{
  local each

  compopt -o filenames 2>/dev/null
  while IFS= read -r each; do COMPREPLY+=("$lead${each:fixed}"); done < <(compgen -f -- "$cur")
}

_knockd_nft_interfaces()
{
  _knockd_nft_offer < <(command ls /sys/class/net 2>/dev/null)
}
