/* What a node is told of its lease, since its log waits for its disk: node/pulse.h. */
#include "base/clock.h"
#include "base/value.h"
#include "node/pulse_private.h"

/* What a renewal says of this node's log (enum renewal_flags). In step, a renewal is
 * seen in the log before the next one is sent. Behind is who has not applied for a
 * lease what the present leader told it of: what nobody told may only be slow to come,
 * as after an election. */
uint32_t told_flags(struct pulse *p, uint64_t now)
{
    unsigned patience_ms = p->config.config->timing.pulse_ms * 5 / 2;

    if (consensus_position(p->consensus) >= p->told_position ||
        consensus_term(p->consensus) != p->told_term)
        p->told_since_ms = 0;
    if (p->told_since_ms != 0 && now - p->told_since_ms >= pulse_lease_ms(p))
        return RENEWAL_BEHIND | RENEWAL_TELL;
    return now - p->seen_ms >= patience_ms ? RENEWAL_TELL : 0;
}

void pulse_on_renewed(struct pulse *p, const struct value *params)
{
    uint64_t incarnation, seq, position, sent_ms;

    if (p->consensus == NULL || p->closing ||
        !value_get_uint(params, "incarnation", &incarnation) ||
        !value_get_uint(params, "seq", &seq) || !value_get_uint(params, "position", &position))
        return;
    if (incarnation == 0 || incarnation != pulse_life(p) || !pulse_sent_time(p, seq, &sent_ms))
        return;
    if (position > consensus_position(p->consensus) && p->told_since_ms == 0) {
        p->told_position = position;
        p->told_term = consensus_term(p->consensus);
        p->told_since_ms = clock_boot_ms();
    }
    pulse_extend_lease(p, sent_ms);
}
