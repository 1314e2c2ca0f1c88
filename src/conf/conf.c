/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/conf.h"

#include "config.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/text.h"
#include "signed/serverkey.h"

static void
free_elements(struct element_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		element_free(&list->at[i]);
	free(list->at);
}

static void
free_door(struct door *door)
{
	free(door->one_time_path);
	free(door->one_time);
	free(door->users);
	for (int f = 0; f < CONF_FAMILIES; f++) {
		free(door->start_command[f]);
		free(door->stop_command[f]);
		for (enum door_kind kind = 0; kind < DOOR_KINDS; kind++)
			free_elements(&door->elements[kind][f]);
	}
}

static void
free_interfaces(struct conf *conf)
{
	for (size_t i = 0; i < conf->n_interfaces; i++)
		free(conf->interfaces[i]);
	free(conf->interfaces);
	free(conf->interface_text);
	conf->interfaces = NULL;
	conf->interface_text = NULL;
	conf->n_interfaces = 0;
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->n_doors; i++)
		free_door(&conf->doors[i]);
	free(conf->doors);
	for (int f = 0; f < CONF_FAMILIES; f++)
		free_elements(&conf->ban[f]);
	free_elements(&conf->ban_except_sets);
	free(conf->ban_except);
	free_interfaces(conf);
	free(conf->log_file);
	free(conf->pid_file);
	free(conf->user);
	free(conf->state_dir);
	free(conf->control_socket);
	free(conf->knock_key);
	free(conf->authorized_keys);
	free(conf->totp_secrets);
	share_conf_free(&conf->share);
	if (conf->server)
		explicit_bzero(conf->server, sizeof(*conf->server));
	free(conf->server);
	free(conf);
}

/* What the kernel does not allow (dev_valid_name() in net/core/dev.c); NULL: nothing. */
static const char *
fault_of_interface(const char *name)
{
	if (!*name || strpbrk(name, "/ \t"))
		return "is not an interface name";
	if (strlen(name) >= IFNAMSIZ)
		return "is not an interface name: one has at most 15 characters; of an alternative name that is "
		       "longer, "
		       "write the interface's own";
	return NULL;
}

static int
add_interface(struct conf *conf, const char *name)
{
	char **list = reallocarray(conf->interfaces, conf->n_interfaces + 1, sizeof(*list));

	if (!list)
		return -1;
	conf->interfaces = list;
	list[conf->n_interfaces] = strdup(name);
	return list[conf->n_interfaces++] ? 0 : -1;
}

int
conf_set_interfaces(struct conf *conf, const char *text, char *err, size_t errlen)
{
	char copy[TEXT_LINE_MAX], *rest = copy, *name;
	const char *fault;
	bool any = false;

	text_copy(copy, sizeof(copy), text);
	free_interfaces(conf);
	conf->interface_text = strdup(text);
	while ((name = strsep(&rest, ","))) {
		name = text_trim(name);
		name[strcspn(name, ":")] = '\0'; /* eth0:1 is a label of an address of eth0 */
		fault = fault_of_interface(name);
		if (fault) {
			snprintf(err, errlen, "\"%s\" %s", name, fault);
			free_interfaces(conf);
			return -1;
		}
		any = any || !strcmp(name, "any") || !strcmp(name, "*");
		if (add_interface(conf, name)) {
			snprintf(err, errlen, "out of memory");
			return -1;
		}
	}
	for (; any && conf->n_interfaces; conf->n_interfaces--)
		free(conf->interfaces[conf->n_interfaces - 1]);
	return 0;
}

const struct element_list *
conf_bans(const struct conf *conf, enum conf_family family)
{
	return &conf->ban[conf->ban[family].given ? family : CONF_V4];
}

bool
conf_can_cut(void)
{
#ifdef HAVE_CONNTRACK
	return true;
#else
	return false;
#endif
}

bool
conf_has_guard(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_doors; i++)
		if (conf->doors[i].open.n)
			return true;
	return false;
}

bool
conf_owns_table(const struct conf *conf)
{
	switch (conf->own_table) {
	case CONF_OWN_GUARD:
		return conf_has_guard(conf) && !conf->unguarded;
	case CONF_OWN_YES:
		return true;
	case CONF_OWN_NO:
		break;
	}
	return false;
}
