/* The pulse and lease protocol: no group is run by two nodes at once.
 *
 * docs/model/README.md says what each part stands for in the code, why what is
 * left out may be left out, and what each of the WEAK_ variants shows. `make
 * model` checks this file, exhaustively, and each variant.
 *
 * Every step is one atomic action of one node: of its machine, its daemon or its
 * monitor, or one entry that is committed about it. What is sent may be received
 * at any later time or never. Real time is in ticks; nothing but tick() advances
 * it, and no age is counted further than to where it makes no difference. */

#define N 3     /* Nodes. */
#define NOBODY N

#ifndef LIVES /* Incarnations that a node may have, */
#define LIVES 2
#endif
#ifndef STARTS /* and lives of the group's one resource. */
#define STARTS 3
#endif
#ifndef LEASE /* L on the node's own clock, */
#define LEASE 1
#endif
#ifndef DRIFT /* and by how much longer that takes if its clock is slow. */
#define DRIFT 1
#endif

/* The last tick in which a lease that was asked for LEASE ago, by the slowest clock
 * allowed, is valid; and what the age of a lease is counted to. */
#define LAST (LEASE + DRIFT)
#define OVER (LAST + 1)

/* lead.c, propose_deaths(): `now - heard > patience`, on the fastest clock. */
#ifdef WEAK_NO_DRIFT
#define PATIENCE (LEASE + 1)
#else
#define PATIENCE (LEASE + DRIFT + 1)
#endif

/* Of a daemon. FRESH: it has just been started and found its monitor; LOST: the life
 * that it led is over; JOINING: it has asked for a new one. */
#define DEAD 0
#define FRESH 1
#define LOST 2
#define JOINING 3
#define MEMBER 4

/* What a node last asked of the leader: to renew its lease, or to be up. */
#define NOTHING 0
#define RENEWAL 1  /* On its way, or gathered by a leader. */
#define RENEWED 2  /* In the log. */
#define NODE_UP 3
#define BEGUN 4

/* A death that was proposed. */
#define NO_DEATH 0
#define DEATH 1 /* The last renewal that is in the log is the one that it names. */
#define STALE 2 /* A later one has been accepted since. */
#define PAST 3  /* It names an incarnation that is over. */

/* Entries of the log that a node has not applied yet, as far as they concern it. */
#define ACCEPTED 1
#define REFUSED 2
#define DOWN 3
#define UP 4
#define TAKEN 5
#define GIVEN 6 /* + the life that the resource is to begin. */

/* ------------------------------------------------------- what the log says */

byte owner = 0, life = 1; /* Of the group. */
bool up[N] = true;
byte incarnation[N] = 1;
byte heard[N];  /* Age of the last renewal accepted, since it was asked for: see heard_from(). */
#ifdef WEAK_NEW_LEADER
bool untimed;
#endif

/* --------------------------------------------------------------- on its way */

byte asked[N], asked_age[N], asked_for[N];
bool asked_here[N]; /* By the daemon that runs now: it knows when. */
byte death[N];
byte ended[N]; /* A report: this life has ended. */
#ifdef WEAK_OLD_REPORT
byte ended_in[N]; /* The incarnation that says so. */
#endif
#define BEHIND 5
chan log[N] = [BEHIND] of { byte };

/* --------------------------------------------------------- what a node has */

bool frozen[N];       /* The machine. */
byte daemon[N] = MEMBER;
byte member[N] = 1;   /* The incarnation that the daemon leads; 0: none. */
byte mine[N];         /* The life that it should run by its copy of the state; 0: none. */
byte lease_of[N] = 1; /* The monitor's lease, */
byte lease_age[N];    /* since its renewal was asked for. */
byte ordered[N];      /* An order to start that lies in the monitor's socket. */
byte began[N];        /* The last life that the monitor has begun or refused. */
byte runs[N];         /* What runs. */

#ifdef REACH_KEPT
byte time;
#endif

/* ------------------------------------------------------------------- helpers */

#define alive(n) (daemon[n] != DEAD && !frozen[n])
#define really_runs(n) (runs[n] != 0 && !frozen[n])

/* Pulses renew the leases of all nodes; only of a node that has, or has had and may
 * still have, to do with the group does it matter when. */
#define concerned(n) (owner == n || runs[n] != 0 || ordered[n] != 0 || mine[n] != 0 || len(log[n]) > 0)

/* A request to be up may be older than the daemon that runs now, and nodes and
 * daemons may die anywhere. Without that the runs that are shown are easier to read. */
#if defined(WEAK) || defined(REACH)
#define MAY_STRAY(n) (asked_here[n])
#define MAY_DIE(n) (owner == n)
#else
#define MAY_STRAY(n) true
#define MAY_DIE(n) true
#endif

#define life_of(n) (daemon[n] == MEMBER -> member[n] : (daemon[n] == FRESH -> lease_of[n] : 0))

inline check_overlap()
{
    assert(really_runs(0) + really_runs(1) + really_runs(2) <= 1);
}

inline clear_asked(n)
{
    asked[n] = NOTHING;
    asked_age[n] = 0;
    asked_for[n] = 0;
    asked_here[n] = false
}

/* What the log refuses whenever it comes is as good as lost, and an age that nobody
 * will look at is none. The weak variants, which do not refuse it, keep it. */
inline drop_dead(n)
{
    if
    :: !up[n] -> heard[n] = 0
    :: else
    fi;
#ifndef WEAK_UNORDERED
    if
    :: death[n] == STALE -> death[n] = NO_DEATH
    :: else
    fi;
#endif
#ifndef WEAK_OLD_DEATH
    if
    :: !up[n] -> death[n] = NO_DEATH
    :: else
    fi;
#endif
#ifndef WEAK_OLD_REPORT
    if
    :: !up[n] || owner != n || life != ended[n] -> ended[n] = 0
    :: else
    fi;
#endif
#ifndef WEAK_REFUSED
    if
    :: asked[n] == RENEWAL && (!up[n] || incarnation[n] != asked_for[n]) -> clear_asked(n)
    :: else
    fi;
#endif
    if
    :: !asked_here[n] -> asked_age[n] = 0
    :: else
    fi;
    if
    :: began[n] != mine[n] && ordered[n] == 0 && (owner != n || life != began[n]) -> began[n] = 0
    :: else
    fi;
    if /* The lease of a life that is over, and of which nothing is left. */
    :: (daemon[n] == LOST || daemon[n] == JOINING) && runs[n] == 0 && ordered[n] == 0 ->
        lease_of[n] = 0; lease_age[n] = OVER
    :: else
    fi
}

/* A node that the group is no concern of has no clocks: it is a member that can do
 * as it likes, or it is down and may come up. */
inline settle(n)
{
    drop_dead(n);
    if
    :: !concerned(n) ->
        heard[n] = 0; asked_age[n] = 0;
        lease_age[n] = OVER;
        began[n] = 0;
        #ifdef WEAK_OLD_DEATH
        death[n] = (up[n] && death[n] != PAST -> NO_DEATH : death[n]);
#else
        death[n] = NO_DEATH;
#endif
        if
        :: up[n] ->
            clear_asked(n);
            daemon[n] = MEMBER; member[n] = incarnation[n]; lease_of[n] = incarnation[n]
        :: else ->
            clear_asked(n);
            daemon[n] = LOST; member[n] = 0; lease_of[n] = 0
        fi
    :: else
    fi
}

inline forget_daemon(n)
{
    member[n] = 0;
    mine[n] = 0;
    asked_here[n] = false;
    do
    :: len(log[n]) > 0 -> log[n]?_
    :: else -> break
    od;
    if
    :: asked[n] == RENEWED || asked[n] == BEGUN -> asked[n] = NOTHING; asked_age[n] = 0; asked_for[n] = 0
    :: else
    fi
}

/* What a daemon that is no member would only pass over is not kept for it: when it
 * goes on with its life, it reads a copy that is up to date. */
inline tell(n, entry)
{
    if
    :: daemon[n] == MEMBER || (daemon[n] != DEAD && (asked[n] == BEGUN || entry <= REFUSED)) ->
#ifdef WEAK
        if
        :: len(log[n]) < BEHIND -> log[n]!entry
        :: len(log[n]) >= BEHIND
        fi
#else
        assert(len(log[n]) < BEHIND); /* So this bound loses nothing. */
        log[n]!entry
#endif
    :: else
    fi
}

/* resources/lease.c, lease_set(): an earlier deadline changes nothing. */
inline extend_lease(n, inc, age)
{
    if
    :: lease_of[n] != inc || age < lease_age[n] -> lease_age[n] = age
    :: else
    fi;
    lease_of[n] = inc
}

/* pulse.c, heard(): counted from when the entry reached the log of whoever leads now, which
 * is after it was asked for; that stands for all later moments. What a daemon asked that is
 * gone gives nobody a lease: for a renewal it counts from the one before, which came
 * earlier, and for a new incarnation, which has no lease yet, from any time. */
inline heard_from(n, at_most)
{
    heard[n] = (asked_here[n] -> asked_age[n] : at_most)
}

inline life_is_over(n)
{
    daemon[n] = LOST;
    member[n] = 0;
    mine[n] = 0
}

inline older(age, most)
{
    if
    :: age < most -> age++
    :: else
    fi
}

/* ------------------------------------------------------------------ real time */

#define in_time(n) (!really_runs(n) || lease_age[n] < LAST)

inline pass(n)
{
    if
    :: concerned(n) ->
        older(heard[n], PATIENCE);
        if
        :: asked_here[n] -> older(asked_age[n], OVER)
        :: else
        fi;
#ifdef WEAK_CLOCK_SLEEPS
        if
        :: !frozen[n] -> older(lease_age[n], OVER)
        :: else
        fi
#else
        older(lease_age[n], OVER)
#endif
    :: else
    fi
}

proctype tick()
{
    do
    :: d_step {
        /* A monitor that is not frozen ends what runs in time. */
        (in_time(0) && in_time(1) && in_time(2)) ->
        printf("        ---- tick\n");
#ifdef WEAK_NEW_LEADER
        untimed = false;
#endif
#ifdef REACH_KEPT
        time = (frozen[0] -> 0 : (time < 3 * PATIENCE -> time + 1 : time));
        assert(!(time == 3 * PATIENCE && runs[0] == 1 && !frozen[0] && up[0] && owner == 0 && life == 1));
#endif
        pass(0); pass(1); pass(2);
    }
    od
}

/* --------------------------------------------------------------------- a node */

/* Of nodes that are alike, the first. */
#define like(m) (!concerned(m) && up[m] && incarnation[m] == incarnation[n])
#define down_like(m) (!concerned(m) && !up[m] && incarnation[m] == incarnation[n])

proctype node(byte n)
{
    byte entry;
    do
    /* ------------------------------------------------ the machine, processes */
    :: d_step { (!frozen[n] && (runs[n] != 0 || ordered[n] != 0)) ->
        printf("n%d: freezes\n", n + 1);
        frozen[n] = true;
#ifdef REACH_KEPT
        time = 0
#endif
        }
    :: d_step { frozen[n] -> /* host.c, host_run(): the deadline before anything else. */
        printf("n%d: thaws\n", n + 1);
        frozen[n] = false;
        if
        :: lease_age[n] >= OVER && runs[n] != 0 ->
            printf("n%d: ENDS life %d first, its lease is over\n", n + 1, runs[n]);
            runs[n] = 0
        :: else
        fi;
        check_overlap();
        settle(n) }
    :: d_step { (concerned(n) && MAY_DIE(n) && (daemon[n] != FRESH || lease_of[n] != 0)) ->
        printf("n%d: loses power\n", n + 1);
        daemon[n] = FRESH; frozen[n] = false; /* One that has not started is one that does nothing yet. */
        forget_daemon(n);
        lease_of[n] = 0; lease_age[n] = OVER; ordered[n] = 0; began[n] = 0; runs[n] = 0;
        settle(n) }
    :: d_step { (alive(n) && concerned(n) && MAY_DIE(n) && daemon[n] != FRESH) ->
        printf("n%d: daemon dies, the monitor lives on\n", n + 1);
        daemon[n] = (ordered[n] != 0 -> DEAD : FRESH);
        forget_daemon(n);
        settle(n) }
    :: d_step { (!frozen[n] && daemon[n] == DEAD) ->
        printf("n%d: daemon starts\n", n + 1);
        daemon[n] = FRESH;
        ordered[n] = 0; /* host.c, attach(): of an older daemon, orders count no more. */
        settle(n) }

    /* --------------------------------------------------- the daemon: pulse.c */
    :: d_step { (alive(n) && concerned(n) && life_of(n) != 0 && asked[n] != RENEWED && asked[n] != BEGUN
                && !(asked[n] == RENEWAL && asked_age[n] == 0 && asked_here[n] && asked_for[n] == life_of(n))) ->
        printf("n%d: asks to renew the lease of incarnation %d\n", n + 1, life_of(n));
        asked[n] = RENEWAL; asked_age[n] = 0; asked_for[n] = life_of(n); asked_here[n] = true;
        settle(n) }
    :: d_step { /* join_read(): the copy is up to date, the life to go on with is alive? */
                (alive(n) && daemon[n] == FRESH && lease_of[n] != 0 && len(log[n]) == 0) ->
        if
        :: up[n] && incarnation[n] == lease_of[n] ->
            printf("n%d: goes on as incarnation %d\n", n + 1, lease_of[n]);
            daemon[n] = MEMBER; member[n] = lease_of[n];
            mine[n] = (owner == n -> life : 0)
        :: else ->
            printf("n%d: learns that incarnation %d is over\n", n + 1, lease_of[n]);
            life_is_over(n)
        fi;
        settle(n) }
    :: d_step { (alive(n) && concerned(n) && incarnation[n] < LIVES
                && ((daemon[n] == FRESH && lease_of[n] == 0)
                    || (daemon[n] == JOINING && asked[n] == NODE_UP && asked_age[n] > 0)
#ifdef WEAK_JOIN_BUSY
                    || (daemon[n] == FRESH)
#endif
                    || (daemon[n] == LOST && runs[n] == 0 && ordered[n] == 0))) ->
        printf("n%d: asks to be up\n", n + 1);
        daemon[n] = JOINING;
        asked[n] = NODE_UP; asked_age[n] = 0; asked_for[n] = 0; asked_here[n] = true }
#ifdef WEAK_REFUSED
    :: d_step { (alive(n) && asked[n] == RENEWED && asked_here[n] && asked_for[n] == life_of(n)) ->
        printf("n%d: hears that its renewal is committed, which it asked for %d ago\n", n + 1, asked_age[n]);
        extend_lease(n, asked_for[n], asked_age[n]);
        asked_here[n] = false }
#endif
    :: d_step { (alive(n) && len(log[n]) > 0) ->
        log[n]?entry;
        if
        :: entry == ACCEPTED || entry == REFUSED ->
            if
            :: entry == ACCEPTED && asked_here[n] && asked_for[n] == life_of(n) ->
                printf("n%d: takes its lease, which it asked for %d ago, as renewed\n", n + 1, asked_age[n]);
#ifdef WEAK_FROM_REPLY
                extend_lease(n, asked_for[n], 0)
#else
                extend_lease(n, asked_for[n], asked_age[n])
#endif
            :: else
            fi;
            clear_asked(n)
        :: entry == DOWN ->
            if
            :: daemon[n] == MEMBER ->
                printf("n%d: applies that it is down\n", n + 1);
                life_is_over(n)
            :: else
            fi
        :: entry == UP ->
            if
            :: daemon[n] == JOINING && asked_here[n] && asked[n] == BEGUN ->
                printf("n%d: applies that it is up, incarnation %d\n", n + 1, incarnation[n]);
                daemon[n] = MEMBER; member[n] = incarnation[n];
                extend_lease(n, incarnation[n], asked_age[n]);
                clear_asked(n)
            :: else ->
                if
                :: daemon[n] == MEMBER -> life_is_over(n)
                :: else
                fi
            fi
        :: entry == TAKEN ->
            mine[n] = 0
        :: else ->
            if
            :: daemon[n] == MEMBER ->
                printf("n%d: applies that it owns the group, life %d\n", n + 1, entry - GIVEN);
                mine[n] = entry - GIVEN
            :: else
            fi
        fi;
        entry = 0;
        settle(n) }

    /* ------------------------------------------- the executor and the monitor */
    :: d_step { (alive(n) && daemon[n] == MEMBER && mine[n] > began[n] && ordered[n] == 0 && runs[n] == 0) ->
        printf("n%d: daemon orders life %d to start\n", n + 1, mine[n]);
        ordered[n] = mine[n] }
    :: d_step { (!frozen[n] && ordered[n] != 0) ->
        began[n] = ordered[n];
        if
#ifdef WEAK_ORDERS_FIRST
        :: true ->
#else
        :: lease_age[n] <= LAST ->
#endif
            printf("n%d: STARTS life %d, its lease is %d old\n", n + 1, ordered[n], lease_age[n]);
            runs[n] = ordered[n]; ordered[n] = 0;
#ifdef REACH_MOVED
            assert(!(n != 0 && daemon[0] == MEMBER && member[0] == 1 && !up[0] && !frozen[0]));
#endif
#ifdef REACH_BACK
            assert(!(n == 0 && incarnation[0] == 2 && member[0] == 2));
#endif
            check_overlap()
        :: else ->
            printf("n%d: refuses to start life %d, its lease is over\n", n + 1, ordered[n]);
            ordered[n] = 0
        fi;
        settle(n) }
    :: d_step { (!frozen[n] && runs[n] != 0) -> /* At the deadline, terminated, or by itself. */
        printf("n%d: ENDS life %d, its lease is %d old\n", n + 1, runs[n], lease_age[n]);
        runs[n] = 0;
        settle(n) }
    :: d_step { (alive(n) && daemon[n] == LOST && ordered[n] != 0) ->
        ordered[n] = 0;
        settle(n) }
    :: d_step { (alive(n) && daemon[n] == MEMBER && mine[n] != 0 && began[n] == mine[n]
                && runs[n] == 0 && ordered[n] == 0 && ended[n] != mine[n]) ->
        printf("n%d: reports that life %d has ended\n", n + 1, mine[n]);
        ended[n] = mine[n];
#ifdef WEAK_OLD_REPORT
        ended_in[n] = member[n];
#endif
        settle(n) }

    /* -------------------------------------------------------- leading: lead.c */
#ifdef WEAK_NEW_LEADER
    :: d_step { !untimed ->
        printf("another node leads\n");
        untimed = true }
#endif
    :: d_step { /* Of `n`, by whoever leads: the last renewal reached its log when it was asked for, or later. */
                (up[n] && concerned(n) && death[n] == NO_DEATH
                && (heard[n] >= PATIENCE
#ifdef WEAK_NEW_LEADER
                    || untimed
#endif
                   )) ->
        printf("leader: proposes that n%d is down, not heard of for %d\n", n + 1, heard[n]);
        death[n] = DEATH }

    /* --------------------------------- what is committed: groupmgr/node.c, report.c */
    :: d_step { (asked[n] == RENEWAL) ->
        if
        :: up[n] && incarnation[n] == asked_for[n] ->
            printf("log: n%d's renewal, accepted\n", n + 1);
            heard_from(n, heard[n]);
            death[n] = (death[n] == DEATH -> STALE : death[n]);
            if
            :: asked_here[n] -> asked[n] = RENEWED; tell(n, ACCEPTED)
            :: else -> clear_asked(n)
            fi
        :: else ->
            printf("log: n%d's renewal, refused\n", n + 1);
            if
            :: asked_here[n] -> asked[n] = RENEWED; tell(n, REFUSED)
            :: else -> clear_asked(n)
            fi
        fi;
        settle(n) }
    :: d_step { (death[n] != NO_DEATH) ->
        if
        :: up[n] && (death[n] == DEATH
#ifdef WEAK_UNORDERED
                     || death[n] == STALE
#endif
#ifdef WEAK_OLD_DEATH
                     || death[n] == PAST
#endif
                    ) ->
            printf("log: n%d is down\n", n + 1);
#ifdef CHECK_DEATHS
            assert(lease_of[n] != incarnation[n] || lease_age[n] >= OVER);
#endif
            up[n] = false;
            tell(n, DOWN)
        :: else ->
            printf("log: that n%d is down, refused\n", n + 1)
        fi;
        death[n] = NO_DEATH;
        settle(n) }
    :: d_step { (asked[n] == NODE_UP && incarnation[n] < LIVES && MAY_STRAY(n)) ->
        incarnation[n]++;
        printf("log: n%d is up, incarnation %d\n", n + 1, incarnation[n]);
        up[n] = true;
        heard_from(n, PATIENCE);
#ifdef WEAK_OLD_DEATH
        death[n] = (death[n] != NO_DEATH -> PAST : NO_DEATH);
#else
        death[n] = NO_DEATH;
#endif
        if
        :: asked_here[n] -> asked[n] = BEGUN
        :: else -> clear_asked(n)
        fi;
        tell(n, UP);
        if
        :: owner == n -> owner = NOBODY /* Then given at once, below, to it or, if it is paused, another. */
        :: else
        fi;
        settle(n) }
    :: d_step { /* The same of a node without the group: what it asks and applies is its own affair. */
                (!up[n] && !concerned(n) && incarnation[n] < LIVES
                 && !(n > 0 && down_like(0)) && !(n > 1 && down_like(1))) ->
        incarnation[n]++;
        printf("log: n%d is up, incarnation %d\n", n + 1, incarnation[n]);
        up[n] = true;
#ifdef WEAK_OLD_DEATH
        death[n] = (death[n] != NO_DEATH -> PAST : NO_DEATH);
#endif
        settle(n) }
    :: d_step { ended[n] != 0 ->
        if
#ifdef WEAK_OLD_REPORT
        :: up[n] && owner == n && (life == ended[n] || ended_in[n] != incarnation[n]) ->
#else
        :: up[n] && owner == n && life == ended[n] ->
#endif
            printf("log: n%d's report that life %d has ended\n", n + 1, ended[n]);
            owner = NOBODY;
            tell(n, TAKEN)
        :: else ->
            printf("log: n%d's report on life %d, which is over\n", n + 1, ended[n])
        fi;
        ended[n] = 0;
        settle(n) }

#define GIVE(age) \
    :: d_step { (up[n] && life < STARTS && (owner == NOBODY || (owner != n && !up[owner])) \
                && (concerned(n) -> age == 0 : !(n > 0 && like(0)) && !(n > 1 && like(1)))) -> \
        life++; \
        if \
        :: !concerned(n) -> \
            printf("log: the group goes to n%d, life %d; n%d's last renewal is %d old\n", n + 1, life, n + 1, age); \
            heard[n] = age; \
            lease_age[n] = (lease_of[n] == incarnation[n] -> age : OVER) \
        :: else -> \
            printf("log: the group goes to n%d, life %d\n", n + 1, life) \
        fi; \
        entry = owner; \
        owner = n; \
        tell(n, GIVEN + life); \
        if \
        :: entry != NOBODY -> settle(entry) \
        :: else \
        fi; \
        entry = 0 }
    GIVE(0)
    GIVE(1)
    GIVE(2)
    GIVE(3)
    od
}

init
{
    d_step {
        mine[0] = 1; began[0] = 1; runs[0] = 1;
        lease_age[1] = OVER; lease_age[2] = OVER
    };
    atomic { run tick(); run node(0); run node(1); run node(2) }
}
