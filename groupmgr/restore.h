/* A cluster read from a tree (snapshot.h): what the readers of its parts share. The tree may
 * say anything: each reader refuses what it could not insert, and cluster_fault() judges
 * the whole. */
#ifndef HOLDFAST_GROUPMGR_RESTORE_H
#define HOLDFAST_GROUPMGR_RESTORE_H

#include "groupmgr/common.h"
#include "groupmgr/rules.h"
#include "groupmgr/snapshot.h"

/* Text of an object that must have it: false without. */
bool text_take(char **field, const char *text);
void why_read(struct field_reader *r, const char *key, struct why *ret);
/* The caller frees *ret. */
unsigned numbers_read(struct field_reader *r, const char *key, unsigned max, uint32_t **ret);

/* Each inserts what `v` says; false if that cannot be. */
bool fence_device_read(struct cluster *c, const struct value *v); /* restore_node.c */
bool node_read(struct cluster *c, const struct value *v);
bool group_read(struct cluster *c, const struct value *v); /* restore_group.c */
bool resource_read(struct cluster *c, const struct value *v);
/* What a resource depends on, once all are there. */
bool providers_read(struct cluster *c, const struct value *v);

#endif
