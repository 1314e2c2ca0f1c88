/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which commands are rules for one address, and what becomes of doors that have rules in common. */
#include "config.h"

#include "test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "migrate/arena.h"
#include "migrate/migrate.h"
#include "migrate/rule_read.h"
#include "migrate/shell.h"

/* ---- the shell ---------------------------------------------------------------------------------------- */

static void
splits(const char *text, const char *expected)
{
	struct arena arena = { .blocks = NULL };
	struct shell shell;
	char got[512] = "";
	const char *why;

	if (shell_split(&shell, text, &arena, &why)) {
		snprintf(got, sizeof(got), "%s", why);
		shell.n = 0;
	}
	for (size_t i = 0; i < shell.n; i++)
		for (size_t w = 0; w < shell.at[i].n; w++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "<%s>%s", shell.at[i].words[w],
				 w + 1 == shell.at[i].n ? "." : "");
	assert_string_equal(got, expected);
	arena_free(&arena);
}

static void
words_of_the_shell(void **state)
{
	(void)state;
	splits("", "");
	splits("  a  b\tc ", "<a><b><c>.");
	splits("a 'b c' \"d $\" e", "uses a variable or the output of another command");
	splits("a 'b c' \"d e\"f g\\ h ''", "<a><b c><d ef><g h><>.");
	splits("a --r=\"x family=\"ipv4\" y\"", "<a><--r=x family=ipv4 y>.");
	splits("a; b && c ;", "<a>.<b>.<c>.");
	splits("a # b; c", "<a>.");
	splits("a b#c", "<a><b#c>.");
	splits("a >/dev/null 2>&1; b 2> /dev/null", "<a>.<b>.");
	splits("a >/etc/x", "reads or writes a file");
	splits("a | b", "passes its output on");
	splits("a || b", "depends on another one's failure");
	splits("a || true; b ||:&& c || /bin/true", "<a>.<b>.<c>.");
	splits("a || truer", "depends on another one's failure");
	splits("a &>/dev/null; b &> /dev/null", "<a>.<b>.");
	splits("a & b", "runs in the background, with more behind it");
	splits("a & # b", "<a>.");
	splits("a; (b && (c d)) &", "<a>.<b>.<c><d>.");
	splits("a (b)", "has a parenthesis in a place where it is no subshell");
	splits("a)", "has a parenthesis in a place where it is no subshell");
	splits("(a", "has a parenthesis without its end");
	splits("a $(b)", "uses a variable or the output of another command");
	splits("a 'b", "has a quote without its end");
	splits("a [b]", "has a pattern for file names");
	splits("nft add element t s { %IP% }", "<nft><add><element><t><s><{><%IP%><}>.");
}

/* ---- commands ----------------------------------------------------------------------------------------- */

/* "+" adds, "-" deletes; ports; key; or why it is no rule for the client. */
static void
reads(const char *text, const char *expected)
{
	struct arena arena = { .blocks = NULL };
	struct shell shell;
	struct rule rule;
	const char *why;
	char got[512], ports[SEQ_STRLEN];

	assert_int_equal(shell_split(&shell, text, &arena, &why), 0);
	assert_int_equal(shell.n, 1);
	if (rule_read(&rule, &shell.at[0], &arena, &why))
		snprintf(got, sizeof(got), "%s", why);
	else
		snprintf(got, sizeof(got), "%c %s %s", rule.adds ? '+' : '-',
			 seq_format(&rule.ports, ports, sizeof(ports)), rule.key);
	assert_string_equal(got, expected);
	arena_free(&arena);
}

static void
commands_of_iptables(void **state)
{
	(void)state;
	reads("/sbin/iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT",
	      "+ 22:tcp iptables chain=INPUT dport=22 p=tcp s=%IP%");
	reads("sudo -n iptables -w 5 -D INPUT -p tcp -m tcp --dport=ssh -j ACCEPT --source %IP%/32",
	      "- 22:tcp iptables chain=INPUT dport=22 p=tcp s=%IP%");
	reads("ip6tables -I TCP 3 -s %IP% -i eth1 -p tcp --syn --dport 1194 -j ACCEPT",
	      "+ 1194:tcp ip6tables chain=TCP dport=1194 i=eth1 p=tcp s=%IP% syn=1");
	reads("iptables -I INPUT -s %IP% -p tcp --match multiport --dports 22,80:81 -m state --state NEW,ESTABLISHED "
	      "-j ACCEPT",
	      "+ 22:tcp,80:tcp,81:tcp iptables chain=INPUT dports=22,80:81 p=tcp s=%IP% state=ESTABLISHED state=NEW");
	reads("iptables -A INPUT -s %IP% -j ACCEPT", "+  iptables chain=INPUT s=%IP%");
	reads("iptables -A INPUT -s %IP% -p tcp --dport 1:1000 -j ACCEPT",
	      "+  iptables chain=INPUT dport=1:1000 p=tcp s=%IP%");
	reads("iptables -I OUTPUT -d %IP% -p tcp --sport 22 -j ACCEPT",
	      "+ 22:tcp iptables chain=OUTPUT d=%IP% p=tcp sport=22");
	reads("iptables -A INPUT -p tcp --dport 22 -j ACCEPT", "opens for everybody: it has no %IP%");
	reads("iptables -D INPUT -p tcp --dport 22 -j ACCEPT", "shuts for everybody: it has no %IP%");
	reads("iptables -A INPUT -s %IP%/24 -j ACCEPT", "opens for a network around the client");
	reads("iptables -A INPUT -s %IP% -j DROP", "jumps to DROP, not to ACCEPT");
	reads("iptables -A INPUT -s %IP% -p tcp --dport 22,80 -j ACCEPT",
	      "has a list after --dport, which iptables does not take: it opens nothing");
	reads("iptables -A INPUT -s %IP% --dport 22 -j ACCEPT",
	      "has a port without -p before it, which iptables does not take: it opens nothing");
	reads("iptables -A INPUT ! -s %IP% -j ACCEPT", "has a negated match");
	reads("iptables -A INPUT -s %IP% -m recent --set -j ACCEPT", "has the match \"recent\"");
	reads("iptables -A INPUT -s %IP% -p tcp --dport nosuch -j ACCEPT", "has the unknown port \"nosuch\"");
	reads("iptables -A INPUT -s %IP% -m state --state ESTABLISHED -j ACCEPT", "lets no new connection in");
	reads("iptables -t nat -A PREROUTING -s %IP% -j ACCEPT", "changes the table nat");
	reads("iptables -D INPUT 3", "deletes a rule by its number");
	reads("iptables -F", "has the option -F");
	reads("iptables -A INPUT -s", "has a negated match, or an option without its value");
}

/* The same rule in other words; the families of an address's length. */
static void
spellings_of_iptables(void **state)
{
	static const char rule[] = "+ 22:tcp iptables chain=INPUT dport=22 p=tcp s=%IP%";

	(void)state;
	reads("iptables -t filter -w -I INPUT 1 -p TCP -s %IP% --destination-port ssh -j ACCEPT -v", rule);
	reads("iptables-legacy -4 -I INPUT -p 6 -s %IP%/255.255.255.255 --dport 22 -j ACCEPT", rule);
	reads("sudo -E -u root -- /sbin/iptables-nft -I INPUT -p tcp -s %IP% --dport 22 -j ACCEPT", rule);
	reads("PATH=/sbin:/usr/sbin LC_ALL=C iptables -I INPUT -p tcp -s %IP% --dport 22 -j ACCEPT", rule);
	reads("iptables -I INPUT -p all -s %IP% -j ACCEPT", "+  iptables chain=INPUT s=%IP%");
	reads("iptables -I INPUT -p tcp --dport 0:65535 -s %IP% -j ACCEPT",
	      "+  iptables chain=INPUT dport=0:65535 p=tcp s=%IP%");
	reads("iptables -I INPUT -p udp --dport 65534: -s %IP% -j ACCEPT",
	      "+ 65534:udp,65535:udp iptables chain=INPUT dport=65534: p=udp s=%IP%");
	reads("iptables -I INPUT -p tcp -m multiport --dport 22,80 -s %IP% -j ACCEPT",
	      "+ 22:tcp,80:tcp iptables chain=INPUT dports=22,80 p=tcp s=%IP%");
	reads("ip6tables -6 -D INPUT -s %IP%/128 -j ACCEPT", "-  ip6tables chain=INPUT s=%IP%");
	reads("ip6tables -D INPUT -s %IP%/32 -j ACCEPT", "opens for a network around the client");
	reads("iptables -D INPUT -s %IP%/128 -j ACCEPT", "opens for a network around the client");
	reads("iptables -A INPUT -s %IP%,10.0.0.1 -j ACCEPT", "opens for other addresses, too");
	reads("iptables -A INPUT -s 10.0.0.1 -j ACCEPT", "is for 10.0.0.1, and not for the client");
	reads("iptables -6 -A INPUT -s %IP% -j ACCEPT", "has the option -6");
}

/* What iptables itself answers with an error. */
static void
errors_of_iptables(void **state)
{
	(void)state;
	reads("iptables -A INPUT -s %IP% --dport 22 -p tcp -j ACCEPT",
	      "has a port without -p before it, which iptables does not take: it opens nothing");
	reads("iptables -A INPUT -s %IP% -p tcp --dports 22,80 -j ACCEPT",
	      "has --dports without -m multiport before it, which iptables does not take: it opens nothing");
	reads("iptables -A INPUT -s %IP% -p tcp -m tcp -m multiport --dport 22,80 -j ACCEPT",
	      "has a list after --dport, which iptables does not take: it opens nothing");
	reads("iptables -A INPUT -s %IP% -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 -j ACCEPT",
	      "has more ports than multiport has places, which iptables does not take: it opens nothing");
	reads("iptables -A INPUT -s %IP% --state NEW -j ACCEPT",
	      "has --state without -m state before it, which iptables does not take: it opens nothing");
	reads("iptables -A INPUT -s %IP% -m state --ctstate NEW -j ACCEPT",
	      "has --ctstate without -m conntrack before it, which iptables does not take: it opens nothing");
	reads("iptables -A INPUT -s %IP% --comment x -j ACCEPT",
	      "has --comment without -m comment before it, which iptables does not take: it opens nothing");
	reads("ip6tables -A INPUT -s %IP% -p udp --syn -j ACCEPT",
	      "has --syn without -p tcp before it, which ip6tables does not take: it opens nothing");
	reads("iptables -A INPUT -s %IP% -p udp -m tcp --dport 22 -j ACCEPT",
	      "has a match for another protocol, which iptables does not take: it opens nothing");
}

static void
programs_that_are_none(void **state)
{
	(void)state;
	reads("'/sbin/iptables -A INPUT -s %IP% -j ACCEPT'",
	      "is in quotes, so that its whole text is the name of a program");
	reads("if true", "is a script: it has \"if\"");
	reads("IP=%IP% iptables -A INPUT -s %IP% -j ACCEPT", "sets the variable IP");
	reads("sudo -u nobody iptables -A INPUT -s %IP% -j ACCEPT", "has sudo's option -u");
	reads("sudo sh -c x", "runs sh, which is no firewall command"); /* plan_read.c reads its text */
}

static void
commands_of_other_tools(void **state)
{
	(void)state;
	reads("ufw insert 1 allow from %IP% to any port 22", "+ 22:tcp,22:udp ufw from=%IP% port=22 proto=any to=any");
	reads("ufw delete allow proto tcp from %IP% to any port 22 comment 'x y'",
	      "- 22:tcp ufw from=%IP% port=22 proto=tcp to=any");
	reads("ufw allow from %IP%", "+  ufw from=%IP% proto=any");
	reads("ufw allow 22/tcp", "opens for everybody: it has no %IP%");
	reads("ufw rule prepend allow in on eth0 from %IP%/32 to 192.0.2.1 port 22 proto tcp",
	      "+ 22:tcp ufw from=%IP% on=eth0 port=22 proto=tcp to=192.0.2.1");
	reads("ufw insert 1 deny from %IP% to any", "is ufw deny, not ufw allow");
	reads("ufw --force delete 1", "deletes a rule by its number");
	reads("ufw --dry-run allow from %IP%", "only says what it would do: it opens nothing");
	reads("ufw route allow from %IP% to any port 22", "lets packets to other machines pass");
	reads("ufw allow from %IP% port 22", "has a source port");
	reads("ufw allow from %IP% to any app OpenSSH", "opens the application OpenSSH, whose ports only ufw knows");
	reads("ufw delete allow OpenSSH", "shuts for everybody: it has no %IP%");
	reads("ufw allow from 10.0.0.1 to any port 22", "is for 10.0.0.1, and not for the client");
	reads("ufw allow from %IP% proto TCP", "opens for the protocol TCP");
	reads("ufw ALLOW FROM %IP%", "has the word \"FROM\"");
	reads("ufw allow from %IP%/24", "opens for a network around the client");
	reads("ufw allow from %IP% to any port 2053/tcp",
	      "has the port \"2053/tcp\", which ufw does not take: it opens nothing");
	reads("ufw allow from %IP% to any port", "names no port");
	reads("ufw allow from %IP% to any port 22,80",
	      "has several ports without proto, which ufw does not take: it opens nothing");
	reads("nft add element inet filter ok { %IP% . 22 timeout 1h }", "+  element inet filter ok { %IP% . 22 }");
	reads("nft 'delete element ip t s {%IP%}'", "-  element ip t s { %IP% }");
	reads("nft add rule inet filter input ip saddr %IP% tcp dport {22, ssh, 80} counter accept comment \"x y\"",
	      "+ 22:tcp,80:tcp nft chain=inet filter input saddr=ip tcp=22,ssh,80");
	reads("nft -a insert rule ip filter INPUT tcp dport == 22 ip saddr == %IP%/32 ct state new,established "
	      "counter packets 0 bytes 0 accept",
	      "+ 22:tcp nft chain=ip filter INPUT saddr=ip tcp=22");
	reads("nft create element inet filter ok { %IP% }", "+  element inet filter ok { %IP% }");
	reads("nft destroy element inet filter ok { %IP% }", "-  element inet filter ok { %IP% }");
	reads("nft delete rule inet filter input handle 7", "deletes a rule by its handle");
	reads("nft replace rule inet filter input handle 7 accept", "is nft replace rule");
	reads("nft insert rule inet filter input position 7 ip saddr %IP% accept",
	      "has a place beside another rule, whose number changes");
	reads("nft -f /etc/open.nft", "reads its rules from /etc/open.nft");
	reads("nft add rule t c ip saddr %IP% tcp dport != 22 accept", "has a negated match");
	reads("nft add rule t c ip saddr %IP% tcp dport 22 drop", "does not accept");
	reads("nft add rule t c ip saddr %IP% ct state established accept", "lets no new connection in");
	reads("nft add rule t c ip saddr 10.0.0.1 accept", "matches another address than the client's");
	reads("nft flush chain inet filter input", "is nft flush chain");
	reads("nft add rule inet filter input tcp dport 22 accept", "opens for everybody: it has no %IP%");
	reads("firewall-cmd --zone=public --add-rich-rule=\"rule family=\"ipv4\" source address=\"%IP%\" service "
	      "name=\"ssh\" accept\"",
	      "+ 22:tcp firewalld public 1 22 tcp");
	reads("firewall-cmd --remove-rich-rule 'rule family=ipv4 source address=%IP% port port=22 protocol=tcp accept' "
	      "--zone public",
	      "- 22:tcp firewalld public 1 22 tcp");
	reads("firewall-cmd -q --timeout=5m --add-rich-rule='rule family=ipv6 source address=%IP%/128 port port=22 "
	      "protocol=tcp accept'",
	      "+ 22:tcp firewalld  2 22 tcp");
	reads("firewall-cmd --permanent --timeout=5m --add-rich-rule='rule source address=%IP% accept'",
	      "has --timeout with --permanent, which firewall-cmd does not take: it opens nothing");
	reads("firewall-cmd --add-rich-rule='rule source address=%IP% accept'",
	      "opens all ports, which firewalld offers no set for");
	reads("firewall-cmd --add-rich-rule='rule source address=%IP% service name=x accept'",
	      "opens the service x, whose ports only firewalld knows");
	reads("firewall-cmd --add-rich-rule='rule service name=ssh accept'", "opens for everybody: it has no %IP%");
	reads("firewall-cmd --remove-port=22/tcp", "shuts for everybody: it has no %IP%");
	reads("firewall-cmd --direct --add-rule x", "has the option --direct");
	reads("firewall-cmd --zone=trusted --add-source=%IP%",
	      "puts the client into a zone, which firewalld offers no set for");
	reads("ipset -exist add knockers %IP% timeout 60", "+  ipset set=knockers");
	reads("ipset -! -A knockers %IP% timeout 0 -exist", "+  ipset set=knockers");
	reads("ipset del knockers %IP%", "-  ipset set=knockers");
	reads("ipset add knockers %IP% timeout 1h", "has the timeout 1h, which ipset does not take: it opens nothing");
	reads("ipset add knockers %IP%,tcp:22", "has an element of several parts, which only ipset has");
	reads("ipset add knockers %IP%/24", "opens for a network around the client");
	reads("ipset add knockers 10.0.0.1", "has no %IP% as its element");
	reads("ipset flush knockers", "is neither ipset add nor ipset del");
	reads("/usr/local/bin/open.sh %IP%", "runs open.sh, which is no firewall command");
	reads("sudo", "runs nothing");
}

/* ---- files -------------------------------------------------------------------------------------------- */

static void
hear(void *arg, enum conf_severity severity, const char *text)
{
	(void)arg;
	if (severity == CONF_ERROR)
		print_message("%s\n", text);
}

/* Puts the whole answer into `said`, to be freed. */
static struct migrate *
reads_file(const char *text, enum migrate_prefer prefer, char **said)
{
	char path[] = "/tmp/knockd-migrate.XXXXXX";
	int fd = mkstemp(path);
	struct migrate *migrate;
	size_t len;
	FILE *out = open_memstream(said, &len);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	migrate = migrate_read(path, prefer, hear, NULL);
	unlink(path);
	assert_non_null(migrate);
	migrate_print(migrate, out);
	fclose(out);
	return migrate;
}

/* The first lines of the answer, one for each door, and then the new file. */
static void
becomes(const char *text, enum migrate_prefer prefer, const char *doors, const char *expected)
{
	char *said;
	struct migrate *migrate = reads_file(text, prefer, &said);
	size_t len;

	*strstr(said, " doors with commands") = '\0';
	*(strrchr(said, '\n') + 1) = '\0';
	assert_string_equal(said, doors);
	if (expected)
		assert_string_equal(migrate_text(migrate, &len), expected);
	free(said);
	migrate_free(migrate);
}

/* A line about what the firewall needs. */
static void
needs(const char *text, enum migrate_prefer prefer, const char *line)
{
	char *said;

	migrate_free(reads_file(text, prefer, &said));
	if (!strstr(said, line))
		fail_msg("%s", said);
	free(said);
}

#define ADD(port)                     "iptables -A INPUT -s %IP% -p tcp --dport " port " -j ACCEPT"
#define DELETE(port)                  "iptables -D INPUT -s %IP% -p tcp --dport " port " -j ACCEPT"
#define DOOR(name, sequence, command) "[" name "]\nsequence = " sequence "\ncommand = " command "\n"

static void
layout_stays(void **state)
{
	(void)state;
	becomes("# first\r\n[options]\r\n\tUseSyslog\r\n\r\n[a]\r\n\tSequence      = 9,4\r\n"
		"\tStart_Command = " ADD(
		    "22") "\r\n\t# why\r\n\tCmd_Timeout   = 90 # note\r\n\tStop_Command  = " DELETE("22"),
		MIGRATE_ANY, "[a] open for 1m30s\n",
		"# first\r\n[options]\r\n\tUseSyslog\r\n\r\n[a]\r\n\tSequence      = 9,4\r\n"
		"\topen          = 22:tcp\r\n\t# why\r\n\t# note\r\n\topen_timeout  = 1m30s\r\n");
	becomes("[a]\nsequence=9,4\ncommand=" ADD("22") "\nstop_command=" DELETE("22") "\n", MIGRATE_GRANT,
		"[a] grant for 10s\n",
		"[a]\nsequence=9,4\ngrant  =inet knock_ok a_ok { %IP% timeout 10s }\ngrant_6=\n");
	becomes("[a]\nsequence=9,4\ncommand=run\n", MIGRATE_ANY,
		"[a] stays: its command runs run, which is no firewall command\n", "[a]\nsequence=9,4\ncommand=run\n");
}

static void
doors_that_move_together(void **state)
{
	(void)state;
	becomes(DOOR("open", "9,4", ADD("22")) DOOR("close", "4,9", DELETE("ssh")), MIGRATE_ANY,
		"[open] open without an end\n[close] close\n",
		"[open]\nsequence = 9,4\nopen    = 22:tcp\nopen_timeout = 3650d\n[close]\nsequence = 4,9\nclose   = "
		"22:tcp\n");
	becomes(DOOR("close", "4,9", DELETE("22")), MIGRATE_ANY,
		"[close] stays: no door of this file adds what it deletes\n", NULL);
	becomes(DOOR("open", "9,4", ADD("22")) DOOR("close", "4,9", DELETE("22") " && log"), MIGRATE_ANY,
		"[open] stays: it has a rule in common with [close], which stays\n"
		"[close] stays: its command runs log, which is no firewall command\n",
		NULL);
	/* a closer that cannot be read may close what nothing else does */
	becomes(DOOR("open", "9,4", ADD("22")) DOOR("close", "4,9", "close.sh %IP%"), MIGRATE_ANY,
		"[open] stays: no door that moves closes it, and [close], which stays, may\n"
		"[close] stays: its command runs close.sh, which is no firewall command\n",
		NULL);
	becomes(DOOR("open", "9,4", ADD("22")), MIGRATE_ANY,
		"[open] open without an end: nothing in this file ends the access: choose a time\n", NULL);
}

static void
ports_of_several_doors(void **state)
{
	(void)state;
	/* the guard would shut the clients of the other door out */
	becomes(DOOR("a", "9,4", ADD("22")) "stop_command = " DELETE("22") "\n" DOOR("b", "4,9", "ufw allow 22/tcp"),
		MIGRATE_ANY,
		"[a] grant for 10s: another door lets its clients reach the same port by other means\n"
		"[b] stays: its command opens for everybody: it has no %IP%\n",
		NULL);
	becomes(DOOR("a", "9,4", ADD("22")) "stop_command = " DELETE("22") "\n" DOOR("b", "4,9", "other.sh 22"),
		MIGRATE_ANY,
		"[a] grant for 10s: another door lets its clients reach the same port by other means\n"
		"[b] stays: its command runs other.sh, which is no firewall command\n",
		NULL);
	/* with the guard, clients of the narrower rule would come in by the wider one */
	becomes(
	    DOOR("a", "9,4",
		 "iptables -A INPUT -i eth1 -s %IP% -p tcp --dport 22 -j ACCEPT") "stop_command = iptables -D INPUT -i "
										  "eth1 -s %IP% -p tcp --dport 22 -j "
										  "ACCEPT\n" DOOR(
										      "b", "4,9",
										      ADD("22")) "stop_"
												 "command "
												 "= " DELETE("22") "\n",
	    MIGRATE_OPEN,
	    "[a] grant for 10s: another door lets its clients reach the same port by other means\n"
	    "[b] grant for 10s: another door lets its clients reach the same port by other means\n",
	    NULL);
	becomes(DOOR("a", "9,4", ADD("22")) "stop_command = " DELETE(
		    "22") "\n" DOOR("b", "4,9", ADD("22")) "stop_command = " DELETE("22") "\ncmd_timeout = 60\n",
		MIGRATE_ANY, "[a] open for 10s\n[b] open for 1m\n", NULL);
}

static void
what_open_cannot_do(void **state)
{
	(void)state;
	becomes("[a]\nsequence = 9,4\ntarget = 192.0.2.7\ncommand = " ADD("22") "\nstop_command = " DELETE("22") "\n",
		MIGRATE_OPEN, "[a] grant for 10s: with Target open would be for that address alone\n", NULL);
	becomes("[options]\nrules = none\n[a]\nsequence = 9,4\ncommand = " ADD("22") "\nstop_command = " DELETE(
		    "22") "\n",
		MIGRATE_ANY, "[a] grant for 10s: open needs Rules = auto\n", NULL);
	becomes(DOOR("a", "9,4",
		     "iptables -A INPUT -s %IP% -j ACCEPT") "stop_command = iptables -D INPUT -s %IP% -j ACCEPT\n",
		MIGRATE_ANY, "[a] grant for 10s: open needs ports, and not more than fit into one line\n", NULL);
	becomes(DOOR("a", "9,4",
		     "iptables -A FORWARD -s %IP% -p tcp --dport 22 -j ACCEPT") "stop_command = iptables -D FORWARD -s "
										"%IP% -p tcp --dport 22 -j ACCEPT\n",
		MIGRATE_ANY, "[a] grant for 10s: the rule is not for packets to this machine alone\n", NULL);
	becomes(
	    DOOR("a", "9,4",
		 "iptables -I DOCKER-USER -s %IP% -p tcp --dport 80 -j ACCEPT") "stop_command = iptables -D "
										"DOCKER-USER -s %IP% -p tcp --dport "
										"80 -j ACCEPT\n",
	    MIGRATE_OPEN, "[a] grant for 10s: the rule is not for packets to this machine alone\n", NULL);
	becomes(DOOR("a", "9,4", "nft add rule inet filter forward ip saddr %IP% tcp dport 22 accept"), MIGRATE_OPEN,
		"[a] grant without an end: nothing in this file ends the access: choose a time\n", NULL);
}

static void
ends_that_are_not_exact(void **state)
{
	(void)state;
	becomes(DOOR("a", "9,4", ADD("22")) "stop_command = " DELETE("2") "\n", MIGRATE_ANY,
		"[a] stays: its stop command is not the exact inverse: it leaves open what the start command opens\n",
		NULL);
	becomes(DOOR("a", "9,4", ADD("22")) "stop_command = " DELETE("22") "; " DELETE("80") "\n", MIGRATE_ANY,
		"[a] stays: its stop command is not the exact inverse: it deletes more than the start command adds\n",
		NULL);
	becomes(DOOR("a", "9,4", ADD("22") "; " ADD("22")) "stop_command = " DELETE("22") "\n", MIGRATE_ANY,
		"[a] stays: its stop command is not the exact inverse: it leaves open what the start command opens\n",
		NULL);
	/* a second deletion makes sure */
	becomes(DOOR("a", "9,4", ADD("22")) "stop_command = " DELETE("22") "; " DELETE("22") " || true\n", MIGRATE_ANY,
		"[a] open for 10s\n", NULL);
	becomes(DOOR("a", "9,4", ADD("22")) "stop_command = iptables -D INPUT -s %IP% -p tcp --dport 22 -m comment "
					    "--comment x -j ACCEPT\n",
		MIGRATE_ANY,
		"[a] stays: its stop command is not the exact inverse: it leaves open what the start command opens\n",
		NULL);
	becomes(DOOR("a", "9,4", ADD("22")) "cmd_timeout = 0\nstop_command = " DELETE("22") "\n", MIGRATE_ANY,
		"[a] stays: with this cmd_timeout the stop command runs at once or never\n", NULL);
	becomes(DOOR("a", "9,4", ADD("22")) "command = " ADD("80") "\n", MIGRATE_ANY,
		"[a] stays: its command is there more than once, and only the last one counts\n", NULL);
}

static void
text_of_a_shell(void **state)
{
	(void)state;
	becomes(DOOR("a", "9,4", "sudo sh -c '" ADD("22") "; " ADD("80") "'") "stop_command = /bin/bash -c \"" DELETE(
		    "22") " && " DELETE("80") "\"\n",
		MIGRATE_ANY, "[a] open for 10s\n",
		"[a]\nsequence = 9,4\nopen    = 22:tcp,80:tcp\nopen_timeout = 10s\n");
	becomes(DOOR("a", "9,4", "sh -c 'sh -c \"x\"'"), MIGRATE_ANY,
		"[a] stays: its command runs sh, which is no firewall command\n", NULL);
}

static void
sleeps_in_the_command(void **state)
{
	(void)state;
	becomes(DOOR("a", "9,4", ADD("22") "; sleep 30; " DELETE("22")), MIGRATE_ANY, "[a] open for 30s\n",
		"[a]\nsequence = 9,4\nopen    = 22:tcp\nopen_timeout = 30s\n");
	becomes(DOOR("a", "9,4", ADD("22") "; (/bin/sleep 2h; " DELETE("22") ") & # later"), MIGRATE_GRANT,
		"[a] grant for 2h\n", NULL);
	becomes(DOOR("a", "9,4", ADD("22") " && sleep 1m && " DELETE("80")), MIGRATE_ANY,
		"[a] stays: its stop command is not the exact inverse: it leaves open what the start command opens\n",
		NULL);
	becomes(DOOR("a", "9,4", "sleep 30; " DELETE("22")), MIGRATE_ANY,
		"[a] stays: its command sleeps before it begins, or at its end\n", NULL);
	becomes(DOOR("a", "9,4", ADD("22") "; sleep 30"), MIGRATE_ANY,
		"[a] stays: its command sleeps before it begins, or at its end\n", NULL);
	becomes(DOOR("a", "9,4", ADD("22") "; sleep 3; " DELETE("22") "; sleep 3"), MIGRATE_ANY,
		"[a] stays: its command sleeps more than once\n", NULL);
	becomes(DOOR("a", "9,4", ADD("22") "; sleep 3; " DELETE("22")) "stop_command = " DELETE("22") "\n", MIGRATE_ANY,
		"[a] stays: both its command and its stop command end the access\n", NULL);
	becomes(DOOR("a", "9,4", ADD("22")) "stop_command = sleep 3; " DELETE("22") "\n", MIGRATE_ANY,
		"[a] stays: its stop command sleeps\n", NULL);
	becomes(DOOR("a", "9,4", ADD("22") "; (sleep 3; " DELETE("22") ") & " ADD("80")), MIGRATE_ANY,
		"[a] stays: its command runs in the background, with more behind it\n", NULL);
}

#define NFT_ADD(port)   "nft add rule inet filter input ip saddr %IP% tcp dport " port " accept"
#define NFT_DELETE(how) "nft delete rule inet filter input handle " how

/* nft deletes rules by their handles, so commands search them in its list. */
static void
handles_that_are_looked_up(void **state)
{
	static const char *const clear[] = {
		NFT_DELETE("$(nft -a list chain inet filter input | grep \"%IP%\" | grep -o 'handle [0-9]*' | awk "
			   "'{print $2}')"),
		NFT_DELETE("`sudo /usr/sbin/nft -an list table inet filter | awk '/%IP%/ {print $NF}'`"),
	};
	static const char *const unclear[] = {
		NFT_DELETE("$(nft -a list chain inet filter output | grep %IP%)"), /* another chain */
		NFT_DELETE("$(nft -a list chain inet filter input | tail -n 1)"),  /* anybody's rule */
		NFT_DELETE("$(nft list chain inet filter input | grep %IP%)"),     /* has no handles */
		NFT_DELETE("$(nft -a list chain inet filter input | mine %IP%)"),
		NFT_DELETE("$(nft -a list chain inet filter input | grep %IP%); run"),
		NFT_DELETE("$(cat %IP%)"),
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(clear) / sizeof(clear[0]); i++) {
		snprintf(text, sizeof(text), "%s%s\n", DOOR("a", "9,4", NFT_ADD("22")) "stop_command = ", clear[i]);
		becomes(text, MIGRATE_ANY, "[a] grant for 10s\n",
			"[a]\nsequence = 9,4\ngrant   = inet filter a_ok { %IP% timeout 10s }\ngrant_6 =\n");
	}
	for (size_t i = 0; i < sizeof(unclear) / sizeof(unclear[0]); i++) {
		snprintf(text, sizeof(text), "%s%s\n", DOOR("a", "9,4", NFT_ADD("22")) "stop_command = ", unclear[i]);
		becomes(text, MIGRATE_ANY,
			"[a] stays: its stop command uses a variable or the output of another command\n", NULL);
	}
	snprintf(text, sizeof(text), "%s%s\n",
		 DOOR("a", "9,4", NFT_ADD("22")) "[b]\nsequence = 4,9\ncommand = ", clear[0]);
	becomes(text, MIGRATE_ANY, "[a] grant without an end\n[b] revoke\n",
		"[a]\nsequence = 9,4\ngrant   = inet filter a_ok { %IP% }\ngrant_6 =\n"
		"[b]\nsequence = 4,9\nrevoke  = inet filter a_ok { %IP% }\nrevoke_6 =\n");
	becomes(text, MIGRATE_OPEN, "[a] open without an end\n[b] close\n", NULL);
	/* two rules may have the address */
	snprintf(text, sizeof(text), "%s%s\n%s",
		 DOOR("a", "9,4", NFT_ADD("22")) "[b]\nsequence = 4,9\ncommand = ", clear[0],
		 DOOR("c", "9,5", NFT_ADD("80")));
	becomes(text, MIGRATE_ANY,
		"[a] stays: no door that moves closes it, and [b], which stays, may\n"
		"[b] stays: it deletes a rule whose handle it looks up, and which one is not clear\n"
		"[c] stays: no door that moves closes it, and [b], which stays, may\n",
		NULL);
	snprintf(text, sizeof(text), "%s%s\n%s",
		 DOOR("a", "9,4", NFT_ADD("22")) "[b]\nsequence = 4,9\ncommand = ", clear[0],
		 DOOR("c", "9,5", "nft add rule inet filter input ip saddr %IP% log accept"));
	becomes(text, MIGRATE_ANY,
		"[a] stays: no door that moves closes it, and [b], which stays, may\n"
		"[b] stays: it deletes a rule whose handle it looks up, and which one is not clear\n"
		"[c] stays: its command has the word \"log\"\n",
		NULL);
	snprintf(text, sizeof(text), "%s%s\n",
		 DOOR("a", "9,4", NFT_ADD("22") "; " NFT_ADD("80")) "stop_command = ", clear[0]);
	becomes(text, MIGRATE_ANY,
		"[a] stays: it deletes a rule whose handle it looks up, and which one is not clear\n", NULL);
}

#define FOUR(text)      text ";" text ";" text ";" text
#define SCRIPT(program) program " -c '" FOUR(FOUR("x")) ";" FOUR("x;x;x") "'"

/* Each command of a line may be a script of many commands. */
static void
more_commands_than_places(void **state)
{
	(void)state;
	becomes(DOOR("a", "9,4",
		     FOUR(SCRIPT("sh")) ";" SCRIPT("sh")) "command_6 = nft delete rule inet filter input "
							  "handle $(nft -a list chain inet filter input | grep %IP%)\n",
		MIGRATE_ANY, "[a] stays: its command runs x, which is no firewall command\n", NULL);
}

/* What the admin is to type into a shell comes from words that may hold anything. */
static void
words_for_a_shell(void **state)
{
	(void)state;
	needs(DOOR("a", "9,4", "'/opt/my tools/nft' add rule t c ip saddr %IP% accept comment \\\"it\\'s\\\""),
	      MIGRATE_GRANT, "\n  '/opt/my tools/nft' 'add rule t c ip saddr @a_ok accept comment \"it'\\''s\"'\n");
	needs(DOOR("a", "9,4", "nft add rule t c ip saddr %IP% tcp dport 22 accept comment \\\"it\\'s\\\""),
	      MIGRATE_OPEN, "\n  nft 'add rule t c tcp dport 22 accept comment \"it'\\''s\"'\n");
	needs(DOOR("a", "9,4",
		   "firewall-cmd --zone='a; b' --add-rich-rule='rule family=ipv4 source address=%IP% "
		   "port port=22 protocol=tcp accept'"),
	      MIGRATE_OPEN, "\n  firewall-cmd --zone='a; b' --add-port=22/tcp\n");
	needs(DOOR("a", "9,4", "ipset add 'a; b' %IP% timeout 30"), MIGRATE_GRANT, " --match-set 'a; b' src: ");
	reads("nft \"add rule t in'put ip saddr %IP% accept\"",
	      "has the name \"in'put\", which nft does not take: it opens nothing");
	reads("nft add rule 't;x' c ip saddr %IP% accept",
	      "has the name \";\", which nft does not take: it opens nothing");
	reads("nft add rule 't$x' c ip saddr %IP% accept",
	      "has the name \"t$x\", which nft does not take: it opens nothing");
}

#define RICH(action) \
	"firewall-cmd --" action "-rich-rule='rule family=ipv4 source address=%IP% port port=22 protocol=tcp accept'"

static void
reloads_of_firewalld(void **state)
{
	(void)state;
	becomes(DOOR("a", "9,4", RICH("permanent --add") " && firewall-cmd --reload") "stop_command = " RICH(
		    "permanent --remove") " && firewall-cmd --reload\n",
		MIGRATE_ANY, "[a] open for 10s\n", "[a]\nsequence = 9,4\nopen    = 22:tcp\nopen_timeout = 10s\n");
	becomes(DOOR("a", "9,4", RICH("add") "; " RICH("permanent --add")) "stop_command = " RICH("remove") "; " RICH(
		    "permanent --remove") "\n",
		MIGRATE_ANY, "[a] open for 10s\n", NULL);
	becomes(DOOR("a", "9,4", RICH("permanent --add")), MIGRATE_ANY,
		"[a] stays: its command changes only the rules for the next start of firewalld\n", NULL);
	becomes(DOOR("a", "9,4", "firewall-cmd --reload; " RICH("permanent --add")), MIGRATE_ANY,
		"[a] stays: its command changes only the rules for the next start of firewalld\n", NULL);
	becomes(DOOR("a", "9,4", RICH("add") "; firewall-cmd --reload"), MIGRATE_ANY,
		"[a] stays: its command reloads firewalld, which ends what was not opened with --permanent\n", NULL);
	becomes(DOOR("a", "9,4", "firewall-cmd --reload"), MIGRATE_ANY,
		"[a] stays: its command only reloads firewalld\n", NULL);
}

static void
both_families(void **state)
{
	(void)state;
	becomes("[a]\nsequence = 9,4\ncommand = " ADD(
		    "22") "\ncommand_6 = ip6tables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT\n"
			  "stop_command = " DELETE(
			      "22") "\nstop_command_6 = ip6tables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT\n",
		MIGRATE_ANY, "[a] open for 10s\n", "[a]\nsequence = 9,4\nopen    = 22:tcp\nopen_timeout = 10s\n");
	becomes("[a]\nsequence = 9,4\ncommand = ufw allow from %IP% to any port 22 proto tcp\n"
		"stop_command = ufw delete allow from %IP% to any port 22 proto tcp\n",
		MIGRATE_GRANT, "[a] grant for 10s\n",
		"[a]\nsequence = 9,4\ngrant   = inet knock_ok a_ok { %IP% timeout 10s }\n"
		"grant_6 = inet knock_ok a_ok6 { %IP% timeout 10s }\n");
	becomes("[a]\nsequence = 9,4\ncommand = nft add element inet filter ok { %IP% }\ncmd_timeout = 3600\n"
		"stop_command = nft delete element inet filter ok { %IP% }\n",
		MIGRATE_ANY, "[a] grant for 1h\n",
		"[a]\nsequence = 9,4\ngrant   = inet filter ok { %IP% timeout 1h }\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_the_shell),
		cmocka_unit_test(commands_of_iptables),
		cmocka_unit_test(spellings_of_iptables),
		cmocka_unit_test(errors_of_iptables),
		cmocka_unit_test(programs_that_are_none),
		cmocka_unit_test(commands_of_other_tools),
		cmocka_unit_test(layout_stays),
		cmocka_unit_test(doors_that_move_together),
		cmocka_unit_test(ports_of_several_doors),
		cmocka_unit_test(what_open_cannot_do),
		cmocka_unit_test(ends_that_are_not_exact),
		cmocka_unit_test(text_of_a_shell),
		cmocka_unit_test(sleeps_in_the_command),
		cmocka_unit_test(handles_that_are_looked_up),
		cmocka_unit_test(more_commands_than_places),
		cmocka_unit_test(words_for_a_shell),
		cmocka_unit_test(reloads_of_firewalld),
		cmocka_unit_test(both_families),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
