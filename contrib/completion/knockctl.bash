# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for knockctl(1)

# --- the same lines are in knock.bash, knockctl.bash and knockd.bash ---

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

# --- end of the same lines ---

# A user who may not use the socket gets no candidates.
_knockctl_doors()
{
  local name='s/^{"name":"\(\([^"\\]\|\\["\\]\)*\)".*/\1/p'
  _knockd_nft_offer < <("${COMP_WORDS[0]}" --json doors 2>/dev/null | sed -n "$name" | sed 's/\\\(.\)/\1/g')
}

_knockctl_addresses()
{
  local ip='s/^{"ip":"\([^"]*\)".*/\1/p'
  _knockd_nft_offer < <("${COMP_WORDS[0]}" --json list 2>/dev/null | sed -n "$ip" | sort -u)
}

_knockctl()
{
  local cur prev first lead fixed quote command='' i
  COMPREPLY=()
  _knockd_nft_word "${@:2:1}"

  case $prev in
  -s | --socket | -c | --config)
    _knockd_nft_files
    return
    ;;
  --door)
    _knockctl_doors
    return
    ;;
  --reset | --host) return ;;
  --prefer)
    _knockd_nft_offer < <(printf '%s\n' open grant)
    return
    ;;
  esac
  for ((i = 1; i < first; i++)); do
    [[ ${COMP_WORDS[i]} == [-=]* || ${COMP_WORDS[i - 1]} == @(=|-s|--socket|-c|--config|--door|--prefer|--open|--for|--reset|--host) ]] || { command=${COMP_WORDS[i]}; break; }
  done

  if [[ -z $command && $cur != -* ]]; then
    _knockd_nft_offer < <(printf '%s\n' status doors list attempts revoke extend grant watch top stats users peers enrol totp reload check unguard migrate new doctor)
  elif [[ $cur != -* ]]; then
    [[ $command == @(list|revoke|extend) ]] && _knockctl_addresses
    [[ $command == migrate ]] && _knockd_nft_files
    [[ $command == doctor ]] && _knockctl_doors
  else
    case $command in
    revoke) _knockd_nft_offer < <(printf '%s\n' --json --door --all --cut --by-hand) ;;
    grant) _knockd_nft_offer < <(printf '%s\n' --json --door --forever) ;;
    list | extend) _knockd_nft_offer < <(printf '%s\n' --json --door) ;;
    new) _knockd_nft_offer < <(printf '%s\n' --config --open --for --write) ;;
    doctor) _knockd_nft_offer < <(printf '%s\n' --config) ;;
    migrate) _knockd_nft_offer < <(printf '%s\n' --apply --prefer) ;;
    users) _knockd_nft_offer < <(printf '%s\n' --json --reset) ;;
    peers) _knockd_nft_offer < <(printf '%s\n' --json --sync) ;;
    enrol) _knockd_nft_offer < <(printf '%s\n' --door --host) ;;
    totp) _knockd_nft_offer < <(printf '%s\n' --host) ;;
    stats) _knockd_nft_offer < <(printf '%s\n' --json --prometheus) ;;
    '') _knockd_nft_offer < <(printf '%s\n' -s --socket --json -V --version -h --help) ;;
    *) _knockd_nft_offer < <(printf '%s\n' --json) ;;
    esac
  fi
}

complete -F _knockctl knockctl
