# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for knockd(1)

_knockd()
{
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()

  case $prev in
  -i | --interface)
    COMPREPLY=($(compgen -W 'any $(command ls /sys/class/net 2>/dev/null)' -- "$cur"))
    return
    ;;
  -c | --config | -p | --pidfile | -g | --logfile)
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$cur"))
    return
    ;;
  esac
  COMPREPLY=($(compgen -W "-i --interface -d --daemon -c --config -D --debug -l --lookup -p --pidfile -g --logfile
    -v --verbose -4 --only-ip-v4 -s --save-mem -t --check --print-rules --guard --unguard -V --version -h --help" -- "$cur"))
}

complete -F _knockd knockd
