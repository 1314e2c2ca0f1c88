# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for knock(1)

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

# Only the names of profiles: their sequences are secret.
_knock_profiles()
{
  _knockd_nft_offer < <("${COMP_WORDS[0]}" --list 2>/dev/null | cut -f 1)
}

# The last of PORT,PORT:PROTO,...
_knock_ports()
{
  local before='' port=$cur each

  [[ $port != *,* ]] || before=${port%,*}, port=${port##*,}
  if [[ $port == *:* ]]; then
    _knockd_nft_offer < <(printf '%s\n' "$before${port%%:*}:tcp" "$before${port%%:*}:udp")
  else
    _knockd_nft_offer < <(compgen -s -- "$port" | while IFS= read -r each; do printf '%s\n' "$before$each"; done)
  fi
}

_knock()
{
  local cur prev first lead fixed quote i words=0 word
  COMPREPLY=()
  _knockd_nft_word "${@:2:1}"

  # A command follows "--", with a completion of its own, unless nothing but options stands before it.
  for ((i = 1; i < first; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == -- ]] && ((words)); then
      if declare -F _command_offset >/dev/null; then
        _command_offset $((i + 1))
      else
        _knockd_nft_offer < <(compgen -c -- "$cur")
      fi
      return
    fi
    [[ $word == --profile ]] && words=1
    [[ $word == [-=]* || ${COMP_WORDS[i - 1]} == @(=|-d|--delay|-s|--source|-i|--interface|--wait|--timeout|--proxy|--profile|--for|--port|--address|--other-address|--add) ]] ||
      words=$((words + 1))
  done

  case $prev in
  -d | --delay | --timeout | --for | --address | --other-address | --add) return ;;
  -s | --source)
    _knockd_nft_offer < <(ip -o addr show 2>/dev/null | sed -n 's|.* inet6\{0,1\} \([^ /]*\).*|\1|p')
    return
    ;;
  -i | --interface)
    _knockd_nft_interfaces
    return
    ;;
  --wait | --proxy | --port)
    _knock_ports
    return
    ;;
  --profile)
    _knock_profiles
    return
    ;;
  esac

  if [[ $cur == -* ]]; then
    _knockd_nft_offer < <(printf '%s\n' -u --udp -d --delay -4 --ipv4 -6 --ipv6 --both -s --source -i --interface --wait \
      --timeout --proxy --profile --list --add --totp --for --port --address --other-address --close --probe -v --verbose -V --version -h --help)
  elif ((words == 0)); then
    _knock_profiles
    _knockd_nft_offer < <(compgen -A hostname -- "$cur")
  else
    _knock_ports
  fi
}

complete -F _knock knock
