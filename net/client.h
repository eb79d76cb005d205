/* A blocking MessagePack-RPC client: what libclusapi and the command use.
 *
 * No libuv. One call at a time per struct client; a client may be used from
 * any thread, but not from two at once. */
#ifndef HOLDFAST_NET_CLIENT_H
#define HOLDFAST_NET_CLIENT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/value.h"
#include "net/address.h"

struct client;

/* Connect within `timeout_ms`. Returns 0 with a client to close, or
 * ERROR_SERVER_UNAVAILABLE (RPC_S_SERVER_UNAVAILABLE, 1722) and its like; then
 * *ret_why, if not NULL, is a text to free that says what was tried. */
uint32_t client_open(const struct address *address, unsigned timeout_ms, struct client **ret,
                     char **ret_why);
void client_close(struct client *c); /* NULL is fine. */

/* Call and wait for the answer, at most `timeout_ms` (ERROR_TIMEOUT). `params`
 * as in rpc_call(). On 0, *ret_result lives in `a`. On an error that the server
 * sent, *ret_message (in `a`, "" if it sent none) is its text. After a time-out
 * or a broken connection (RPC_S_CALL_FAILED, 1726) the client is unusable and
 * only client_close() is allowed: whether the call took place is unknown, so a
 * changing call is repeated with the same client id and sequence. */
uint32_t client_call(struct client *c, const char *method, const struct bytes *params,
                     unsigned timeout_ms, struct arena *a, const struct value **ret_result,
                     const char **ret_message);

/* A notification from the server, if one is there within `timeout_ms`
 * (ERROR_TIMEOUT): for following events. */
uint32_t client_wait_notification(struct client *c, unsigned timeout_ms, struct arena *a,
                                  const char **ret_method, const struct value **ret_params);
#endif
