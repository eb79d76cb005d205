/* The same header under the name that Windows, blind to case, also accepts. */
#include "ClusAPI.h"
