/* What a line of a scenario does. */
#ifndef HOLDFAST_TESTS_SCENARIOS_ACT_H
#define HOLDFAST_TESTS_SCENARIOS_ACT_H

#include "tests/scenarios/stage.h"
#include "tests/scenarios/words.h"

/* A command, a fault, or time that passes (docs/testing.md lists them). Wrong
 * words raise the alarm. */
void act(struct stage *s, struct words *w);

/* Does the fact hold? If not, what is true instead goes into `ret_instead`.
 * Wrong words raise the alarm. */
bool fact_holds(struct stage *s, struct words *w, struct bytes *ret_instead);

#endif
