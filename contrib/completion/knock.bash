# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for knock(1)

_knock()
{
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i words=0 word
  COMPREPLY=()

  # A command follows "--", with a completion of its own.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == -- ]]; then
      if declare -F _command_offset >/dev/null; then
        _command_offset $((i + 1))
      else
        COMPREPLY=($(compgen -c -- "$cur"))
      fi
      return
    fi
    [[ $word == -* || ${COMP_WORDS[i - 1]} == @(-d|--delay|-s|--source|-i|--interface|--wait|--timeout|--proxy|--profile) ]] ||
      words=$((words + 1))
  done

  case $prev in
  -d | --delay | --timeout) return ;;
  -s | --source)
    COMPREPLY=($(compgen -W "$(ip -o addr show 2>/dev/null | sed -n 's|.* inet6\{0,1\} \([^ /]*\).*|\1|p')" -- "$cur"))
    return
    ;;
  -i | --interface)
    COMPREPLY=($(compgen -W '$(command ls /sys/class/net 2>/dev/null)' -- "$cur"))
    return
    ;;
  --wait | --proxy)
    COMPREPLY=($(compgen -s -- "$cur"))
    return
    ;;
  --profile)
    _knock_profiles
    return
    ;;
  esac

  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "-u --udp -d --delay -4 --ipv4 -6 --ipv6 --both -s --source -i --interface --wait
      --timeout --proxy --profile --list -v --verbose -V --version -h --help" -- "$cur"))
  elif ((words == 0)); then
    _knock_profiles
    COMPREPLY+=($(compgen -A hostname -- "$cur"))
  else
    COMPREPLY=($(compgen -s -- "$cur"))
  fi
}

# Only the names of profiles: their sequences are secret.
_knock_profiles()
{
  local IFS=$'\n'
  COMPREPLY=($(compgen -W '$("${COMP_WORDS[0]}" --list 2>/dev/null | cut -f1)' -- "$cur"))
}

complete -F _knock knock
