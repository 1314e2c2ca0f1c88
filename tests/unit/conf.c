/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "test.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

#include "conf/conf.h"
#include "conf/parser.h"
#include "lib/text.h"

/* All reports, one line each, by severity. */
struct heard {
	char text[3][16384];
};

static void
hear(void *arg, enum conf_severity severity, const char *text)
{
	char *to = ((struct heard *)arg)->text[severity];
	size_t used = strlen(to);

	if (strstr(text, ": the door does nothing")) /* mistakes.c tests this; doors here have only what they need */
		return;
	snprintf(to + used, 16384 - used, "%s\n", text);
}

static struct conf *
parse(const char *text, struct heard *heard)
{
	struct parser *parser;
	char line[TEXT_LINE_MAX];

	memset(heard, 0, sizeof(*heard));
	parser = parser_begin("x.conf", hear, heard);
	while (*text) {
		size_t len = strcspn(text, "\n");

		memcpy(line, text, len);
		line[len] = '\0';
		parser_line(parser, line);
		text += len + (text[len] == '\n');
	}
	return parser_end(parser);
}

static struct conf *
good(const char *text)
{
	struct heard heard;
	struct conf *conf = parse(text, &heard);

	if (!conf)
		fail_msg("%s", heard.text[CONF_ERROR]);
	assert_string_equal(heard.text[CONF_WARNING], "");
	return conf;
}

static void
bad(const char *text, const char *errors)
{
	struct heard heard;

	if (parse(text, &heard))
		fail_msg("accepted: %s", text);
	assert_string_equal(heard.text[CONF_ERROR], errors);
}

static void
warns(const char *text, const char *warnings)
{
	struct heard heard;
	struct conf *conf = parse(text, &heard);

	assert_non_null(conf);
	assert_string_equal(heard.text[CONF_WARNING], warnings);
	conf_free(conf);
}

static void
an_ordinary_file(void **state)
{
	struct conf *conf = good("# comment\n"
				 "[options]\r\n"
				 "\tUseSyslog\n"
				 "  LogFile = /var/log/knockd.log  \n"
				 "  Interface = eth0, ppp*\n"
				 "  rules = NONE\n"
				 "  nflog_group = 42\n"
				 "  user = nobody\n"
				 "[ open SSH ]\n"
				 "  sequence = 7000, 8000 : udp\n"
				 "  seq_timeout = 5\n"
				 "  TCPFlags = syn,!ACK\n"
				 "  Command = /bin/x -s %IP% a=b # no comment\n"
				 "  grant = inet filter ssh_ok { %IP% timeout 1h }\n"
				 "  grant = inet filter web_ok { %IP% . 443 }\n");
	const struct door *door = &conf->doors[0];

	(void)state;
	assert_true(conf->use_syslog);
	assert_string_equal(conf->log_file, "/var/log/knockd.log");
	assert_int_equal(conf->n_interfaces, 2);
	assert_string_equal(conf->interfaces[1], "ppp*");
	assert_string_equal(conf->interface_text, "eth0, ppp*");
	assert_int_equal(conf->rules, CONF_RULES_NONE);
	assert_int_equal(conf->nflog_group, 42);
	assert_string_equal(conf->user, "nobody");
	assert_int_equal(conf->n_doors, 1);
	assert_string_equal(door->name, " open SSH ");
	assert_int_equal(door->seq.n, 2);
	assert_int_equal(door->seq_timeout, 5);
	assert_int_equal(door->flags_mask, TH_SYN | TH_ACK);
	assert_int_equal(door->flags_value, TH_SYN);
	assert_string_equal(door->start_command[CONF_V4], "/bin/x -s %IP% a=b # no comment");
	assert_int_equal(door_elements(door, DOOR_GRANTS, CONF_V4)->n, 2);
	assert_string_equal(door_elements(door, DOOR_GRANTS, CONF_V4)->at[1].set, "web_ok");
	conf_free(conf);
}

static void
defaults(void **state)
{
	struct conf *conf = good("[a]\nsequence = 1\n");

	(void)state;
	assert_false(conf->use_syslog);
	assert_null(conf->log_file);
	assert_int_equal(conf->n_interfaces, 0);
	assert_int_equal(conf->rules, CONF_RULES_AUTO);
	assert_int_equal(conf->access_log, CONF_ACCESS_COMMAND);
	assert_int_equal(conf->nflog_group, 7777);
	assert_string_equal(conf->user, "knockd");
	assert_int_equal(conf->doors[0].seq_timeout, 25);
	assert_int_equal(conf->doors[0].cmd_timeout, 10);
	assert_int_equal(conf->doors[0].flags_mask, 0);
	assert_int_equal(conf->doors[0].target.family, 0);
	conf_free(conf);
	conf_free(good(""));
	conf = good("[options]\nAccess_Log = Words\n");
	assert_int_equal(conf->access_log, CONF_ACCESS_WORDS);
	conf_free(conf);
	bad("[options]\naccess_log = text\n",
	    "config: line 2: syntax error: Access_Log must be command or words, not \"text\" (x.conf)\n");
}

static void
commands_of_the_other_family(void **state)
{
	struct conf *conf = good("[a]\nsequence=1\ncommand = four\n"
				 "[b]\nsequence=2\ncommand = four\ncommand_6 = six\n"
				 "[c]\nsequence=3\ncommand = four\ncommand_6 =\ngrant = t s { %IP% }\ngrant_6 =\n");

	(void)state;
	assert_string_equal(door_start_command(&conf->doors[0], CONF_V6), "four");
	assert_string_equal(door_start_command(&conf->doors[1], CONF_V6), "six");
	assert_string_equal(door_start_command(&conf->doors[1], CONF_V4), "four");
	assert_string_equal(door_start_command(&conf->doors[2], CONF_V6), "");
	assert_null(door_stop_command(&conf->doors[0], CONF_V4));
	assert_int_equal(door_elements(&conf->doors[2], DOOR_GRANTS, CONF_V4)->n, 1);
	assert_int_equal(door_elements(&conf->doors[2], DOOR_GRANTS, CONF_V6)->n, 0);
	conf_free(conf);
}

static void
errors_name_line_text_and_file(void **state)
{
	(void)state;
	bad("x = 1\n", "config: line 1: all directives must belong to a section (x.conf)\n");
	bad("[]\n", "config: line 1: bad section name (x.conf)\n");
	bad("[a]\nsequence=1\n\nfoo = bar\n", "config: line 4: syntax error: unknown key \"foo\" in [a] (x.conf)\n");
	bad("[a]\nsequence=1\nlogfile = /x\n",
	    "config: line 3: syntax error: \"logfile\" belongs in [options], not in [a] (x.conf)\n");
	bad("[options]\nsequence = 1\n", "config: line 2: syntax error: \"sequence\" belongs in a door's section, "
					 "not in [options] (x.conf)\n");
	bad("[a]\nsequence=1\ntcpflags = syn, ack\n",
	    "config: line 3: unrecognized flag \" ACK\" in [a]: no blanks are allowed between flags (x.conf)\n");
	bad("[a]\nsequence=1\ntcpflags = fin|syn\n",
	    "config: line 3: unrecognized flag \"FIN|SYN\" in [a]: commas separate flags (x.conf)\n");
	bad("[a]\none_time_sequences =\n",
	    "config: line 2: syntax error: one_time_sequences needs a file, in [a] (x.conf)\n");
	bad("[a]\nsequence=1\ntcpflags = sin\n", "config: line 3: unrecognized flag \"SIN\" in [a]: the flags are fin, "
						 "syn, rst, psh, ack and urg (x.conf)\n");
	bad("[a]\nsequence=1\ntcpflags = any\n",
	    "config: line 3: unrecognized flag \"ANY\" in [a]: without this line all flags are accepted (x.conf)\n");
	bad("[a]\nsequence=1\ntcpflags =\n",
	    "config: line 3: unrecognized flag \"\" in [a]: without this line all flags are accepted (x.conf)\n");
	bad("[a]\nsequence = 7000,\n",
	    "config: section a: port \"\" is invalid: a port is a number from 1 to 65535 (line 2 of x.conf)\n");
	bad("[a]\nsequence = -1\n",
	    "config: section a: port -1 is invalid: a port is a number from 1 to 65535 (line 2 of x.conf)\n");
	bad("[a]\nsequence = hello world\n",
	    "config: section a: port hello world is invalid: a port is a number from 1 to 65535 (line 2 of x.conf)\n");
	bad("[a]\nsequence = 70000,1\n",
	    "config: section a: port 70000 is invalid: a port is a number from 1 to 65535 (line 2 of x.conf)\n");
	bad("[a]\n[b]\nsequence=1\n", "error: section 'a' has an empty knock sequence (line 1 of x.conf)\n");
	bad("[a]\nsequence=1\ntarget = gw.example\n", "config: line 3: syntax error: Target must be an IPv4 or IPv6 "
						      "address, not \"gw.example\", in [a] (x.conf)\n");
	bad("[options]\nnflog_group = 70000\n",
	    "config: line 2: syntax error: Nflog_Group must be a number from 0 to 65535, not \"70000\" (x.conf)\n");
	bad("[options]\nmax_grants = 0\nmax_grants = 1000001\n",
	    "config: line 2: syntax error: Max_Grants must be a number from 1 to 1000000, not \"0\" (x.conf)\n"
	    "config: line 3: syntax error: Max_Grants must be a number from 1 to 1000000, not \"1000001\" (x.conf)\n");
	bad("[options]\nmax_attempts = 16777216\n", "config: line 2: syntax error: Max_Attempts must be a number from "
						    "16 to 16777215, not \"16777216\" (x.conf)\n");
	bad("[options]\ninterface = eth0,\n", "config: line 2: \"\" is not an interface name (x.conf)\n");
	bad("[options]\ninterface = averylonginterface\n",
	    "config: line 2: \"averylonginterface\" is not an interface name: one has at most 15 characters; of an "
	    "alternative name that is longer, write the interface's own (x.conf)\n");
}

static void
knocks_that_are_held(void **state)
{
	struct conf *conf = good("[a]\nsequence = 1\n");

	(void)state;
	assert_int_equal(conf->capture, CONF_CAPTURE_NFLOG);
	assert_int_equal(conf->queue_num, 7777);
	assert_int_equal(conf->knock_verdict, CONF_KNOCK_ACCEPT);
	conf_free(conf);
	bad("[options]\ncapture = pcap\n",
	    "config: line 2: syntax error: Capture must be nflog or nfqueue, not \"pcap\" (x.conf)\n");
	bad("[options]\nqueue_num = 65534\n",
	    "config: line 2: syntax error: Queue_Num must be a number from 0 to 65533, not \"65534\" (x.conf)\n");
	bad("[options]\nknock_verdict = reject\n",
	    "config: line 2: syntax error: Knock_Verdict must be drop or accept, not \"reject\" (x.conf)\n");
#ifdef HAVE_NFQUEUE
	conf = good("[options]\ncapture = NFQueue\nqueue_num = 65533\nknock_verdict = Drop\n"
		    "[a]\nsequence = 22\nopen = 23\n");
	assert_int_equal(conf->capture, CONF_CAPTURE_NFQUEUE);
	assert_int_equal(conf->queue_num, 65533);
	assert_int_equal(conf->knock_verdict, CONF_KNOCK_DROP);
	conf_free(conf);
	warns("[options]\ncapture = nfqueue\n[a]\nsequence = 23,22\nopen = 22\n", "");
	warns("[options]\ncapture = nfqueue\nknock_verdict = drop\n[a]\nsequence = 23,22\nopen = 22,23:udp\n",
	      "config: section a: warning: open: 22:tcp is in a sequence, and Knock_Verdict = drop drops every "
	      "packet to it (x.conf)\n");
#else
	bad("[options]\ncapture = nfqueue\n",
	    "config: line 2: Capture = nfqueue: this knockd was built without libnetfilter_queue (x.conf)\n");
#endif
}

static void
a_forgotten_equals_sign_does_not_print_the_secret(void **state)
{
	(void)state;
	bad("[a]\nsequence 7000,8000\n", "config: line 2: syntax error: \"sequence\": no \"=\" in [a] (x.conf)\n");
	bad("[a]\nsequence:7000,8000\n", "config: line 2: syntax error: \"sequence\": no \"=\" in [a] (x.conf)\n");
	bad("[a]\n7000,8000\n", "config: line 2: syntax error: no \"=\" in [a] (x.conf)\n");
	bad("[a]\nsequence 7000,8000 timeout = 5\n",
	    "config: line 2: syntax error: unknown key \"sequence...\" in [a] (x.conf)\n");
	bad("[a]\n7000, 8000 = sequence\n", "config: line 2: syntax error: unknown key in [a] (x.conf)\n");
	bad("[a]\nstart_command_7 = x\nsequence = 1\n",
	    "config: line 2: syntax error: unknown key \"start_command_...\" in [a]: is it Start_Command? (x.conf)\n");
}

static void
a_key_that_is_almost_one(void **state)
{
	static const char *const keys[][2] = {
		{ "stop_command6", "stop_command...\" in [a]: is it Stop_Command_6?" },
		{ "TCP Flags", "TCP...\" in [a]: is it TCPFlags?" },
		{ "seq-timeout", "seq...\" in [a]: is it Seq_Timeout?" },
		{ "Start.Command", "Start...\" in [a]: is it Start_Command?" },
		{ "TCP_Flags", "TCP_Flags\" in [a]: is it TCPFlags?" },
		{ "onetimesequences", "onetimesequences\" in [a]: is it One_Time_Sequences?" },
		{ "Use_Syslog", "Use_Syslog\" in [a]: is it UseSyslog?" },
		{ "Sequences", "Sequences\" in [a]: is it Sequence?" },
		{ "seuqence", "seuqence\" in [a]: is it Sequence?" },
		{ "start_comand", "start_comand\" in [a]: is it Start_Command?" },
		{ "Interfaces", "Interfaces\" in [a]: is it Interface?" },
		{ "usr", "usr\" in [a]" },
		{ "close_command", "close_command\" in [a]" },
		{ "port2", "port...\" in [a]" },
	};
	char text[128], errors[256];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(text, sizeof(text), "[a]\nsequence = 1\n%s = x\n", keys[i][0]);
		snprintf(errors, sizeof(errors), "config: line 3: syntax error: unknown key \"%s (x.conf)\n",
			 keys[i][1]);
		bad(text, errors);
	}
	bad("[options]\nuse syslog\n",
	    "config: line 2: syntax error: \"use\": no \"=\" in [options]: is it UseSyslog? (x.conf)\n");
}

static void
UseSyslog_stands_alone(void **state)
{
	static const char *const lines[] = { "UseSyslog = yes", "usesyslog=", "UseSyslog yes", "UseSyslog # to rsyslog",
					     "UseSyslog;" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "[options]\n%s\n", lines[i]);
		bad(text, "config: line 2: syntax error: UseSyslog takes no value and stands alone in its line, in "
			  "[options] (x.conf)\n");
	}
}

static void
facilities_have_the_names_of_syslog(void **state)
{
	static const struct {
		const char *name;
		int facility;
	} some[] = { { "daemon", LOG_DAEMON }, { "Local3", LOG_LOCAL3 }, { "AUTHPRIV", LOG_AUTHPRIV },
		     { "kern", LOG_KERN },     { "local7", LOG_LOCAL7 }, { "security", LOG_AUTH } };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct conf *conf;

		snprintf(text, sizeof(text), "[options]\nSyslog_Facility = %s\n", some[i].name);
		conf = good(text);
		assert_int_equal(conf->syslog_facility, some[i].facility);
		conf_free(conf);
	}
	bad("[options]\nSyslog_Facility = local8\n",
	    "config: line 2: syntax error: Syslog_Facility: unknown facility \"local8\" (x.conf)\n");
}

/* The lines below a section header that is wrong are checked as if it were right. */
static void
section_headers_that_are_none(void **state)
{
	(void)state;
	bad("[a] # note\nsequence = 1\nfoo = 1\n",
	    "config: line 1: all directives must belong to a section: nothing may follow the ] of [a]: a comment needs "
	    "a "
	    "line of its own (x.conf)\n"
	    "config: line 3: syntax error: unknown key \"foo\" in [a] (x.conf)\n");
	bad("[a]\nsequence = 1\n[b] ; x = y\nsequence = 1\n", "config: line 3: syntax error: nothing may follow the ] "
							      "of [b]: a comment needs a line of its own (x.conf)\n");
	bad("[a] sequence = 1\n",
	    "config: line 1: all directives must belong to a section: nothing may follow the ] of [a] (x.conf)\n");
	bad("[options]\n[a\nsequence = 1\ntarget = x\n",
	    "config: line 2: syntax error: the ] of [a is missing (x.conf)\n"
	    "config: line 4: syntax error: Target must be an IPv4 or IPv6 address, not \"x\", in [a] (x.conf)\n");
	bad("[options # all\nlogfile = /x\n", "config: line 1: all directives must belong to a section: the ] of "
					      "[options is missing (x.conf)\n");
	bad("[sequence = 7000,8000\n", "config: line 1: all directives must belong to a section: the ] of [sequence is "
				       "missing (x.conf)\n");
	bad("[", "config: line 1: all directives must belong to a section: the ] of [ is missing (x.conf)\n");
	bad("[options]\n[a] # see [b]\nsequence = 1\n", "config: line 2: syntax error: nothing may follow the ] of "
							"[a]: a comment needs a line of its own (x.conf)\n");
	bad("[options]\n[a]\xc2\xa0\nsequence = 1\n",
	    "config: line 2: syntax error: nothing may follow the ] of [a]: U+00A0 is not a blank (x.conf)\n");
	bad("[options]\n\xc2\xa0[a]\nsequence = 1\n", "config: line 2: syntax error: U+00A0 is not a blank (x.conf)\n");
	bad("[options]\na]\nsequence = 1\n", "config: line 2: syntax error: the [ of a] is missing (x.conf)\n");
	bad("[a]\nsequence = 1\nx,7000]\n", "config: line 3: syntax error: \"x\": no \"=\" in [a] (x.conf)\n");
	bad("[ ]\nsequence = 1\n", "config: line 1: bad section name (x.conf)\n");
	warns("[[a]]\nsequence = 1\n",
	      "config: line 1: warning: [[a]]: the brackets are part of the door's name (x.conf)\n");
	warns("[ options ]\nsequence = 1\n", "config: line 1: warning: [ options ] is a door: only [options], in lower "
					     "case and without blanks, holds options (x.conf)\n");
}

static void
a_line_without_a_key(void **state)
{
	(void)state;
	bad("[a]\nsequence = 1\n= 7000\n", "config: line 3: syntax error: nothing before the \"=\" in [a] (x.conf)\n");
}

static void
lists_of_interfaces(void **state)
{
	(void)state;
	warns("[options]\ninterface = eth0;eth1\n", "config: line 2: warning: \"eth0;eth1\" is taken literally: commas "
						    "separate interfaces (x.conf)\n");
	bad("[options]\ninterface = eth0 eth1\n", "config: line 2: \"eth0 eth1\" is not an interface name: commas "
						  "separate interfaces (x.conf)\n");
	warns(
	    "[options]\ninterface = \xe2\x80\x98lo\xe2\x80\x99\n",
	    "config: line 2: warning: \"\xe2\x80\x98lo\xe2\x80\x99\" is taken literally: quotes are part of the value "
	    "(x.conf)\n");
}

static void
comments_of_other_programs(void **state)
{
	static const char *const lines[] = { "; comment", "// sequence = 7000", "-- x", "/* x */", ";x = 7000" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "[a]\nsequence = 1\n%s\n", lines[i]);
		bad(text, "config: line 3: syntax error: a comment begins with # (x.conf)\n");
	}
	bad("; comment\n[a]\nsequence = 1\n",
	    "config: line 1: all directives must belong to a section: a comment begins with # (x.conf)\n");
}

static void
no_include(void **state)
{
	static const char *const lines[] = {
		"include /etc/knockd.d/*.conf", "Include = x.conf", "!include x", ".include x",
		"include_dir = /etc/knockd.d",  "includedir /x"
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "[a]\nsequence = 1\n%s\n", lines[i]);
		bad(text, "config: line 3: syntax error: one file cannot include another (x.conf)\n");
	}
	bad("include x\n",
	    "config: line 1: all directives must belong to a section: one file cannot include another (x.conf)\n");
}

/* A byte-order mark is skipped, at the beginning of the file and nowhere else. */
static void
characters_that_only_look_right(void **state)
{
	(void)state;
	conf_free(good("\xef\xbb\xbf[a]\nsequence = 1\n"));
	conf_free(good("\xef\xbb\xbf# comment\n[a]\nsequence = 1\n"));
	conf_free(good("\xef\xbb\xbf\n[a]\nsequence = 1\n"));
	bad("[a]\n\xef\xbb\xbfsequence = 1\n",
	    "config: line 2: syntax error: unknown key in [a]: U+FEFF is not a blank (x.conf)\n");
	bad("[a]\n\xe3\x80\x80sequence = 7000\n",
	    "config: line 2: syntax error: unknown key in [a]: U+3000 is not a blank (x.conf)\n");
	bad("[a]\nsequence\xc2\xa0= 7000\n",
	    "config: line 2: syntax error: unknown key \"sequence...\" in [a]: U+00A0 is not a blank (x.conf)\n");
	bad("[a]\n\xa0sequence = 7000\n",
	    "config: line 2: syntax error: unknown key in [a]: the byte A0 is not UTF-8 (x.conf)\n");
	bad("[a]\n\xd0\xb5nd = 7000\n",
	    "config: line 2: syntax error: unknown key in [a]: not all of its characters are ASCII (x.conf)\n");
	bad("[a]\nsequence\xef\xbc\x9d"
	    "7000\n",
	    "config: line 2: syntax error: \"sequence\": no \"=\" in [a]: U+FF1D is not \"=\" (x.conf)\n");
	bad("[a]\n\xe3\x80\x80UseSyslog\nsequence = 1\n",
	    "config: line 2: syntax error: no \"=\" in [a]: U+3000 is not a blank (x.conf)\n");
	bad("\xc2\xa0[a]\nsequence = 1\n",
	    "config: line 1: all directives must belong to a section: U+00A0 is not a blank (x.conf)\n");
	bad("[a]\nsequence = 7000\xef\xbc\x8c"
	    "8000\n",
	    "config: section a: item 1 in knock sequence is not a port: U+FF0C is not \",\" (line 2 of x.conf)\n");
	bad("[a]\nsequence = 7000,\xc2\xa0"
	    "8000\n",
	    "config: section a: item 2 in knock sequence is not a port: U+00A0 is not a blank (line 2 of x.conf)\n");
	bad("[a]\nsequence = 7000\xe2\x80\x93"
	    "8000\n",
	    "config: section a: item 1 in knock sequence is not a port: U+2013 is not \"-\" (line 2 of x.conf)\n");
	bad("[a]\nsequence = \xef\xbc\x97\xef\xbc\x90\n",
	    "config: section a: item 1 in knock sequence is not a port: not all of its characters are ASCII (line 2 of "
	    "x.conf)\n");
	bad("[a]\nsequence = 1\ntarget = 192.0.2.1\xe2\x80\x8b\n",
	    "config: line 3: syntax error: Target must be an IPv4 or IPv6 address, not \"192.0.2.1\xe2\x80\x8b\", in "
	    "[a]: U+200B is not a blank (x.conf)\n");
	warns("[options]\nlogfile = /x\xc2\xa0\ninterface = eth0\xe3\x80\x80\nuser = me\xc2\xa0\n"
	      "[a]\nsequence = 1\nseq_timeout = 5\xc2\xa0\ncommand = /x\xc2\xa0-s %IP%\n",
	      "config: line 2: warning: \"/x\xc2\xa0\" is taken literally: U+00A0 is not a blank (x.conf)\n"
	      "config: line 3: warning: \"eth0\xe3\x80\x80\" is taken literally: U+3000 is not a blank (x.conf)\n"
	      "config: line 4: warning: \"me\xc2\xa0\" is taken literally: U+00A0 is not a blank (x.conf)\n"
	      "config: line 7: warning: Seq_Timeout: \"\xc2\xa0\" after the number is ignored: U+00A0 is not a blank "
	      "(x.conf)\n"
	      "config: line 8: warning: start_command: U+00A0 is not a blank (x.conf)\n");
	conf_free(good("[options]\nlogfile = /t\xfcr\xef\xbc\x8clog\n"));
	conf_free(good("[t\xc3\xbcr \xe9\x96\x80]\nsequence = 1\ncommand = echo \xe2\x80\x9cin\xe2\x80\x9d\n"));
}

/* The hint is the same for every key. */
static void
values_are_taken_literally(void **state)
{
	static const char note[] = ": a comment needs a line of its own", quotes[] = ": quotes are part of the value";
	static const struct {
		const char *line, *error, *hint;
	} all[] = {
		{ "[a]\nsequence=1\ntcpflags = syn # x", "3: unrecognized flag \"SYN # X\" in [a]", note },
		{ "[a]\nsequence=1\ntcpflags = # x", "3: unrecognized flag \"# X\" in [a]", note },
		{ "[a]\nsequence=1\ntcpflags = syn ; x", "3: unrecognized flag \"SYN ; X\" in [a]", note },
		{ "[a]\nsequence=1\ntcpflags = syn; x", "3: unrecognized flag \"SYN; X\" in [a]", note },
		{ "[a]\nsequence=1\ntcpflags = 'syn'", "3: unrecognized flag \"'SYN'\" in [a]", quotes },
		{ "[a]\nsequence=1\ntarget = ::1 // x",
		  "3: syntax error: Target must be an IPv4 or IPv6 address, not \"::1 // x\", in [a]", note },
		{ "[a]\nsequence=1\ntarget = \"::1\"",
		  "3: syntax error: Target must be an IPv4 or IPv6 address, not \"\"::1\"\", in [a]", quotes },
		{ "[options]\ninterface = eth0  # lan", "2: \"eth0  # lan\" is not an interface name", note },
		{ "[options]\nrules = none # x", "2: syntax error: Rules must be auto or none, not \"none # x\"",
		  note },
		{ "[options]\nrules = 'none'", "2: syntax error: Rules must be auto or none, not \"'none'\"", quotes },
		{ "[options]\nnflog_group = 5 # x",
		  "2: syntax error: Nflog_Group must be a number from 0 to 65535, not \"5 # x\"", note },
		{ "[options]\nban_time = \"5m\"",
		  "2: syntax error: Ban_Time: \"\"5m\"\" is not a timeout (for example 90, 30s, 1h30m, 7d)", quotes },
		{ "[options]\nstate_dir = '/x'", "2: syntax error: State_Dir must be an absolute path, not \"'/x'\"",
		  quotes },
		{ "[a]\nsequence=1\nopen = '22'", "3: syntax error: open: item 1 is not a port, in [a]", quotes },
		{ "[a]\nsequence=1\ngrant = inet f s { %IP% } # x",
		  "3: syntax error: grant: unexpected \"#\" after the }, in [a]", note },
	};
	char text[128], errors[256];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(text, sizeof(text), "%s\n", all[i].line);
		snprintf(errors, sizeof(errors), "config: line %s%s (x.conf)\n", all[i].error, all[i].hint);
		bad(text, errors);
	}
	warns("[options]\ninterface = 'eth0'\n", "config: line 2: warning: Interface: the quotes in 'eth0' count as "
						 "part of the name (x.conf)\n");
	warns("[options]\nlogfile = \"/x\"\npidfile = /x ; y\nuser = 'me'\n",
	      "config: line 2: warning: \"\"/x\"\" is taken literally: quotes are part of the value (x.conf)\n"
	      "config: line 3: warning: \"/x ; y\" is taken literally: a comment needs a line of its own (x.conf)\n"
	      "config: line 4: warning: \"'me'\" is taken literally: quotes are part of the value (x.conf)\n");
	warns("[a]\nsequence = 1\nseq_timeout = '5'\n", "config: line 3: warning: Seq_Timeout: \"'5'\" is not a number "
							"and counts as 0: quotes are part of the value (x.conf)\n");
	warns("[a]\nsequence = 1\ncommand = \"/bin/x -s %IP%\"\ncommand_6 = '/bin/my tool' -s\nstop_command = \"/x\"\n",
	      "config: line 3: warning: start_command: in quotes the whole text is the name of one program (x.conf)\n");
}

/* knockd 0.8 read a number and ignored what follows; ours says what may follow, and never what was there. */
static void
what_may_follow_a_port(void **state)
{
	static const char *const items[][2] = {
		{ "7000 8000", "is not a port: commas separate ports" },
		{ "7000\t8000:udp", "is not a port: commas separate ports" },
		{ "7000;8000", "is not a port: only :tcp or :udp may follow the number" },
		{ "7000/udp", "is not a port: only :tcp or :udp may follow the number" },
		{ "7000udp", "is not a port: only :tcp or :udp may follow the number" },
		{ "7000 udp", "is not a port: only :tcp or :udp may follow the number" },
		{ "7000 (ssh)", "is not a port: only :tcp or :udp may follow the number" },
		{ "x7000", "is not a port: a port is a number from 1 to 65535" },
		{ "7001-7010",
		  "is not a port (ranges are not supported, except as 62000-62999:auth at the end of a sequence)" },
		{ "7000 # a, b", "is not a port: a comment needs a line of its own" },
		{ "7000 ; a", "is not a port: a comment needs a line of its own" },
		{ "'7000", "is not a port: quotes are part of the value" },
	};
	char text[64], errors[256];

	(void)state;
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		bool first = *items[i][0] == '\'';

		snprintf(text, sizeof(text), "[a]\nsequence = %s%s\n", first ? "" : "1,", items[i][0]);
		snprintf(errors, sizeof(errors), "config: section a: item %d in knock sequence %s (line 2 of x.conf)\n",
			 first ? 1 : 2, items[i][1]);
		bad(text, errors);
	}
	bad("[a]\nsequence = 7000:8000\n", "config: section a: unknown protocol in knock sequence, item 1: only tcp or "
					   "udp may follow the colon (line 2 of x.conf)\n");
	bad("[a]\nsequence = 7000:tcp 8000:tcp\n",
	    "config: section a: unknown protocol in knock sequence, item 1: only "
	    "tcp or udp may follow the colon (line 2 of x.conf)\n");
	bad("[a]\nsequence = 7000:udp # a, b\n",
	    "config: section a: unknown protocol in knock sequence: \"udp # a\": a "
	    "comment needs a line of its own (line 2 of x.conf)\n");
	bad("[a]\nsequence = ssh,http\n", "config: section a: port ssh is invalid: a port is a number from 1 to 65535 "
					  "(line 2 of x.conf)\n");
	bad("[a]\nsequence = udp:7000\n",
	    "config: section a: port udp is invalid: a port is a number from 1 to 65535, the "
	    "protocol follows it (line 2 of x.conf)\n");
}

static void
all_errors_are_reported(void **state)
{
	(void)state;
	bad("[a]\nsequence = 0\nfoo = 1\n[b]\nsequence = 1:icmp\n[c]\n",
	    "config: section a: port 0 is invalid: a port is a number from 1 to 65535 (line 2 of x.conf)\n"
	    "config: line 3: syntax error: unknown key \"foo\" in [a] (x.conf)\n"
	    "config: section b: unknown protocol in knock sequence: \"icmp\": only tcp or udp may follow the colon "
	    "(line 5 of x.conf)\n"
	    "error: section 'c' has an empty knock sequence (line 6 of x.conf)\n");
}

static void
values_that_knockd_ignores_are_reported(void **state)
{
	(void)state;
	warns("[a]\nsequence=1\ncommand = x\nstart_command = y\n",
	      "config: line 4: warning: start_command was given before in [a]: this one replaces it (x.conf)\n");
	warns("[a]\nsequence=1\nseq_timeout = 5s\n", "config: line 3: warning: Seq_Timeout: \"s\" after the number is "
						     "ignored: the number is in seconds (x.conf)\n");
	warns("[a]\nsequence=1\nseq_timeout = 5 # s\n",
	      "config: line 3: warning: Seq_Timeout: \" # s\" after the number is "
	      "ignored: a comment needs a line of its own (x.conf)\n");
	warns("[a]\nsequence=1\ntimeout = abc\n",
	      "config: line 3: warning: Seq_Timeout: \"abc\" is not a number and counts as 0 (x.conf)\n");
	warns("[a]\nsequence = 7000,8000 # ssh\n",
	      "config: line 2: warning: the text from # on is ignored: a comment needs a line of its own (x.conf)\n");
	warns("[options]\nlogfile = /x # y\n",
	      "config: line 2: warning: \"/x # y\" is taken literally: a comment needs a line of its own (x.conf)\n");
	warns("[Options]\nsequence=1\n",
	      "config: line 1: warning: [Options] is a door: only [options], in lower case and "
	      "without blanks, holds options (x.conf)\n");
	warns("[options]\ninterface = \"\"\n", "config: line 2: warning: Interface: the quotes in \"\" count as "
					       "part of the name (x.conf)\n");
	warns("[options]\ninterface = eth0\ninterface = eth1\n",
	      "config: line 3: warning: Interface was given before: \"eth1\" is ignored (x.conf)\n");
}

static void
two_doors_of_one_name(void **state)
{
	struct conf *conf = good("[a]\nsequence=1\nUseSyslog\n[options]\n[a]\nsequence=2\n");

	(void)state;
	assert_int_equal(conf->n_doors, 2);
	assert_true(conf->use_syslog);
	conf_free(conf);
}

static void
any_interface(void **state)
{
	struct conf *conf = good("[options]\ninterface = any\n");
	char err[80];

	(void)state;
	assert_int_equal(conf->n_interfaces, 0);
	assert_string_equal(conf->interface_text, "any");
	assert_int_equal(conf_set_interfaces(conf, "wg0", err, sizeof(err)), 0);
	assert_int_equal(conf->n_interfaces, 1);
	assert_int_equal(conf_set_interfaces(conf, "eth0:1", err, sizeof(err)), 0);
	assert_string_equal(conf->interfaces[0], "eth0");
	assert_int_equal(conf_set_interfaces(conf, "wg/0", err, sizeof(err)), -1);
	assert_string_equal(err, "\"wg/0\" is not an interface name");
	conf_free(conf);
}

static void
debug_lines_are_those_of_knockd(void **state)
{
	struct heard heard;
	struct conf *conf = parse("[options]\nusesyslog\nlogfile=/l\npidfile=/p\ninterface=lo\n"
				  "[a]\nsequence=1,2:udp\nseq_timeout=7.9\ntcpflags=syn,!ack\ntarget=192.0.2.1\n"
				  "command=c\ncommand_6=\n",
				  &heard);

	(void)state;
	conf_free(conf);
	assert_string_equal(heard.text[CONF_DEBUG], "config: new section: 'options'\n"
						    "config: usesyslog\n"
						    "config: log file: /l\n"
						    "config: pid file: /p\n"
						    "config: interface: lo\n"
						    "config: new section: 'a'\n"
						    "config: a: sequence: 1:tcp,2:udp\n"
						    "config: a: seq_timeout: 7\n"
						    "config: tcp flag: SYN\n"
						    "config: tcp flag: !ACK\n"
						    "config: a: target: 192.0.2.1\n"
						    "config: a: start_command: c\n"
						    "config: a: start_command_6: \n");
}

static void
elements_are(const struct element_list *list, const char *verb, const char *knocker, const char *expected)
{
	char text[4096] = "", line[1024];
	struct addr ip;

	assert_int_equal(addr_parse(&ip, knocker), 0);
	for (size_t i = 0; i < list->n; i++) {
		element_command(&list->at[i], verb, &ip, NULL, line, sizeof(line));
		strcat(strcat(text, line), "\n");
	}
	assert_string_equal(text, expected);
}

static void
open_is_for_both_families(void **state)
{
	struct conf *conf = good("[a]\nopen_timeout = 1h30m\nopen = 22 , 443:udp\nsequence = 1\n"
				 "grant = inet f s { %IP% }\ngrant_6 =\n"
				 "[b]\nsequence = 2\nclose = 22:TCP\n"
				 "[c]\nsequence = 3\nopen = 80\n");

	(void)state;
	elements_are(&conf->doors[0].elements[DOOR_OPENS][CONF_V4], "add", "192.0.2.1",
		     "nft add element inet knockd open4 '{ 192.0.2.1 . tcp . 22 timeout 1h30m }'\n"
		     "nft add element inet knockd open4 '{ 192.0.2.1 . udp . 443 timeout 1h30m }'\n");
	elements_are(&conf->doors[0].elements[DOOR_OPENS][CONF_V6], "add", "2001:db8::1",
		     "nft add element inet knockd open6 '{ 2001:db8::1 . tcp . 22 timeout 1h30m }'\n"
		     "nft add element inet knockd open6 '{ 2001:db8::1 . udp . 443 timeout 1h30m }'\n");
	assert_int_equal(door_elements(&conf->doors[0], DOOR_GRANTS, CONF_V6)->n, 0);
	assert_int_equal(door_elements(&conf->doors[0], DOOR_GRANTS, CONF_V4)->n, 1);
	elements_are(&conf->doors[1].elements[DOOR_CLOSES][CONF_V6], "delete", "2001:db8::1",
		     "nft delete element inet knockd open6 '{ 2001:db8::1 . tcp . 22 }'\n");
	assert_int_equal(conf->doors[1].elements[DOOR_OPENS][CONF_V4].n, 0);
	assert_int_equal(conf->doors[2].open_timeout_ms, CONF_OPEN_MS_DEFAULT);
	assert_int_equal(conf->guard_policy, CONF_GUARD_DROP);
	conf_free(conf);
}

/* The keys may stand in any order; an element's own timeout wins over Ban_Time. */
static void
bans(void **state)
{
	struct conf *conf =
	    good("[options]\nban_set = inet f banned { %IP% }\nban_set = inet f b2 { %IP% timeout 5m }\n"
		 "ban_time = 1d\nscan_guard = 16\n");

	(void)state;
	elements_are(conf_bans(conf, CONF_V4), "add", "192.0.2.1",
		     "nft add element inet f banned '{ 192.0.2.1 timeout 1d }'\n"
		     "nft add element inet f b2 '{ 192.0.2.1 timeout 5m }'\n");
	assert_ptr_equal(conf_bans(conf, CONF_V6), conf_bans(conf, CONF_V4));
	assert_int_equal(conf->scan_guard, 16);
	conf_free(conf);

	conf = good("[options]\nban_set = inet f b { %IP% }\nban_set_6 =\n");
	elements_are(conf_bans(conf, CONF_V4), "add", "192.0.2.1",
		     "nft add element inet f b '{ 192.0.2.1 timeout 1h }'\n");
	assert_int_equal(conf_bans(conf, CONF_V6)->n, 0);
	assert_int_equal(conf->scan_guard, CONF_SCAN_GUARD_DEFAULT);
	conf_free(conf);

	bad("[options]\nban_set = inet f\nban_time = 0\nscan_guard = 17\n",
	    "config: line 2: syntax error: Ban_Set: the { is missing: expected \"family table set { key }\", in "
	    "[options] (x.conf)\n"
	    "config: line 3: syntax error: Ban_Time: \"0\" is not a timeout (for example 90, 30s, 1h30m, 7d) (x.conf)\n"
	    "config: line 4: syntax error: Scan_Guard must be a number from 0 to 16, not \"17\" (x.conf)\n");
	bad("[options]\nban_set = inet f b { %IP%/4 }\nmax_prefix = 24,64\n",
	    "config: line 2: Ban_Set: %IP%/4 is wider than the /24 that Max_Prefix allows for IPv4, in [options] "
	    "(x.conf)\n");
	warns("[options]\nscan_guard = 0\nban_set = inet f b { %IP% }\n",
	      "config: section options: warning: Ban_Set: with Scan_Guard = 0 knockd detects no scan (x.conf)\n");
}

static void
who_is_not_banned(void **state)
{
	struct conf *conf = good("[options]\nban_set = inet f b { %IP% }\nban_set_6 = inet f n { %IP%/64 }\n"
				 "ban_except = 192.0.2.0/24 , 2001:db8::7\nban_except = 198.51.100.1\n");

	(void)state;
	assert_int_equal(conf->n_ban_except, 3);
	assert_int_equal(conf->ban_except[0].bits, 24);
	assert_int_equal(conf->ban_except[1].bits, 128);
	assert_int_equal(conf->ban_except_sets.n, 0);
	conf_free(conf);
	conf = good("[options]\nban_except = inet filter friends,10.0.0.1,  old friends6\n");
	assert_int_equal(conf->n_ban_except, 1);
	elements_are(&conf->ban_except_sets, "delete", "192.0.2.1",
		     "nft delete element inet filter friends '{ 192.0.2.1 }'\n"
		     "nft delete element ip old friends6 '{ 192.0.2.1 }'\n");
	conf_free(conf);
	bad("[options]\nban_except = 10.0.0.0/33\nban_except =\nban_except = ipx f g\n",
	    "config: line 2: syntax error: Ban_Except: \"10.0.0.0/33\" is not a network, such as 192.0.2.0/24, nor a "
	    "set, "
	    "such as inet filter friends (x.conf)\n"
	    "config: line 3: syntax error: Ban_Except: \"\" is not a network, such as 192.0.2.0/24, nor a set, such as "
	    "inet filter friends (x.conf)\n"
	    "config: line 4: syntax error: Ban_Except: unknown family \"ipx\" (inet, ip, ip6, netdev, bridge, arp), in "
	    "[options] (x.conf)\n");
	bad("[options]\nban_except = 10.0.0.0/8 192.168.0.0/16, fd00::/8 fe80::/10\n",
	    "config: line 2: syntax error: Ban_Except: \"10.0.0.0/8 192.168.0.0/16\" is not a network: commas separate "
	    "networks (x.conf)\n"
	    "config: line 2: syntax error: Ban_Except: \"fd00::/8 fe80::/10\" is not a network: commas separate "
	    "networks (x.conf)\n");
	bad("[options]\nban_except = inet f friends\nban_set = inet f b { %IP%/24 }\n",
	    "config: line 2: Ban_Except: a set cannot be asked about %IP%/24 of Ban_Set: name networks instead "
	    "(x.conf)\n");
}

static void
a_user_has_no_group_beside_its_name(void **state)
{
	static const char *const users[] = { "knockd:knockd", "12:", ":12", "12:knockd", "knockd:12" };
	char text[64], errors[160];

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		snprintf(text, sizeof(text), "[options]\nuser = %s\n", users[i]);
		snprintf(errors, sizeof(errors),
			 "config: line 2: syntax error: User must be a name alone, or the numbers uid:gid, not \"%s\" "
			 "(x.conf)\n",
			 users[i]);
		bad(text, errors);
	}
	conf_free(good("[options]\nuser = 12:13\n"));
	conf_free(good("[options]\nuser = 12\n"));
}

static void
a_target_that_no_host_has(void **state)
{
	static const char *const targets[] = {
		"0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1", "::ffff:0:0"
	};
	char text[64], warnings[200];

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		snprintf(text, sizeof(text), "[a]\nsequence = 1\ntarget = %s\ncommand = x\n", targets[i]);
		snprintf(warnings, sizeof(warnings),
			 "config: line 3: warning: Target: no host has the address %s: without this line the door "
			 "accepts packets to all addresses of this machine, in [a] (x.conf)\n",
			 targets[i]);
		warns(text, warnings);
	}
	warns("[a]\nsequence = 1\ntarget = 127.0.0.1\ncommand = x\n", "");
}

/* Target may stand above or below; only knockers of its family are let in. */
static void
open_with_a_target_is_for_that_address(void **state)
{
	struct conf *conf = good("[options]\nguard_policy = Reject\n"
				 "[a]\nsequence = 1\nopen = 22\ntarget = 192.0.2.80\n"
				 "[b]\nsequence = 2\ntarget = 192.0.2.80\nclose = 22\n"
				 "[c]\nsequence = 3\ntarget = 2001:db8::80\nopen = 53:udp\n");

	(void)state;
	assert_int_equal(conf->guard_policy, CONF_GUARD_REJECT);
	elements_are(&conf->doors[0].elements[DOOR_OPENS][CONF_V4], "add", "192.0.2.1",
		     "nft add element inet knockd open4_target '{ 192.0.2.1 . 192.0.2.80 . tcp . 22 timeout 30s }'\n");
	assert_int_equal(conf->doors[0].elements[DOOR_OPENS][CONF_V6].n, 0);
	elements_are(&conf->doors[1].elements[DOOR_CLOSES][CONF_V4], "delete", "192.0.2.1",
		     "nft delete element inet knockd open4_target '{ 192.0.2.1 . 192.0.2.80 . tcp . 22 }'\n");
	assert_int_equal(conf->doors[2].elements[DOOR_OPENS][CONF_V4].n, 0);
	elements_are(&conf->doors[2].elements[DOOR_OPENS][CONF_V6], "add", "2001:db8::1",
		     "nft add element inet knockd open6_target "
		     "'{ 2001:db8::1 . 2001:db8::80 . udp . 53 timeout 30s }'\n");
	conf_free(conf);
}

static void
errors_of_open(void **state)
{
	(void)state;
	bad("[a]\nsequence = 1\nopen =\n",
	    "config: line 3: syntax error: open needs a port, such as 22:tcp, in [a] (x.conf)\n");
	bad("[a]\nsequence = 1\nclose =\n",
	    "config: line 3: syntax error: close needs a port, such as 22:tcp, in [a] (x.conf)\n");
	bad("[a]\nsequence = 1\nopen = 22-25\n",
	    "config: line 3: syntax error: open: item 1 is not a port (ranges are not supported, except as "
	    "62000-62999:auth at the end of a sequence), in [a] (x.conf)\n");
	bad("[a]\nsequence = 1\nopen = 22:sctp\n",
	    "config: line 3: syntax error: open: unknown protocol: \"sctp\": only tcp or udp may follow the "
	    "colon, in [a] (x.conf)\n");
	bad("[a]\nsequence = 1\nopen = 22\nopen_timeout = 1 hour\n",
	    "config: line 4: syntax error: open_timeout: \"1 hour\" is not a timeout (for example 90, 30s, 1h30m, 7d), "
	    "in [a] (x.conf)\n");
	bad("[options]\nban_time = 213504d\n[a]\nsequence = 1\nopen = 22\nopen_timeout = 18446744073709ms\n",
	    "config: line 2: syntax error: Ban_Time: \"213504d\" is longer than the kernel allows (18446744073708ms) "
	    "(x.conf)\n"
	    "config: line 6: syntax error: open_timeout: \"18446744073709ms\" is longer than the kernel allows "
	    "(18446744073708ms), in [a] (x.conf)\n");
	bad("[options]\nguard_policy = accept\n",
	    "config: line 2: syntax error: Guard_Policy must be drop or reject, not \"accept\" (x.conf)\n");
	bad("[options]\nown_table = auto\n",
	    "config: line 2: syntax error: Own_Table must be yes or no, not \"auto\" (x.conf)\n");
	bad("[options]\nopen = 22\n", "config: line 2: syntax error: \"open\" belongs in a door's section, not in "
				      "[options] (x.conf)\n");
	bad("[a]\nsequence = 1\nopen = 22\n[options]\nrules = none\n",
	    "config: section a: open and close need Rules = auto: with Rules = none knockd does not keep ports shut "
	    "(line 1 of x.conf)\n");
}

static void
codes(void **state)
{
	static const char *const doors[][2] = {
		{ "sequence = 20000:totp",
		  "a code (:totp) needs a port before it, or any scan of its ports would use up "
		  "the tries" },
		{ "sequence = 1,20000:totp\nseq_cooldown = 5",
		  "a code (:totp) and seq_cooldown exclude each other: a code counts once anyway" },
		{ "sequence = 1,20000:totp\none_time_sequences = f\nsequence = 1,20000:totp",
		  "a code (:totp) and one_time_sequences exclude each other" },
		{ "sequence = 1,19950:totp", "a port of its code (:totp) is in the sequence of section b as well" },
		{ "sequence = 1,19901:totp", "a port of its code (:totp) is in the sequence of section b as well" },
		{ "sequence = 1,30000:totp", "a port of its code (:totp) is in the sequence of section c as well" },
		{ "sequence = 1,20000:totp\nbound = yes",
		  "bound and max_time are for signed knocks: its sequence does not end in :auth" },
		{ "sequence = 1\nusers = alice",
		  "users is for signed knocks and codes: its sequence does not end in :auth or :totp" },
	};
	char text[512], errors[512];

	(void)state;
	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
		/* two doors may have the same range: [b], and the last [a] but two */
		snprintf(text, sizeof(text),
			 "[options]\ntotp_secrets = /s\n[a]\n%s\nopen = 22\n%s"
			 "[c]\nsequence = 3,30099\nopen = 22\n",
			 doors[i][0], i >= 3 && i <= 4 ? "[b]\nsequence = 2,20000\nopen = 22\n" : "");
		snprintf(errors, sizeof(errors), "config: section a: %s (line 3 of x.conf)\n", doors[i][1]);
		bad(text, errors);
	}
	bad("[a]\nsequence = 1,20000:totp\nopen = 22\n",
	    "config: section a: a code (:totp) needs Totp_Secrets in [options] (line 1 of x.conf)\n");
	bad("[options]\ntotp_secrets = s\n",
	    "config: line 2: syntax error: Totp_Secrets must be an absolute path (x.conf)\n");
	bad("[options]\ntotp_secrets = /s\n[a]\nsequence = 1,20000:totp\nopen = 22\ntotp_tries = 0\n",
	    "config: line 6: syntax error: totp_tries must be a number from 1 to 1000, not \"0\" (x.conf)\n");
	bad("[a]\nsequence = 1,20000:totp,2\nopen = 22\n",
	    "config: section a: item 2 in knock sequence: nothing may follow a code (:totp) (line 2 of x.conf)\n");
	bad("[a]\nsequence = 1,65500:totp\nopen = 22\n", "config: section a: item 2 in knock sequence: a code (:totp) "
							 "takes 100 ports from this one on, and the last "
							 "is 65535 (line 2 of x.conf)\n");
	conf_free(good("[options]\ntotp_secrets = /s\n[a]\nsequence = 1,20000:totp\nopen = 22\nusers = alice\n"
		       "[b]\nsequence = 2,20000:totp\nopen = 22\ntotp_tries = 1000\n"));
}

static void
warnings_of_open(void **state)
{
	struct heard heard;

	(void)state;
	conf_free(parse("[a]\nsequence = 1\nopen_timeout = 5m\n[b]\nsequence = 2\ntarget = 192.0.2.1\nopen = 22\n"
			"[c]\nsequence = 3\nclose = 22\n[d]\nsequence = 4\ntarget = 192.0.2.1\nclose = 22:udp\n",
			&heard));
	assert_string_equal(heard.text[CONF_ERROR], "");
	assert_string_equal(heard.text[CONF_WARNING],
			    "config: section a: warning: open_timeout has no effect without open (x.conf)\n"
			    "config: section c: warning: close: no door opens 22:tcp (x.conf)\n"
			    "config: section d: warning: close: no door with this Target opens 22:udp (x.conf)\n");
}

static void
each_port_is_opened_once(void **state)
{
	struct heard heard;
	struct conf *conf =
	    parse("[a]\nsequence = 1,1,1\nopen = 22,22,22:udp,22:tcp\nclose = 22:udp, 22:udp\n", &heard);

	(void)state;
	assert_string_equal(heard.text[CONF_WARNING],
			    "config: line 3: warning: open: 22:tcp is given more than once, in [a] (x.conf)\n"
			    "config: line 3: warning: open: 22:tcp is given more than once, in [a] (x.conf)\n"
			    "config: line 4: warning: close: 22:udp is given more than once, in [a] (x.conf)\n");
	assert_non_null(conf);
	assert_int_equal(conf->doors[0].seq.n, 3);
	assert_int_equal(conf->doors[0].open.n, 2);
	assert_int_equal(conf->doors[0].elements[DOOR_OPENS][CONF_V4].n, 2);
	assert_int_equal(conf->doors[0].close.n, 1);
	conf_free(conf);
}

static void
no_prefix_is_wider_than_allowed(void **state)
{
	struct conf *conf =
	    good("[a]\nsequence = 1\ngrant = inet f s { %IP%/16 . 22 }\ngrant_6 = inet f s6 { %IP%/48 }\n"
		 "[b]\nsequence = 2\ngrant = inet f s6 { %IP%/64 }\nrevoke = inet f s { %IP%/8 }\n");

	(void)state;
	assert_int_equal(conf->doors[1].max_prefix[CONF_V4], 16);
	assert_int_equal(conf->doors[1].max_prefix[CONF_V6], 48);
	conf_free(conf);
	bad("[a]\nsequence = 1\ngrant = inet f s { %IP%/15 }\ngrant_6 = inet f s6 { 10.0.0.0/8 . %IP%/47 }\n"
	    "[b]\nsequence = 2\ngrant = inet f s { %IP%/33 }\ngrant = inet f s { %IP%-10.0.0.9 }\n",
	    "config: line 3: grant: %IP%/15 is wider than the /16 that Max_Prefix allows for IPv4, in [a] (x.conf)\n"
	    "config: line 4: grant_6: %IP%/47 is wider than the /48 that Max_Prefix allows for IPv6, in [a] (x.conf)\n"
	    "config: line 7: grant: %IP%/33 is wider than the /48 that Max_Prefix allows for IPv6, in [b] (x.conf)\n"
	    "config: line 8: syntax error: grant: only a prefix may follow %IP%, such as %IP%/24, in [b] "
	    "(x.conf)\n");
}

/* It may stand above or below the doors. */
static void
max_prefix_is_for_all_doors(void **state)
{
	struct conf *conf = good("[a]\nsequence = 1\ngrant = inet f s { %IP%/0 }\n[options]\nmax_prefix = 0 , 128\n");

	(void)state;
	assert_int_equal(conf->doors[0].max_prefix[CONF_V4], 0);
	assert_int_equal(conf->doors[0].max_prefix[CONF_V6], 128);
	conf_free(conf);
	bad("[a]\nsequence = 1\ngrant = inet f s { %IP%/24 }\n[options]\nmax_prefix = 25,64\n",
	    "config: line 3: grant: %IP%/24 is wider than the /25 that Max_Prefix allows for IPv4, in [a] (x.conf)\n");
	for (size_t i = 0; i < 7; i++) {
		static const char *const wrong[] = { "", "24", "24,", "24,64,1", "33,64", "24,129", "-1,64" };
		char text[64];

		snprintf(text, sizeof(text), "[options]\nmax_prefix = %s\n", wrong[i]);
		bad(text, "config: line 2: syntax error: Max_Prefix needs two numbers, for IPv4 from 0 to 32 and for "
			  "IPv6 from "
			  "0 to 128, such as 24,64 (x.conf)\n");
	}
}

/* ---- many gateways -------------------------------------------------------------------------------- */

#ifdef HAVE_HIREDIS

static void
gateways_share(void **state)
{
	struct conf *conf = good("[options]\nShare = redis://10.0.0.5\nShare_Name = edge\nShare_Key = /k\n"
				 "Share_Login = /l\nShare_Wait = 300ms\nShare_Down = open\nShare_Bans = yes\n"
				 "Share_Replicas = 1\n[a]\nsequence = 7000\nshare = claim\n[b]\nsequence = 8000\n"
				 "share = no\n[c]\nsequence = 9000\n");
	const struct share_conf *share = &conf->share;

	(void)state;
	assert_int_equal(share->engine, SHARE_TCP);
	assert_string_equal(share->name, "edge");
	assert_string_equal(share->key_path, "/k");
	assert_string_equal(share->login_path, "/l");
	assert_int_equal(share->wait_ms, 300);
	assert_int_equal(share->down, SHARE_DOWN_OPEN);
	assert_true(share->bans);
	assert_int_equal(share->replicas, 1);
	assert_int_equal(conf->doors[0].share, SHARE_CLAIM);
	assert_int_equal(conf->doors[1].share, SHARE_LOCAL);
	assert_int_equal(conf->doors[2].share, SHARE_GRANTS);
	conf_free(conf);
}

static void
sharing_by_default(void **state)
{
	struct conf *conf = good("[options]\nShare = unix:/run/x\nShare_Key = /k\n[a]\nsequence = 7000\n");

	(void)state;
	assert_string_equal(conf->share.name, SHARE_NAME_DEFAULT);
	assert_int_equal(conf->share.wait_ms, SHARE_WAIT_MS_DEFAULT);
	assert_int_equal(conf->share.down, SHARE_DOWN_CLOSED);
	conf_free(conf);
}

static void
bad_sharing(void **state)
{
	(void)state;
	bad("[options]\nShare = redis://a\n[a]\nsequence = 7000\n",
	    "config: section options: Share needs Share_Key, which knockd --share-keygen makes (line 2 of x.conf)\n");
	bad("[options]\nShare = redis://u:p@a\n", "config: line 2: syntax error: Share: a password does not belong "
						  "here, but in the file Share_Login (x.conf)\n");
	bad("[options]\nShare_Name = a b\n",
	    "config: line 2: syntax error: Share_Name must be a word of letters, digits and -_., at most 64 bytes, not "
	    "\"a b\" (x.conf)\n");
	bad("[options]\nShare_Wait = 11s\n",
	    "config: line 2: syntax error: Share_Wait must be from 1ms to 10s, not \"11s\" (x.conf)\n");
	bad("[options]\nShare_Down = maybe\n",
	    "config: line 2: syntax error: Share_Down must be closed or open, not \"maybe\" (x.conf)\n");
	bad("[options]\nShare_Key = k\n",
	    "config: line 2: syntax error: Share_Key must be an absolute path (x.conf)\n");
	bad("[options]\nShare_Login = knockd PASSWORD\n", /* a secret in the wrong place reaches no message */
	    "config: line 2: syntax error: Share_Login must be an absolute path (x.conf)\n");
	bad("[a]\nsequence = 7000\nshare = all\n",
	    "config: line 3: syntax error: share must be grants, claim or no, not \"all\", in [a] (x.conf)\n");
	warns("[a]\nsequence = 7000\nshare = claim\n",
	      "config: section a: warning: share = claim has no effect without Share in [options] (x.conf)\n");
	bad("[options]\nShare = redis://a\nShare_Key = /k\nShare_Cert = /c\n[a]\nsequence = 7000\n",
	    "config: section options: Share_Cert and Share_Cert_Key need each other (line 4 of x.conf)\n");
	bad("[options]\nShare_CA = ca.pem\n",
	    "config: line 2: syntax error: Share_CA must be an absolute path (x.conf)\n");
	warns("[options]\nShare = redis://a\nShare_Key = /k\nShare_CA = /ca\n[a]\nsequence = 7000\n",
	      "config: section options: warning: Share_CA and Share_Cert have no effect without rediss:// or "
	      "rediss-sentinel:// in Share (x.conf)\n");
	warns("[options]\nShare_CA = /ca\n[a]\nsequence = 7000\n",
	      "config: section options: warning: Share_CA has no effect without Share (x.conf)\n");
	warns("[options]\nShare_Down = closed\nShare_Bans = no\n[a]\nsequence = 7000\n"
	      "[options]\nShare_Name = main\nShare_Wait = 250ms\n",
	      "config: section options: warning: Share_Name has no effect without Share (x.conf)\n"
	      "config: section options: warning: Share_Wait has no effect without Share (x.conf)\n"
	      "config: section options: warning: Share_Down has no effect without Share (x.conf)\n"
	      "config: section options: warning: Share_Bans has no effect without Share (x.conf)\n");
	bad("[options]\nShare = nonsense\nShare_Wait = 1s\n",
	    "config: line 2: syntax error: Share: it is not redis://HOST, rediss://HOST, unix:PATH, "
	    "sentinel://HOST,.../NAME or rediss-sentinel://HOST,.../NAME (x.conf)\n");
}

/* Gateways tell each other the name of a door and nothing else of it. */
static void
shared_doors_of_one_name(void **state)
{
#define SHARES "[options]\nShare = redis://a\nShare_Key = /k\n"

	(void)state;
	bad(SHARES "[b]\nsequence = 9\n[a]\nsequence = 7000\n[b]\nsequence = 7001\nshare = no\n",
	    "config: section b: gateways that share cannot tell it from the section of this name in line 4: it needs "
	    "another name (line 8 of x.conf)\n");
	warns(SHARES "[b]\nsequence = 9\n[a]\nsequence = 7000\n[B]\nsequence = 7001\n", "");
	warns(SHARES "[b]\nsequence = 9\nshare = no\n[b]\nsequence = 7001\nshare = no\n", "");
	warns("[b]\nsequence = 9\n[b]\nsequence = 7001\n", "");
#undef SHARES
}

#else

static void
sharing_needs_libraries(void **state)
{
	struct heard heard;

	(void)state;
	assert_null(parse("[options]\nShare = redis://a\nShare_Key = /k\n", &heard));
	assert_non_null(strstr(heard.text[CONF_ERROR], "Share: this knockd was built without "));
}

#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef HAVE_HIREDIS
		cmocka_unit_test(gateways_share),
		cmocka_unit_test(sharing_by_default),
		cmocka_unit_test(bad_sharing),
		cmocka_unit_test(shared_doors_of_one_name),
#else
		cmocka_unit_test(sharing_needs_libraries),
#endif
		cmocka_unit_test(an_ordinary_file),
		cmocka_unit_test(defaults),
		cmocka_unit_test(commands_of_the_other_family),
		cmocka_unit_test(errors_name_line_text_and_file),
		cmocka_unit_test(knocks_that_are_held),
		cmocka_unit_test(a_forgotten_equals_sign_does_not_print_the_secret),
		cmocka_unit_test(a_key_that_is_almost_one),
		cmocka_unit_test(UseSyslog_stands_alone),
		cmocka_unit_test(facilities_have_the_names_of_syslog),
		cmocka_unit_test(section_headers_that_are_none),
		cmocka_unit_test(a_line_without_a_key),
		cmocka_unit_test(lists_of_interfaces),
		cmocka_unit_test(comments_of_other_programs),
		cmocka_unit_test(no_include),
		cmocka_unit_test(characters_that_only_look_right),
		cmocka_unit_test(values_are_taken_literally),
		cmocka_unit_test(what_may_follow_a_port),
		cmocka_unit_test(all_errors_are_reported),
		cmocka_unit_test(values_that_knockd_ignores_are_reported),
		cmocka_unit_test(two_doors_of_one_name),
		cmocka_unit_test(any_interface),
		cmocka_unit_test(debug_lines_are_those_of_knockd),
		cmocka_unit_test(bans),
		cmocka_unit_test(who_is_not_banned),
		cmocka_unit_test(open_is_for_both_families),
		cmocka_unit_test(open_with_a_target_is_for_that_address),
		cmocka_unit_test(errors_of_open),
		cmocka_unit_test(codes),
		cmocka_unit_test(warnings_of_open),
		cmocka_unit_test(each_port_is_opened_once),
		cmocka_unit_test(a_user_has_no_group_beside_its_name),
		cmocka_unit_test(a_target_that_no_host_has),
		cmocka_unit_test(no_prefix_is_wider_than_allowed),
		cmocka_unit_test(max_prefix_is_for_all_doors),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
