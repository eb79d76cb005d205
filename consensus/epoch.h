/* Epochs: lives of a cluster. One ends when a majority is lost for good and an operator
 * lets one node go on without it; whoever is of another epoch is not of this cluster, and
 * no word of his may reach its log: the forced configuration has the index and the term
 * that another entry of the old epoch may have (docs/libraft.md). */
#ifndef HOLDFAST_CONSENSUS_EPOCH_H
#define HOLDFAST_CONSENSUS_EPOCH_H

#include <stdint.h>

enum { EPOCH_FIRST = 1 };

/* Why a peer of epoch `theirs` is refused by a node of epoch `ours`: returns the code, with
 * the reason (static). ERROR_CLUSTER_NODE_NOT_MEMBER if it is the peer whose epoch is over:
 * it is to end for good when it hears this. */
uint32_t epoch_refusal(uint32_t theirs, uint32_t ours, const char **ret_reason);

#endif
