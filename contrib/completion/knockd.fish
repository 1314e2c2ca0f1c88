# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for knockd(1)

complete -c knockd -f
complete -c knockd -s i -l interface -x -a 'any (__fish_print_interfaces)' -d 'Listen on these interfaces'
complete -c knockd -s d -l daemon -d 'Run in the background'
complete -c knockd -s c -l config -r -F -d 'Configuration file'
complete -c knockd -s D -l debug -d 'Show debug messages'
complete -c knockd -s l -l lookup -d 'Look up host names'
complete -c knockd -s p -l pidfile -r -F -d 'Pid file'
complete -c knockd -s g -l logfile -r -F -d 'Log file'
complete -c knockd -s v -l verbose -d 'Log to standard output, too'
complete -c knockd -s 4 -l only-ip-v4 -d 'Ignore IPv6'
complete -c knockd -s s -l save-mem -d 'Accepted, without effect'
complete -c knockd -s t -l check -d 'Check the configuration and exit'
complete -c knockd -l print-rules -d 'Print the nft rules and exit'
complete -c knockd -l guard -d 'Shut the guarded ports and exit'
complete -c knockd -l unguard -d 'Open the guarded ports and exit'
complete -c knockd -l share-keygen -r -F -d 'Make the key of a group of gateways and exit'
complete -c knockd -l keygen -r -F -d 'Make the key of signed knocks and exit'
complete -c knockd -s V -l version -d 'Show the version'
complete -c knockd -s h -l help -d 'Show help'
