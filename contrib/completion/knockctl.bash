# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for knockctl(1)

# A user who may not use the socket gets no candidates.
_knockctl_doors()
{
  local IFS=$'\n' name='s/^{"name":"\([^"\\]*\)".*/\1/p'
  COMPREPLY=($(compgen -W '$("${COMP_WORDS[0]}" --json doors 2>/dev/null | sed -n "$name")' -- "$cur"))
}

_knockctl_addresses()
{
  local ip='s/^{"ip":"\([^"]*\)".*/\1/p'
  COMPREPLY=($(compgen -W '$("${COMP_WORDS[0]}" --json list 2>/dev/null | sed -n "$ip" | sort -u)' -- "$cur"))
}

_knockctl()
{
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' i
  COMPREPLY=()

  case $prev in
  -s | --socket)
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$cur"))
    return
    ;;
  --door)
    _knockctl_doors
    return
    ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == -* || ${COMP_WORDS[i - 1]} == @(-s|--socket|--door) ]] || { command=${COMP_WORDS[i]}; break; }
  done

  if [[ -z $command && $cur != -* ]]; then
    COMPREPLY=($(compgen -W "status doors list attempts revoke extend grant watch stats reload check unguard" -- "$cur"))
  elif [[ $cur != -* ]]; then
    [[ $command == @(list|revoke|extend) ]] && _knockctl_addresses
  else
    case $command in
    revoke) COMPREPLY=($(compgen -W "--json --door --all" -- "$cur")) ;;
    list | extend | grant) COMPREPLY=($(compgen -W "--json --door" -- "$cur")) ;;
    stats) COMPREPLY=($(compgen -W "--json --prometheus" -- "$cur")) ;;
    '') COMPREPLY=($(compgen -W "-s --socket --json -V --version -h --help" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "--json" -- "$cur")) ;;
    esac
  fi
}

complete -F _knockctl knockctl
