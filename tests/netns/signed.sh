#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Signed knocks from end to end: a user with nothing but an SSH key gets in, others do not, and no knock counts twice.

. "$(dirname "$0")/signed_lib.sh"
signed_setup
service 22
service 443

signed_conf "
[ssh]
	sequence     = 62000-62010:auth
	open         = 22:tcp, 443:tcp
	open_timeout = 20s
	max_time     = 1h
"
enrol alice
enrol bob
knockd_again
profile home alice ssh 62000-62010

refute 'the port is shut before' port_open $server 22
knock_as alice home
check 'a signed knock opens the port' port_open $server 22
check 'the log names the user' log_has '10.0.0.2: ssh: signed knock of alice'
check 'the element tells who and by which door' equal_field 'inet knockd open4' '10.0.0.2 . tcp . 22' comment 'ssh alice'
check 'and has the time of the door' equal_field 'inet knockd open4' '10.0.0.2 . tcp . 22' timeout 20
check 'the other port is open, too' port_open $server 443

shut
knock_as alice home --port 443 --for 5m
check 'a knock may ask for one port' port_open $server 443
refute '... and only that port opens' port_open $server 22
check '... for a time that the user chooses' equal_field 'inet knockd open4' '10.0.0.2 . tcp . 443' timeout 300
shut
knock_as alice home --for 5h
check 'more time than max_time gets max_time' equal_field 'inet knockd open4' '10.0.0.2 . tcp . 22' timeout 3600
knock_as alice home --close
check 'a knock closes what the user has open' not element_in 'inet knockd open4' '10.0.0.2 . tcp . 22'
knock_as alice home --probe
check 'a probe is logged' log_has 'signed knock of alice would open the door'
refute '... and opens nothing' element_in 'inet knockd open4' '10.0.0.2 . tcp . 22'
done_testing
