# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for knock(1)

# fish reads "name<TAB>host" as a candidate and its description. A terminal would obey other control characters.
function __knock_profiles
    knock --list 2>/dev/null | string match -rv '[\x01-\x08\x0a-\x1f\x7f]'
end

# Neither a host nor --profile yet: skips options, and the word after those that have one.
function __knock_needs_host
    set -l words (commandline -opc)[2..-1]
    set -l with_word 'delay|source|interface|wait|timeout|proxy|add|totp|for|port|address|other-address'
    while set -q words[1]
        if string match -qr "^(-[uv46]*[dsi]|--($with_word))\$" -- $words[1]
            set words $words[3..-1]
        else if string match -q -- '--profile*' $words[1]; or not string match -q -- '-*' $words[1]
            return 1
        else
            set words $words[2..-1]
        end
    end
    return 0
end

complete -c knock -f
complete -c knock -n __knock_needs_host -a '(__knock_profiles)'
complete -c knock -n __knock_needs_host -a '(__fish_print_hostnames)'
complete -c knock -s u -l udp -d 'Send every hit by UDP'
complete -c knock -s d -l delay -x -d 'Pause after each hit, milliseconds'
complete -c knock -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c knock -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c knock -l both -d 'Knock over IPv4 and IPv6'
complete -c knock -s s -l source -x -d 'Send from this address'
complete -c knock -s i -l interface -x -a '(__fish_print_interfaces)' -d 'Send through this interface'
complete -c knock -l wait -x -d 'Knock until this port is open'
complete -c knock -l timeout -x -d 'How long to wait'
complete -c knock -l proxy -x -d 'Connect the port to stdin and stdout'
complete -c knock -l profile -x -a '(__knock_profiles)' -d 'Take host and sequence from the profile'
complete -c knock -l list -d 'List the profiles'
complete -c knock -l add -x -d 'Add a profile from the line of an admin'
complete -c knock -l totp -x -d 'The code of an authenticator app'
complete -c knock -l for -x -d 'Ask for this time'
complete -c knock -l port -x -d 'Ask for this port alone'
complete -c knock -l address -x -d 'My address, as the server sees it'
complete -c knock -l other-address -x -d 'Open for this address instead'
complete -c knock -l close -d 'End my access'
complete -c knock -l probe -d 'Let the server log the knock'
complete -c knock -s v -l verbose -d 'Print a line for each hit'
complete -c knock -s V -l version -d 'Show the version'
complete -c knock -s h -l help -d 'Show help'
