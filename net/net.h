/* net/: bytes in, messages out.
 *
 * This room moves MessagePack-RPC frames between processes, over Unix sockets
 * and TCP, and knows nothing of groups, of raft, or of what the messages mean.
 *
 * It promises
 *
 * - that nothing a peer sends can make this process read out of bounds, recurse,
 *   or hold more memory than the limits say: sizes are checked when a header
 *   announces them, before the bytes arrive and before anything is allocated;
 * - that a peer which breaks a rule loses its connection, with one line in the
 *   log, and that all others are served on;
 * - that no call blocks the loop (rpc.h), or that every call has a deadline
 *   (client.h);
 * - that every call is answered exactly once, whatever happens to the
 *   connection, and that handlers may close anything from within;
 * - that no state is global: any number of servers, connections and loops may
 *   live in one process.
 *
 * It does not promise that a call whose connection broke did not happen: who
 * changes something sends it again with the same client id and sequence.
 *
 * In reading order:
 *
 *   msgpack.h   value trees to bytes and back; finding the end of a frame
 *   address.h   `host:port` and `unix:/path`
 *   rpc.h       servers and connections on a libuv loop
 *   client.h    the blocking client, without libuv
 *
 * and inside: rpc_private.h (how rpc_*.c share a connection), client_private.h,
 * socket.h and resolve.h (what both sides need of the system).
 *
 * Whoever uses one of them includes that one; this header is for reading. */
#ifndef HOLDFAST_NET_NET_H
#define HOLDFAST_NET_NET_H

#include "net/address.h"
#include "net/client.h"
#include "net/msgpack.h"
#include "net/rpc.h"

#endif
