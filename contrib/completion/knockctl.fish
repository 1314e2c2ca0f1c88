# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for knockctl(1)

# Asking needs the right to use the socket; without it nothing is offered.
function __knockctl_doors
    set -l name '^{"name":"((?:[^"\\\\[:cntrl:]]|\\\\["\\\\])*)".*'
    knockctl --json doors 2>/dev/null | string replace -rf $name '$1' | string replace -ra '\\\\(.)' '$1'
end

function __knockctl_addresses
    knockctl --json list 2>/dev/null | string replace -rf '^{"ip":"([^"]*)".*' '$1' | sort -u
end

set -l commands status doors list attempts revoke extend grant watch top stats users peers enrol totp reload check unguard migrate new doctor
set -l needs "not __fish_seen_subcommand_from $commands"

complete -c knockctl -f
complete -c knockctl -s s -l socket -r -F -d 'The socket of the daemon'
complete -c knockctl -l json -d 'Answer as JSON'
complete -c knockctl -s V -l version -d 'Show the version'
complete -c knockctl -s h -l help -d 'Show help'
complete -c knockctl -n $needs -a status -d 'Show the state of the daemon'
complete -c knockctl -n $needs -a doors -d 'List the doors of the configuration'
complete -c knockctl -n $needs -a list -d 'List open accesses: client, door, end'
complete -c knockctl -n $needs -a attempts -d 'List knock attempts under way'
complete -c knockctl -n $needs -a revoke -d 'End accesses now'
complete -c knockctl -n $needs -a extend -d 'Extend accesses'
complete -c knockctl -n $needs -a grant -d 'Open a door as a knock would'
complete -c knockctl -n $needs -a watch -d 'Print events as they happen'
complete -c knockctl -n $needs -a top -d 'Show doors and accesses on a live screen'
complete -c knockctl -n $needs -a stats -d 'Print all counters'
complete -c knockctl -n $needs -a users -d 'List who may knock with a signature'
complete -c knockctl -n $needs -a peers -d 'List the gateways that share accesses'
complete -c knockctl -n $needs -a enrol -d 'Let the public key on standard input knock'
complete -c knockctl -n $needs -a totp -d 'Make a secret for the authenticator app of a user'
complete -c knockctl -n $needs -a reload -d 'Read the configuration again and use it'
complete -c knockctl -n $needs -a check -d 'Read the configuration and report errors'
complete -c knockctl -n $needs -a unguard -d 'Remove the guard until the next reload or start'
complete -c knockctl -n $needs -a migrate -d 'Replace firewall commands by open and grant'
complete -c knockctl -n $needs -a new -d 'Make a door with a sequence that nobody knows'
complete -c knockctl -n '__fish_seen_subcommand_from new' -l open -x -d 'The ports that it opens'
complete -c knockctl -n '__fish_seen_subcommand_from new' -l for -x -d 'For how long'
complete -c knockctl -n '__fish_seen_subcommand_from new' -l write -d 'Append it to the configuration'
complete -c knockctl -n $needs -a doctor -d 'Why does a door stay shut?'
complete -c knockctl -n '__fish_seen_subcommand_from doctor' -a '(__knockctl_doors)'
complete -c knockctl -n '__fish_seen_subcommand_from migrate new doctor' -s c -l config -r -F -d 'The configuration'
complete -c knockctl -n '__fish_seen_subcommand_from migrate' -F
complete -c knockctl -n '__fish_seen_subcommand_from migrate' -l apply -d 'Write the new file'
complete -c knockctl -n '__fish_seen_subcommand_from migrate' -l prefer -x -a 'open grant' -d 'If both are possible'
complete -c knockctl -n '__fish_seen_subcommand_from list revoke extend' -a '(__knockctl_addresses)'
complete -c knockctl -n '__fish_seen_subcommand_from list revoke extend grant enrol' -l door -x -a '(__knockctl_doors)' -d 'Of this door'
complete -c knockctl -n '__fish_seen_subcommand_from revoke' -l all -d Everybody
complete -c knockctl -n '__fish_seen_subcommand_from revoke' -l cut -d 'And their connections'
complete -c knockctl -n '__fish_seen_subcommand_from revoke' -l by-hand -d 'And elements that an admin has added'
complete -c knockctl -n '__fish_seen_subcommand_from grant' -l forever -d 'Without an end'
complete -c knockctl -n '__fish_seen_subcommand_from stats' -l prometheus -d 'In the format of Prometheus'
complete -c knockctl -n '__fish_seen_subcommand_from peers' -l sync -d 'Read all accesses of the group again'
complete -c knockctl -n '__fish_seen_subcommand_from users' -l reset -x -d 'Forget the last knock of this user'
complete -c knockctl -n '__fish_seen_subcommand_from enrol totp' -l host -x -a '(__fish_print_hostnames)' -d 'The name of this server for its clients'
